"""The web process over a real database, with vendors in memory and tenants to look into."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine

from adapters.sql.idempotency import IdempotencyStore
from adapters.sql.ingest import AsyncIngest
from adapters.sql.lookups import Lookups
from adapters.sql.work import SqlWorks
from adapters.vault.envelope import EnvelopeVault
from adapters.vault.keys import SqlKeys
from adapters.vault.masters import MasterKeys, generate
from core.agents.assist import Assist
from core.agents.think import Think
from core.agents.turn import TakeTurn
from core.conversations.manage import Manage
from core.conversations.write import Write
from core.shared.actor import SCOPES, Actor
from core.shared.errors import Conflict
from core.shared.ids import OPERATOR, uuid7
from core.tenancy.api_keys import TENANT_SCOPES, IssueKey, issue
from core.tenancy.connect import Connections
from core.tenancy.tenant import TenantDetails, create
from entrypoints import observe
from entrypoints.http.app import HttpHouse, make_app
from entrypoints.registry import Registry
from entrypoints.vendors import PluginVendors
from ports.http import Request, Response
from tests.api.plugins import MARKET, PARROT, READER


@dataclass
class Clock:
    at: datetime = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def pass_(self, span: timedelta) -> None:
        self.at += span


class NoWayOut:
    def send(self, request: Request) -> Response:
        raise AssertionError(f"nobody is called in these tests: {request.url}")


@dataclass
class Bell:
    rung: int = 0

    def ring(self) -> None:
        self.rung += 1


@dataclass
class Limits:
    """Lets everything pass until told how long a key must wait."""

    waits: dict[UUID, float] = field(default_factory=dict)

    def take(self, key: UUID) -> float | None:
        return self.waits.get(key)


@dataclass
class Files:
    kept: dict[tuple[UUID, str], bytes] = field(default_factory=dict)

    def put(self, tenant: UUID, name: str, data: bytes) -> str:
        self.kept[tenant, name] = data
        return name

    def get(self, tenant: UUID, path: str) -> bytes:
        return self.kept[tenant, path]


class House:
    def __init__(self, engine: Engine, url: str, folder: Path) -> None:
        self.clock, self.bell, self.limits, self.files = Clock(), Bell(), Limits(), Files()
        self.works = SqlWorks(engine, self.bell.ring)
        vault = EnvelopeVault(SqlKeys(engine), MasterKeys.parse(generate()))
        self.registry = Registry({m.id: m for m in (PARROT, MARKET, READER)})
        self.vendors = PluginVendors(
            self.registry, vault, lambda *_: NoWayOut(), self.clock, folder
        )
        self.broken: set[str] = set()
        self.ingest = AsyncIngest(url)
        self.write = Write(self.works, self.vendors, self.clock, self.ids)
        think = Think(self.works, self.vendors, self.clock)
        turn = TakeTurn(
            self.works, self.vendors, think, self.write, self.clock, self.ids, observe.failed,
            timedelta(seconds=60),
        )  # fmt: skip
        base = "https://house.example"
        self.connections = Connections(self.works, self.vendors, vault, self.ids, base)
        self.http = HttpHouse(
            works=self.works,
            vendors=self.vendors,
            connections=self.connections,
            write=self.write,
            manage=Manage(self.works),
            assist=Assist(self.works, turn, self.write, self.clock),
            files=self.files,
            registry=self.registry,
            capabilities={"parrot": ("channel", "webhooks")},
            lookups=Lookups(engine),
            limits=self.limits,
            idempotency=IdempotencyStore(engine),
            ingest=self.ingest,
            bell=self.bell,
            probes={"database": self._probe},
            standing=lambda: observe.Standing(inbox={"received": 3}),
            clock=self.clock,
            ids=self.ids,
            new_token=lambda: secrets.token_urlsafe(32),
            trusted_proxies=(),
        )
        self.app = make_app(self.http, validate_responses=True)

    def ids(self) -> UUID:
        return uuid7(self.clock.now(), secrets.token_bytes(10))

    def _probe(self) -> None:
        if "database" in self.broken:
            raise ConnectionError("the database is away")

    def operator(self) -> str:
        """A key of the operator's."""
        actor = Actor(OPERATOR, "operator", "tests", frozenset(SCOPES))
        now = self.clock.now()
        with suppress(Conflict):  # another test was first
            create(OPERATOR, TenantDetails("Operator"), actor, works=self.works, now=now)
        return self._key(actor, tuple(SCOPES))

    def tenant(self) -> Tenant:
        """A new tenant with a key for everything."""
        id, now = uuid4(), self.clock.now()
        operator = Actor(OPERATOR, "operator", "tests", frozenset(SCOPES))
        create(id, TenantDetails("Deneme"), operator, works=self.works, now=now)
        actor = Actor(id, "api_key", "tests", frozenset(TENANT_SCOPES))
        return Tenant(id, self._key(actor, TENANT_SCOPES), actor, self._key)

    def _key(self, actor: Actor, scopes: tuple[str, ...]) -> str:
        secret = f"ivk_{secrets.token_urlsafe(32)}"
        now = self.clock.now()
        issue(self.ids(), secret, IssueKey("test", scopes), actor, works=self.works, now=now)
        return secret


@dataclass
class Tenant:
    id: UUID
    key: str
    """Holds every scope of a tenant."""
    actor: Actor
    _issue: Callable[[Actor, tuple[str, ...]], str]
    things: dict[str, Any] = field(default_factory=dict)
    """Ids of what was planted, by name."""

    def key_without(self, scope: str) -> str:
        others = tuple(s for s in TENANT_SCOPES if s != scope)
        return self._issue(self.actor, others)
