"""Everything that is kept, in memory: tenants' tables behind units of work that roll back."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
TENANT = UUID("00000000-0000-7000-8000-00000000000a")
OTHER = UUID("00000000-0000-7000-8000-00000000000b")


class FakeClock:
    """Stands still until it is set forward."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def forward(self, by: timedelta | None = None, **span: float) -> None:
        self._now += by or timedelta(**span)


class CountingIds:
    """Ids that sort by when they were made, and are the same in every run."""

    def __init__(self, start: int = 0x1000) -> None:
        self._last = start

    def __call__(self) -> UUID:
        self._last += 1
        return UUID(int=(0x7000_8000 << 64) | self._last)


@dataclass(slots=True)
class Tables:
    """One tenant's rows. Rows are never changed in place, so copying the shelves is enough."""

    tenant: dict[str, Any] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    api_keys: dict[UUID, Any] = field(default_factory=dict)
    installations: dict[UUID, Any] = field(default_factory=dict)
    routes: dict[tuple[str, str], UUID] = field(default_factory=dict)
    inbox: dict[UUID, Any] = field(default_factory=dict)
    outbox: dict[UUID, Any] = field(default_factory=dict)
    contacts: dict[UUID, Any] = field(default_factory=dict)
    identities: dict[Any, UUID] = field(default_factory=dict)
    merges: dict[UUID, Any] = field(default_factory=dict)
    conversations: dict[UUID, Any] = field(default_factory=dict)
    messages: dict[UUID, Any] = field(default_factory=dict)
    attachments: dict[UUID, Any] = field(default_factory=dict)
    reports: list[Any] = field(default_factory=list)
    orders: dict[tuple[UUID, str], Any] = field(default_factory=dict)
    claims: dict[tuple[UUID, str], Any] = field(default_factory=dict)
    questions: dict[tuple[UUID, str], Any] = field(default_factory=dict)
    parcels: dict[tuple[UUID, str], Any] = field(default_factory=dict)
    sync: dict[tuple[UUID, str], Any] = field(default_factory=dict)
    proofs: set[tuple[UUID, UUID, str]] = field(default_factory=set)
    guesses: list[tuple[UUID, datetime]] = field(default_factory=list)
    intents: dict[str, Any] = field(default_factory=dict)
    turns: dict[UUID, Any] = field(default_factory=dict)
    members: dict[UUID, Any] = field(default_factory=dict)
    roles: dict[str, Any] = field(default_factory=dict)
    teams: dict[UUID, Any] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    connections: dict[UUID, Any] = field(default_factory=dict)
    links: dict[tuple[UUID, str], Any] = field(default_factory=dict)
    sso_tokens: set[tuple[UUID, str]] = field(default_factory=set)
    sessions: dict[UUID, Any] = field(default_factory=dict)
    attempts: dict[UUID, Any] = field(default_factory=dict)
    account: dict[str, Any] = field(default_factory=dict)
    devices: dict[UUID, Any] = field(default_factory=dict)
    factors: dict[UUID, Any] = field(default_factory=dict)
    backup_codes: dict[bytes, bool] = field(default_factory=dict)
    """Whether each was used."""
    tickets: dict[UUID, Any] = field(default_factory=dict)
    lockouts: dict[str, Any] = field(default_factory=dict)
    letters: dict[UUID, Any] = field(default_factory=dict)
    signing_keys: dict[UUID, Any] = field(default_factory=dict)
    audit: list[Any] = field(default_factory=list)

    def copied(self) -> Tables:
        return Tables(**{f.name: copy.copy(getattr(self, f.name)) for f in fields(self)})


class World:
    """All tenants' tables, and which units of work are open."""

    def __init__(self) -> None:
        self.tenants: dict[UUID, Tables] = {}
        self.emails: dict[str, UUID] = {}
        """Whose each address is that was proven."""
        self.open = 0
        self.open_papers = False
        """Whether somebody could change what the audit log holds."""

    def tables(self, tenant: UUID = TENANT) -> Tables:
        return self.tenants.setdefault(tenant, Tables())

    def __call__(self, tenant: UUID, reach: object = None) -> FakeWork:
        """Reach is the database's to hold: tests/adapters/test_sql_reach.py."""
        return FakeWork(self, tenant)


class FakeWork:
    """Fulfils core.shared.work.Work: a private copy until commit(), nothing after it."""

    def __init__(self, world: World, tenant: UUID) -> None:
        self.tenant_id = tenant
        self._world = world
        self._began: Tables | None = None
        self._mine = Tables()

    def __enter__(self) -> Self:
        assert self._began is None, "a unit of work is entered once"
        self._world.open += 1
        self._began = self._world.tables(self.tenant_id)
        self._mine = self._began.copied()
        for name, store in _stores().items():
            setattr(self, name, store(self._mine, self._world))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def commit(self) -> None:
        assert self._is_open(), "a unit of work is committed once, before it is left"
        still = self._world.tables(self.tenant_id)
        assert still is self._began, "two works of one tenant overlapped: one would be lost"
        self._world.tenants[self.tenant_id] = self._mine
        self._close()

    def _is_open(self) -> bool:
        return "outbox" in vars(self)

    def _close(self) -> None:
        if self._is_open():
            self._world.open -= 1
            for name in _stores():
                delattr(self, name)


def _stores() -> dict[str, Any]:
    from tests.core.fakes import identity, people, stores, talk, trade

    return {
        **stores.STORES,
        **talk.STORES,
        **trade.STORES,
        **people.STORES,
        **identity.STORES,
    }


def route_of(world: World, plugin_id: str, account: str) -> tuple[UUID, UUID] | None:
    """Tenant and connection that an app-wide delivery for the account belongs to."""
    for tenant, tables in world.tenants.items():
        if (plugin_id, account) in tables.routes:
            return tenant, tables.routes[plugin_id, account]
    return None
