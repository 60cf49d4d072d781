"""Access tokens: JWTs (RFC 9068) signed by Ed25519, with keys that change by themselves."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OKPKey
from joserfc.jwt import JWTClaimsRegistry

from core.identity.keys import SIGNS_FOR, VERIFIES_FOR, SigningKey
from core.identity.means import Claims
from core.shared.ids import OPERATOR, Ids
from core.shared.work import Works
from core.tenancy.vendors import SealBroken, Vault
from ports.clock import Clock

AUDIENCE = "invekto-api"
CLIENT = "invekto"
"""RFC 9068 wants a `client_id`; the house has no others."""
TYPE = "at+jwt"
ALGORITHM: Literal["Ed25519"] = "Ed25519"
"""The name of RFC 9864, which deprecates `EdDSA` for not naming the curve. No other is read."""
KEPT_SECONDS = 60.0
"""How long the keys are remembered: so long may a removed one go on verifying."""
AGAIN_SECONDS = 1.0
"""An unknown key is looked for again, but not more often than this."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Signer:
    id: str
    key: OKPKey = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Held:
    signers: Mapping[str, _Signer]
    since: float


class JwtAccessTokens:
    """Implements core.identity.means.AccessTokens. Safe to share between threads.

    A key is a row of the operator's realm whose private half opens in the vault: nobody makes one
    by writing into the table.
    """

    def __init__(
        self,
        works: Works,
        vault: Vault,
        clock: Clock,
        ids: Ids,
        issuer: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._works = works
        self._vault = vault
        self._clock = clock
        self._ids = ids
        self._issuer = issuer
        self._monotonic = monotonic
        self._lock = threading.RLock()
        self._held = _Held({}, float("-inf"))

    def mint(self, claims: Claims, now: datetime) -> str:
        """It lasts to the whole second before `expires_at`, as its `exp` says."""
        signer = self._signer(now)
        told = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "client_id": CLIENT,
            "sub": str(claims.person),
            "tid": str(claims.tenant),
            "sid": str(claims.session),
            "jti": str(self._ids()),
            "iat": int(now.timestamp()),
            "exp": int(claims.expires_at.timestamp()),
        }
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": signer.id}
        return jwt.encode(header, told, signer.key, algorithms=[ALGORITHM])

    def read(self, token: str, now: datetime) -> Claims | None:
        try:
            found = jwt.decode(token, lambda signed: self._key(signed, now), [ALGORITHM])
            if found.header.get("typ") != TYPE:
                return None
            self._check(found.claims, now)
            return _claims(found.claims)
        except (JoseError, ValueError, TypeError, OverflowError, RecursionError):
            return None

    def jwks(self) -> Mapping[str, Any]:
        now = self._clock.now()
        signers = self._signers(AGAIN_SECONDS).values()
        return {"keys": [_public(signer) for signer in signers if _verifies(signer, now)]}

    def _check(self, claims: Mapping[str, Any], now: datetime) -> None:
        """Without leeway: the clocks that `exp` is told by are ours. `iat` is told, not checked:
        a server of ours whose clock is behind would refuse tokens of this very second."""
        options: dict[str, Any] = {name: {"essential": True} for name in ("exp", "sub")}
        options["iss"] = {"essential": True, "value": self._issuer}
        options["aud"] = {"essential": True, "value": AUDIENCE}
        expected = JWTClaimsRegistry(int(now.timestamp()), 0, **options)
        expected.validate({name: value for name, value in claims.items() if name != "iat"})

    def _key(self, signed: GuestProtocol, now: datetime) -> OKPKey:
        """Of the `kid` alone: a header that brings a key of its own brings nothing."""
        kid = str(signed.headers().get("kid"))
        signer = self._signers(KEPT_SECONDS).get(kid) or self._signers(AGAIN_SECONDS).get(kid)
        if signer is None or not _verifies(signer, now):
            raise ValueError("no key of ours has signed it")
        return signer.key

    def _signer(self, now: datetime) -> _Signer:
        signer = _newest(self._signers(KEPT_SECONDS), now)
        if signer is None:
            with self._lock:  # of many threads one makes it; of many processes each may
                signer = _newest(self._signers(0), now) or self._made(now)
        return signer

    def _made(self, now: datetime) -> _Signer:
        """A new key, once the old one has signed for long enough. The oldest are thrown away."""
        id, key = self._ids(), OKPKey.generate_key(ALGORITHM)
        sealed = self._vault.seal(OPERATOR, id, key.as_dict(private=True))
        public = json.dumps(key.as_dict(private=False))
        with self._works(OPERATOR) as work:
            work.signing_keys.add(SigningKey(id, public, sealed, now))
            work.signing_keys.remove_before(now - VERIFIES_FOR)
            work.commit()
        signer = _Signer(str(id), key, now)
        self._held = _Held({**self._held.signers, signer.id: signer}, self._held.since)
        return signer

    def _signers(self, seconds: float) -> Mapping[str, _Signer]:
        """By `kid`; read again where they were read longer ago than that."""
        if self._monotonic() - self._held.since >= seconds:
            with self._lock:
                if self._monotonic() - self._held.since >= seconds:
                    self._held = _Held(self._read(), self._monotonic())
        return self._held.signers

    def _read(self) -> Mapping[str, _Signer]:
        with self._works(OPERATOR) as work:
            stored = work.signing_keys.all()
        opened = ((row, self._opened(row)) for row in stored)
        return {str(row.id): _Signer(str(row.id), k, row.created_at) for row, k in opened if k}

    def _opened(self, row: SigningKey) -> OKPKey | None:
        try:
            private = self._vault.open(OPERATOR, row.id, row.sealed)
        except SealBroken:
            return None
        return OKPKey.import_key(dict(private))


def _newest(signers: Mapping[str, _Signer], now: datetime) -> _Signer | None:
    """None where no key may sign any more."""
    young = [signer for signer in signers.values() if now - signer.created_at < SIGNS_FOR]
    return max(young, key=lambda signer: signer.created_at, default=None)


def _verifies(signer: _Signer, now: datetime) -> bool:
    return now - signer.created_at < VERIFIES_FOR


def _public(signer: _Signer) -> dict[str, Any]:
    bare = signer.key.as_dict(private=False)
    return {name: bare[name] for name in ("kty", "crv", "x")} | {
        "kid": signer.id,
        "use": "sig",
        "alg": ALGORITHM,
    }


def _claims(told: Mapping[str, Any]) -> Claims:
    """ValueError, TypeError or OverflowError for what we never wrote."""
    person, tenant, session = (UUID(str(told.get(name))) for name in ("sub", "tid", "sid"))
    return Claims(person, tenant, session, _EPOCH + timedelta(seconds=told["exp"]))
