"""What OpenID providers publish of themselves: their configuration and their keys."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet, RSAKey

from adapters.identity.provider_address import checked
from adapters.vault.shelf import Shelf
from core.identity.means import NotProven
from core.shared.errors import Unavailable
from ports.errors import ContractBroken, Rejected, VendorError
from ports.http import Request, Response, Transport
from ports.wild import Wild

ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"}
)
"""Signatures that only the provider can make: never `none`, never a shared secret's HMAC."""
LARGEST_ANSWER = 1024 * 1024
"""Bytes that a provider's answer may have; the composition root gives it to the transports."""
KEPT_SECONDS = 600.0
"""A key that the provider takes back is not believed for longer."""
AGAIN_SECONDS = 1.0
"""A key we do not know makes us ask once more, at most this often an issuer."""
PATIENCE = 8.0
_ISSUERS = 500
_TYPES = frozenset({"RSA", "EC", "OKP"})
_RSA_BITS = 2048

Transports = Callable[[frozenset[str]], Transport]
"""A way out to these hosts alone."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """OpenID Connect Discovery 1.0, as far as we need it. Every address was looked at."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str | None
    end_session: str | None
    names_itself: bool
    """It puts `iss` into its answers (RFC 9207)."""
    client_auth: tuple[str, ...]


@dataclass(slots=True)
class _Known:
    configuration: Configuration
    keys: KeySet
    asked_at: float
    lock: threading.Lock = field(default_factory=threading.Lock)


class Issuers:
    """Asked when first needed, then known for ten minutes. Safe to share between threads."""

    def __init__(
        self,
        transports: Transports,
        *,
        allow_loopback: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transports = transports
        self._allow_loopback = allow_loopback
        self._monotonic = monotonic
        self._known: Shelf[str, _Known] = Shelf(_ISSUERS, KEPT_SECONDS, monotonic)

    def configuration(self, issuer: str) -> Configuration:
        """NotProven for an issuer that contradicts itself, Unavailable for one that is silent."""
        return self._get(issuer).configuration

    def key(self, issuer: str, kid: str | None, algorithm: str) -> Key:
        """The published key of that name. An unknown name may mean that the keys were changed: the
        issuer is asked again, but not for every forger's whim."""
        known = self._get(issuer)
        seen = known.keys
        found = _pick(seen, kid, algorithm)
        if found is None:
            with known.lock:
                now = self._monotonic()
                if known.keys is seen and now - known.asked_at >= AGAIN_SECONDS:
                    known.asked_at = now
                    known.keys = self._keys(known.configuration.keys)
            found = _pick(known.keys, kid, algorithm)
        if found is None:
            raise NotProven("signed by a key that the provider does not publish")
        return found

    def send(self, request: Request) -> Response:
        """Ask a provider, at an address of its configuration."""
        host = urlsplit(request.url).hostname or ""
        try:
            answer = self._transports(frozenset({host})).send(request)
        except Rejected as error:
            raise NotProven(str(error)) from None
        except VendorError:
            raise Unavailable(f"the identity provider {host} does not answer") from None
        if answer.status >= 500 or answer.status == 429:
            raise Unavailable(f"the identity provider {host} answers {answer.status}")
        return answer

    def read(self, url: str, **headers: str) -> Wild:
        """The JSON object there."""
        headers = {"accept": "application/json", **headers}
        answer = self.send(Request("GET", url, headers, timeout=PATIENCE))
        if answer.status != 200:
            raise NotProven(f"{urlsplit(url).hostname} answers {answer.status}")
        try:
            found = answer.json()
            found.keys()
        except ContractBroken as error:
            raise NotProven(str(error)) from None
        return found

    def _get(self, issuer: str) -> _Known:
        known = self._known.get(issuer)
        if known is None:
            configuration = self._configuration(issuer)
            known = _Known(configuration, self._keys(configuration.keys), self._monotonic())
            self._known.put(issuer, known)
        return known

    def _configuration(self, issuer: str) -> Configuration:
        self._address(issuer)
        found = self.read(issuer.rstrip("/") + "/.well-known/openid-configuration")
        try:
            if found["issuer"].text() != issuer:
                raise NotProven("its configuration names another issuer")
            algorithms = found["id_token_signing_alg_values_supported"].each_or_none()
            if ALGORITHMS.isdisjoint(a.text() for a in algorithms):
                raise NotProven("it signs by no algorithm that we accept")
            supported = found["token_endpoint_auth_methods_supported"].each_or_none()
            return Configuration(
                issuer,
                self._address(found["authorization_endpoint"].text()),
                self._address(found["token_endpoint"].text()),
                self._address(found["jwks_uri"].text()),
                self._address_or_none(found["userinfo_endpoint"]),
                self._address_or_none(found["end_session_endpoint"]),
                found["authorization_response_iss_parameter_supported"].raw is True,
                tuple(method.text() for method in supported) or ("client_secret_basic",),
            )
        except ContractBroken as error:
            raise NotProven(f"its configuration does not fit: {error}") from None

    def _address(self, url: str) -> str:
        return checked(url, "an address of the provider's", allow_loopback=self._allow_loopback)

    def _address_or_none(self, found: Wild) -> str | None:
        url = found.text_or(None)
        return self._address(url) if url else None

    def _keys(self, url: str) -> KeySet:
        try:
            found = [_key(each.raw) for each in self.read(url)["keys"].each()]
        except ContractBroken as error:
            raise NotProven(f"its keys do not fit: {error}") from None
        return KeySet([key for key in found if key is not None])


def _key(raw: Any) -> Key | None:
    """None for a key of a kind we do not use, or that is none: others beside it may be good."""
    if not isinstance(raw, dict) or raw.get("kty") not in _TYPES:
        return None
    try:
        key = JWKRegistry.import_key(raw)
        key.ensure_kid()
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    weak = isinstance(key, RSAKey) and key.raw_value.key_size < _RSA_BITS
    return None if weak else key


def _pick(keys: KeySet, kid: str | None, algorithm: str) -> Key | None:
    try:
        return keys.get_by_kid(kid, {"use": "sig", "alg": algorithm})
    except InvalidKeyIdError:
        return None
