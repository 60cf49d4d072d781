"""The journal of deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from adapters.sql import tables
from adapters.sql.cursors import Keyset
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows, equal
from adapters.sql.transaction import Transaction
from core.inbox.journal import Entry, EntryFilter, EntryState, Route
from core.shared.paging import Slice

_ENTRY = Mapper(Entry, tables.inbox)
_NEWEST = Keyset(tables.inbox.c.received_at, tables.inbox.c.position)


class Inbox:
    """Fulfils core.inbox.journal.InboxStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, _ENTRY)

    def add(self, entry: Entry) -> bool:
        added = self._rows.add(entry, ring_at=_ring(entry))
        self._transaction.owes |= added and entry.state is EntryState.RECEIVED
        return added

    def get(self, id: UUID) -> Entry | None:
        return self._rows.one(tables.inbox.c.id == id)

    def claim(self, id: UUID) -> Entry | None:
        waits = tables.inbox.c.state == EntryState.RECEIVED
        return self._rows.one(tables.inbox.c.id == id, waits, lock=Lock.SKIP)

    def save(self, entry: Entry) -> None:
        self._rows.save(entry, ring_at=_ring(entry))
        self._transaction.owes |= entry.state is EntryState.RECEIVED

    def list(self, only: EntryFilter, *, cursor: str | None, limit: int) -> Slice[Entry]:
        return self._rows.page(_NEWEST, cursor, limit, *_meets(only))

    def ids(self, only: EntryFilter, limit: int) -> Sequence[UUID]:
        entries = tables.inbox.c
        mine = entries.tenant_id == self._transaction.tenant
        found = select(entries.id).where(mine, *_meets(only))
        oldest = found.order_by(entries.received_at, entries.position).limit(limit)
        return self._transaction.run(oldest).scalars().all()

    def route(self, plugin_id: str, account: str) -> Route | None:
        found = func.directory.find_route(plugin_id, account).table_valued(
            "tenant_id", "installation_id"
        )
        row = self._transaction.run(select(found)).first()
        return None if row is None else Route(row.tenant_id, row.installation_id)


def _ring(entry: Entry) -> datetime | None:
    """When somebody must read it: never, once it is done."""
    return entry.due_at if entry.state is EntryState.RECEIVED else None


def _meets(only: EntryFilter) -> Sequence[ColumnElement[bool]]:
    entries = tables.inbox.c
    wanted = equal(
        (entries.state, only.state),
        (entries.plugin_id, only.plugin_id),
        (entries.installation_id, only.installation_id),
    )
    since = [] if only.since is None else [entries.received_at >= only.since]
    until = [] if only.until is None else [entries.received_at < only.until]
    return [*wanted, *since, *until]
