"""The operator's realm, and processes that share its signing keys."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine

from adapters.identity.tokens import JwtAccessTokens
from adapters.sql.work import SqlWorks
from adapters.vault.envelope import EnvelopeVault
from adapters.vault.keys import SqlKeys
from adapters.vault.masters import MasterKeys, generate
from core.identity.keys import SigningKey
from core.identity.means import Claims
from core.shared.errors import Conflict
from core.shared.ids import OPERATOR
from core.tenancy.tenant import Tenant

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MINUTES = timedelta(minutes=5)
ISSUER = "https://panel.example"
MASTERS = MasterKeys.parse(generate())


@dataclass
class Time:
    """The wall clock and the process's own, which go on together."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return (self.moment - NOW).total_seconds()

    def passes(self, span: timedelta | float) -> None:
        self.moment += span if isinstance(span, timedelta) else timedelta(seconds=span)


@dataclass
class Operator:
    """The operator's realm and processes that share it."""

    works: SqlWorks
    vault: EnvelopeVault
    time: Time

    def process(self, issuer: str = ISSUER) -> JwtAccessTokens:
        return JwtAccessTokens(
            self.works, self.vault, self.time, uuid4, issuer, monotonic=self.time.monotonic
        )

    def claims(self) -> Claims:
        return Claims(uuid4(), uuid4(), uuid4(), self.time.now() + MINUTES)

    def stored(self) -> list[SigningKey]:
        with self.works(OPERATOR) as work:
            return list(work.signing_keys.all())

    def forget(self) -> None:
        with self.works(OPERATOR) as work:
            work.signing_keys.remove_before(datetime(9000, 1, 1, tzinfo=UTC))
            work.commit()


def realm(works: SqlWorks, engine: Engine) -> Operator:
    """Without a signing key, whatever was made in the database before."""
    with suppress(Conflict), works(OPERATOR) as work:
        work.tenants.add(Tenant(OPERATOR, "Operator", "Europe/Istanbul", "TRY", "tr", NOW))
        work.commit()
    operator = Operator(works, EnvelopeVault(SqlKeys(engine), MASTERS), Time())
    operator.forget()
    return operator


def kid(token: str) -> str:
    return str(parts(token)[0]["kid"])


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    head, body, signature = token.split(".")
    return json.loads(plain(head)), json.loads(plain(body)), signature


def changed(whole: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (whole | changes).items() if value is not None}


def told(value: Any) -> str:
    return web(json.dumps(value).encode())


def web(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def plain(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
