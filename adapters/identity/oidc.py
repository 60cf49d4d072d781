"""Sign-in by OpenID Connect: the code flow with PKCE, and the provider's two ways of logging out.

Which provider answers is proven three times: by the state, which belongs to one connection, by the
address that the answer came to, and by `iss` where the provider sends it (RFC 9207). Without that
a seller's own provider could have another one's code brought to it (RFC 9700, section 4.4).
"""

from __future__ import annotations

import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode

from authlib.common.urls import add_params_to_uri  # type: ignore[import-untyped]
from authlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]
from authlib.oauth2.client import OAuth2Client  # type: ignore[import-untyped]

from adapters.identity.claims import complete, identity
from adapters.identity.id_tokens import check_fresh, read_id_token, read_logout_token
from adapters.identity.issuers import PATIENCE, Configuration, Issuers, Transports
from core.identity.means import Away, LogoutWord, NotProven
from core.identity.sso import Connection, Identity
from ports.errors import ContractBroken
from ports.http import Request, Response

SCOPE = "openid email profile"
_RANDOM = 32
_WAYS = ("client_secret_basic", "client_secret_post")


class OpenIdConnect:
    """core.identity.means.IdentityProviders for every provider that publishes its configuration."""

    def __init__(
        self,
        transports: Transports,
        random: Callable[[int], bytes],
        *,
        allow_loopback: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuers = Issuers(transports, allow_loopback=allow_loopback, monotonic=monotonic)
        self._random = random

    def begin(
        self, connection: Connection, secret: str, state: str, redirect: str, *, fresh: bool = False
    ) -> Away:
        anew = {"prompt": "login", "max_age": "0"} if fresh else {}
        known = self._issuers.configuration(connection.issuer)
        nonce, verifier = self._token(), self._token()
        client = self._client(known, connection, secret, redirect)
        try:
            url, _ = client.create_authorization_url(
                known.authorization, state=state, code_verifier=verifier, nonce=nonce, **anew
            )
        except ValueError:
            raise NotProven("its authorization endpoint is no address") from None
        kept = {"nonce": nonce, "verifier": verifier}
        return Away(url, kept | {"fresh": "yes"} if fresh else kept)

    def finish(
        self,
        connection: Connection,
        secret: str,
        answer: Mapping[str, str],
        kept: Mapping[str, str],
        redirect: str,
        now: datetime,
    ) -> Identity:
        known = self._issuers.configuration(connection.issuer)
        _check_sender(answer, known)
        client = self._client(known, connection, secret, redirect)
        tokens = _exchange(client, known, answer["code"], kept["verifier"])
        access = tokens.get("access_token")
        claims = read_id_token(
            tokens["id_token"],
            self._issuers,
            issuer=connection.issuer,
            client_id=connection.client_id,
            nonce=kept["nonce"],
            access_token=access,
            now=now,
        )
        who = identity(self._completed(claims, connection, known, access), connection)
        if "fresh" not in kept:
            return who
        check_fresh(claims, now)
        return replace(who, fresh=True)

    def ended(self, connection: Connection, token: str, now: datetime) -> LogoutWord:
        return read_logout_token(
            token,
            self._issuers,
            issuer=connection.issuer,
            client_id=connection.client_id,
            now=now,
        )

    def farewell(self, connection: Connection, back: str) -> str | None:
        """OpenID Connect RP-Initiated Logout 1.0, without an `id_token_hint`: we keep no tokens."""
        there = self._issuers.configuration(connection.issuer).end_session
        if there is None:
            return None
        us = {"client_id": connection.client_id, "post_logout_redirect_uri": back}
        url: str = add_params_to_uri(there, list(us.items()))
        return url

    def _completed(
        self,
        claims: Mapping[str, Any],
        connection: Connection,
        known: Configuration,
        access: str | None,
    ) -> Mapping[str, Any]:
        """With what the provider tells only at its UserInfo endpoint (Core 1.0, section 5.4)."""
        needed = {"email", connection.rules.role_claim or "email"}
        if needed <= claims.keys() or known.userinfo is None or not access:
            return claims
        told = self._issuers.read(known.userinfo, authorization=f"Bearer {access}")
        if told["sub"].raw != claims["sub"]:
            raise NotProven("its UserInfo answer is about somebody else")
        return complete(claims, told.raw)

    def _client(
        self, known: Configuration, connection: Connection, secret: str, redirect: str
    ) -> OAuth2Client:
        ways = [way for way in _WAYS if way in known.client_auth] if secret else ["none"]
        client = OAuth2Client(
            _Session(self._issuers),
            client_id=connection.client_id,
            client_secret=secret,
            token_endpoint_auth_method=ways[0] if ways else _WAYS[0],
            scope=SCOPE,
            redirect_uri=redirect,
            code_challenge_method="S256",
        )
        client.register_client_auth_method((_WAYS[0], _basic))
        return client

    def _token(self) -> str:
        return urlsafe_b64encode(self._random(_RANDOM)).rstrip(b"=").decode()


def _check_sender(answer: Mapping[str, str], known: Configuration) -> None:
    if ("iss" in answer or known.names_itself) and answer.get("iss") != known.issuer:
        raise NotProven("the answer names another issuer, or none")
    if not answer.get("code"):
        raise NotProven("the answer holds no code")


def _exchange(
    client: OAuth2Client, known: Configuration, code: str, verifier: str
) -> Mapping[str, Any]:
    try:
        tokens: Mapping[str, Any] = client.fetch_token(
            known.token, grant_type="authorization_code", code=code, code_verifier=verifier
        )
    except OAuth2Error as error:
        raise NotProven(f"the code was not taken: {str(error.error)[:80]}") from None
    except (ValueError, TypeError):
        raise NotProven("the answer to the code does not fit") from None
    if not isinstance(tokens.get("id_token"), str):
        raise NotProven("there is no ID token")
    if not isinstance(tokens.get("access_token", ""), str):
        raise NotProven("the access token is not text")
    return tokens


def _basic(client: Any, _method: str, uri: str, headers: dict[str, str], body: str) -> Any:
    """RFC 6749, section 2.3.1: both halves form-encoded first, which Authlib leaves out."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    return uri, headers | {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}, body


class _Session:
    """What Authlib takes for an HTTP client: our own guarded way out."""

    def __init__(self, issuers: Issuers) -> None:
        self._issuers = issuers

    def post(self, url: str, *, data: Any, headers: Mapping[str, str], auth: Any) -> _Answer:
        url, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        request = Request("POST", url, sent, body.encode(), timeout=PATIENCE)
        return _Answer(self._issuers.send(request))


class _Answer:
    def __init__(self, response: Response) -> None:
        self.status_code = response.status
        self._response = response

    def json(self) -> Any:
        try:
            return self._response.json().raw
        except ContractBroken as error:
            raise ValueError(str(error)) from None

    def raise_for_status(self) -> None:
        """Authlib asks where the body is no JSON object."""
        raise NotProven(f"its token endpoint answers {self.status_code} in no words we know")
