"""What a provider has signed: ID tokens and logout tokens, read only after every check."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, Key
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from adapters.identity.issuers import ALGORITHMS, Issuers
from core.identity.means import LogoutWord, NotProven
from ports.errors import ContractBroken
from ports.wild import Wild

LEEWAY = 60
"""Seconds by which the provider's clock and ours may differ."""
FRESH = 300
"""Seconds since the provider asked the person, where it was told to ask anew."""
LONGEST = 255
"""Characters of a subject (OpenID Connect Core 1.0, section 2), and of a session or token id."""

_ENDED = "http://schemas.openid.net/event/backchannel-logout"
_REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
_REGISTRY.max_header_length = 8192  # some carry their certificates


def read_id_token(
    token: str,
    issuers: Issuers,
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str | None,
    now: datetime,
) -> Mapping[str, Any]:
    """Its claims (OpenID Connect Core 1.0, section 3.1.3.7), or NotProven.

    An unknown key asks the issuer again; so does nothing else.
    """
    header, claims = _signed(token, issuers, issuer)
    if header.get("typ", "JWT").upper() not in {"JWT", "APPLICATION/JWT"}:
        raise NotProven("this is some other token, not an ID token")
    _check(claims, "sub", issuer=issuer, client_id=client_id, now=now)
    _check_party(claims, client_id)
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise NotProven("the nonce is missing or belongs to another sign-in")
    if "at_hash" in claims:
        _check_hash(claims["at_hash"], access_token, header["alg"])
    _short(claims, "sub")
    return claims


def read_logout_token(
    token: str, issuers: Issuers, *, issuer: str, client_id: str, now: datetime
) -> LogoutWord:
    """Whose sessions are over (OpenID Connect Back-Channel Logout 1.0, section 2.6), or
    NotProven."""
    header, claims = _signed(token, issuers, issuer)
    if header.get("typ", "JWT").lower() not in {"jwt", "logout+jwt"}:
        raise NotProven("this is some other token, not a logout token")
    _check(claims, "jti", issuer=issuer, client_id=client_id, now=now)
    events = claims.get("events")
    event = events.get(_ENDED) if isinstance(events, dict) else None
    if "nonce" in claims or not isinstance(event, dict):
        raise NotProven("this is some other token, not a logout token")
    subject, session = _short(claims, "sub"), _short(claims, "sid")
    if subject is None and session is None:
        raise NotProven("the logout token names nobody")
    until = datetime.fromtimestamp(claims["exp"], UTC) + timedelta(seconds=LEEWAY)
    return LogoutWord(_short(claims, "jti") or "", until, subject, session)


def _signed(token: str, issuers: Issuers, issuer: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of what one of the issuer's keys has signed."""

    def key(signed: GuestProtocol) -> Key:
        header = signed.headers()
        return issuers.key(issuer, header.get("kid"), header["alg"])

    try:
        found = jwt.decode(token, key, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise NotProven(f"the token does not hold: {type(error).__name__}") from None
    return found.header, found.claims


def check_fresh(claims: Mapping[str, Any], now: datetime) -> None:
    """NotProven unless the person was asked just now (Core 1.0, sections 2 and 3.1.2.1)."""
    asked = claims.get("auth_time")
    if isinstance(asked, bool) or not isinstance(asked, int | float):
        raise NotProven("it does not say when it asked the person")
    if not -LEEWAY <= now.timestamp() - asked <= FRESH:
        raise NotProven("it did not ask the person anew")


def _check(
    claims: dict[str, Any], named: str, *, issuer: str, client_id: str, now: datetime
) -> None:
    options: dict[str, Any] = {name: {"essential": True} for name in ("exp", "iat", named)}
    options["iss"] = {"essential": True, "value": issuer}
    options["aud"] = {"essential": True, "value": client_id}
    expected = JWTClaimsRegistry(int(now.timestamp()), LEEWAY, **options)
    try:
        expected.validate(claims)
        datetime.fromtimestamp(claims["exp"], UTC)
    except (JoseError, ValueError, OverflowError, OSError) as error:
        raise NotProven(f"the token does not hold: {error}") from None


def _check_party(claims: Mapping[str, Any], client_id: str) -> None:
    """A token for several audiences says for whom it was made."""
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise NotProven("the token was made for another party")


def _check_hash(given: Any, access_token: str | None, algorithm: str) -> None:
    """The left half of the access token's hash, by the hash of the signature's algorithm."""
    kind = "sha512" if algorithm == "Ed25519" else f"sha{algorithm[2:]}"
    whole = hashlib.new(kind, (access_token or "").encode()).digest()
    half = urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), half):
        raise NotProven("the access token is not the one that was signed")


def _short(claims: Mapping[str, Any], name: str) -> str | None:
    try:
        text = Wild(claims)[name].text_or(None)
    except ContractBroken:
        raise NotProven(f"{name} is not text") from None
    if text is not None and len(text) > LONGEST:
        raise NotProven(f"{name} is too long")
    return text
