"""The web process over a real database, with vendors in memory and tenants to look into."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from sqlalchemy import Engine

from adapters.identity.argon2 import Argon2
from adapters.identity.common_passwords import CommonPasswords
from adapters.identity.passkeys import WebAuthnPasskeys
from adapters.identity.providers import Providers
from adapters.identity.tokens import JwtAccessTokens
from adapters.identity.totp import PyotpTotp
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
from core.identity.means import Away, LogoutWord, Means, NotProven
from core.identity.post import Post
from core.identity.sso import Connection, Identity, SsoKind
from core.shared.actor import SCOPES, Actor
from core.shared.errors import Conflict
from core.shared.ids import OPERATOR, uuid7
from core.tenancy.api_keys import TENANT_SCOPES, IssueKey, issue
from core.tenancy.connect import Connections
from core.tenancy.tenant import TenantDetails, create
from entrypoints import observe
from entrypoints.http.app import HttpHouse, make_app
from entrypoints.http.cookies import Cookies
from entrypoints.identity import use_cases
from entrypoints.registry import Registry
from entrypoints.vendors import PluginVendors
from ports.http import Request, Response
from tests.api.plugins import MARKET, PARROT, READER


@dataclass
class Clock:
    at: datetime = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

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
    """Lets everything pass until told how long a key, or everybody, must wait."""

    waits: dict[UUID, float] = field(default_factory=dict)
    everybody: float | None = None

    def take(self, key: UUID) -> float | None:
        return self.waits.get(key, self.everybody)


@dataclass
class Mailbox:
    held: list[tuple[str, str]] = field(default_factory=list)
    """Address and text."""

    def send(self, id: UUID, to: str, subject: str, text: str) -> None:
        self.held.append((to, text))


class Atlas:
    """A very small world."""

    def country(self, ip: str) -> str | None:
        return "TR" if ip.startswith(("203.0.113.", "2001:db8:")) else None


class Trusting:
    """An identity provider that says of everybody what the code spells out: `subject email`."""

    def begin(
        self, connection: Connection, secret: str, state: str, redirect: str, *, fresh: bool = False
    ) -> Away:
        return Away(f"https://idp.example/?{urlencode({'state': state, 'to': redirect})}", {})

    def finish(
        self,
        connection: Connection,
        secret: str,
        answer: Mapping[str, str],
        kept: Mapping[str, str],
        redirect: str,
        now: datetime,
    ) -> Identity:
        said = answer.get("code") or answer["SAMLResponse"]
        if said == "forged":
            raise NotProven("forged")
        subject, email = said.split()
        return Identity(subject, email, True, "Ayşe", {})

    def ended(self, connection: Connection, token: str, now: datetime) -> LogoutWord:
        if token in ("", "forged"):
            raise NotProven("forged")
        return LogoutWord(token, now + timedelta(minutes=2), token, None)

    def farewell(self, connection: Connection, back: str) -> str | None:
        return "https://idp.example/out"


@dataclass
class Files:
    kept: dict[tuple[UUID, str], bytes] = field(default_factory=dict)

    def put(self, tenant: UUID, name: str, data: bytes) -> str:
        self.kept[tenant, name] = data
        return name

    def get(self, tenant: UUID, path: str) -> bytes:
        return self.kept[tenant, path]


class House:
    STEP = timedelta(seconds=30)
    """Of an authenticator app."""

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
        self.mailbox = Mailbox()
        self.identity = use_cases(
            self._means(Lookups(engine), vault, base),
            Atlas(),
            JwtAccessTokens(
                self.works, vault, self.clock, self.ids, base, monotonic=self.clock.monotonic
            ),
            Providers(dict.fromkeys((SsoKind.ENTRA, SsoKind.SAML), Trusting())),
        )
        self._post = Post(self.identity.means, self.vendors, self.mailbox, lambda: 0.0)
        self.http = HttpHouse(
            works=self.works,
            identity=self.identity,
            cookies=Cookies(base, [b"device"]),
            vendors=self.vendors,
            connections=self.connections,
            write=self.write,
            manage=Manage(self.works),
            assist=Assist(self.works, turn, self.write, self.clock),
            files=self.files,
            registry=self.registry,
            capabilities=lambda _: ("channel", "webhooks"),
            lookups=Lookups(engine),
            limits=self.limits,
            visitors=self.limits,
            idempotency=IdempotencyStore(engine),
            ingest=self.ingest,
            bell=self.bell,
            probes={"database": self._probe},
            standing=lambda: observe.Standing(inbox={"received": 3}),
            clock=self.clock,
            ids=self.ids,
            new_token=lambda: secrets.token_urlsafe(32),
            trusted_proxies=[ip_network("203.0.113.9/32")],
        )
        self.app = make_app(self.http, validate_responses=True)
        with suppress(Conflict):  # another house was first
            details, now = TenantDetails("Operator"), self.clock.now()
            create(OPERATOR, details, _OPERATOR, works=self.works, now=now)

    def ids(self) -> UUID:
        return uuid7(self.clock.now(), secrets.token_bytes(10))

    def _means(self, directory: Lookups, vault: EnvelopeVault, base: str) -> Means:
        return Means(
            works=self.works,
            directory=directory,
            hasher=Argon2(memory_kib=64, passes=1),
            common=CommonPasswords(),
            totp=PyotpTotp(),
            passkeys=WebAuthnPasskeys(base),
            vault=vault,
            clock=self.clock,
            ids=self.ids,
            random=secrets.token_bytes,
            base_url=base,
        )

    def letters(self, to: str) -> list[str]:
        """Send what is owed; answers the texts that have come to the address, the last one last."""
        for tenant, letter in self.http.lookups.due_letters(self.clock.now(), timedelta(), 999):
            self._post(tenant, letter)
        return [text for address, text in self.mailbox.held if address == to]

    def _probe(self) -> None:
        if "database" in self.broken:
            raise ConnectionError("the database is away")

    def operator(self) -> str:
        """A key of the operator's."""
        return self._key(_OPERATOR, tuple(SCOPES))

    def tenant(self) -> Tenant:
        """A new tenant with a key for everything."""
        id, now = uuid4(), self.clock.now()
        create(id, TenantDetails("Deneme"), _OPERATOR, works=self.works, now=now)
        actor = Actor(id, "api_key", "tests", frozenset(TENANT_SCOPES))
        return Tenant(id, self._key(actor, TENANT_SCOPES), actor, self._key)

    def _key(self, actor: Actor, scopes: tuple[str, ...]) -> str:
        secret = f"ivk_{secrets.token_urlsafe(32)}"
        now = self.clock.now()
        issue(self.ids(), secret, IssueKey("test", scopes), actor, works=self.works, now=now)
        return secret


_OPERATOR = Actor(OPERATOR, "operator", "tests", frozenset(SCOPES))


@dataclass
class Tenant:
    id: UUID
    key: str
    """Holds every scope of a tenant."""
    actor: Actor
    _issue: Callable[[Actor, tuple[str, ...]], str]
    things: dict[str, Any] = field(default_factory=dict)
    """Ids of what was planted, by name."""

    def key_with(self, *scopes: str) -> str:
        return self._issue(self.actor, scopes)

    def key_without(self, scope: str) -> str:
        return self.key_with(*(s for s in TENANT_SCOPES if s != scope))
