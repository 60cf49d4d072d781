"""An OpenID provider of ours that lies on request, and is reached without a socket."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from joserfc.jwk import OctKey, RSAKey
from joserfc.jws import JWSRegistry

from ports.errors import Rejected
from ports.http import Request, Response, Transport

ISSUER = "https://id.seller.example"
CLIENT = "invekto-at-seller"
_LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
_KEYS = {name: RSAKey.generate_key(2048) for name in ("one", "two")}


class Forger:
    """`says` is what the next ID token says beside the usual, `drops` what it leaves out."""

    def __init__(self, issuer: str = ISSUER, client: str = CLIENT) -> None:
        self.issuer = issuer
        self.client = client
        self.host = urlsplit(issuer).hostname
        self.signs = "one"
        self.published = ["one"]
        self.header: dict[str, Any] = {}
        self.says: dict[str, Any] = {}
        self.drops: set[str] = set()
        self.told: dict[str, Any] = {}
        """At its UserInfo endpoint."""
        self.nonce = ""
        self.codes: dict[str, str] = {}
        """The nonce that belongs to each code; any other code gets the one above."""
        self.now = datetime.now(UTC)
        self.asked: Counter[str] = Counter()
        self.form: Mapping[str, str] = {}
        """What was last posted to its token endpoint."""
        self.authorization: str | None = None
        self.answers: dict[str, Response] = {}
        """By path, instead of the usual."""
        self.configuration = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/auth",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "userinfo_endpoint": f"{issuer}/me",
            "end_session_endpoint": f"{issuer}/out",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def transports(self, hosts: frozenset[str]) -> Transport:
        return _Out(self, hosts)

    def send(self, request: Request) -> Response:
        path = request.url.removeprefix(self.issuer)
        self.asked[path] += 1
        if path in self.answers:
            return self.answers[path]
        match path:
            case "/.well-known/openid-configuration":
                return _json(self.configuration)
            case "/keys":
                return _json({"keys": [self.public(name) for name in self.published]})
            case "/token":
                self.form = form = dict(parse_qsl((request.body or b"").decode()))
                self.authorization = request.headers.get("Authorization")
                nonce = self.codes.get(form.get("code", ""))
                return _json({"access_token": "at", "id_token": self.id_token(nonce)})
            case "/me":
                return _json({"sub": "u-1", **self.told})
        return Response(404)

    def public(self, name: str) -> dict[str, Any]:
        return {**_KEYS[name].as_dict(private=False), "kid": name, "use": "sig", "alg": "RS256"}

    def id_token(self, nonce: str | None = None) -> str:
        usual = {
            "iss": self.issuer,
            "aud": self.client,
            "sub": "u-1",
            "exp": self._at(minutes=5),
            "iat": self._at(),
            "nonce": nonce or self.nonce,
            "email": "ali@seller.example",
            "email_verified": True,
            "name": "Ali Yılmaz",
        }
        return self.sign({k: v for k, v in {**usual, **self.says}.items() if k not in self.drops})

    def logout_token(self, **says: Any) -> str:
        usual = {
            "iss": self.issuer,
            "aud": self.client,
            "jti": "out-1",
            "exp": self._at(minutes=2),
            "iat": self._at(),
            "events": {_LOGOUT: {}},
            "sub": "u-1",
        }
        told = {k: v for k, v in {**usual, **says}.items() if k not in self.drops}
        return self.sign(told, typ="logout+jwt")

    def sign(self, claims: dict[str, Any], **header: str) -> str:
        """By hand: the library refuses to sign most of what a forger needs."""
        told = {"typ": "JWT", "alg": "RS256", "kid": self.signs, **header, **self.header}
        text = f"{_b64(json.dumps(told))}.{_b64(json.dumps(claims))}"
        key: Any = _KEYS[self.signs]
        algorithm = told["alg"] if isinstance(told["alg"], str) else "RS256"
        if algorithm.startswith("HS"):
            key = OctKey.import_key(key.as_pem(private=False))
        return f"{text}.{_b64(JWSRegistry.algorithms[algorithm].sign(text.encode(), key))}"

    def _at(self, **later: float) -> int:
        return int((self.now + timedelta(**later)).timestamp())


def half_hash(token: str) -> str:
    return _b64(hashlib.sha256(token.encode()).digest()[:16])


class _Out:
    """The way out to the hosts of one call, as the real transport grants it."""

    def __init__(self, forger: Forger, hosts: frozenset[str]) -> None:
        self._forger = forger
        self._hosts = hosts

    def send(self, request: Request) -> Response:
        host = urlsplit(request.url).hostname
        if host not in self._hosts or host != self._forger.host:
            raise Rejected("this host is not on the list")
        return self._forger.send(request)


def _json(value: Any) -> Response:
    return Response(200, {"content-type": "application/json"}, json.dumps(value).encode())


def _b64(value: str | bytes) -> str:
    raw = value.encode() if isinstance(value, str) else value
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
