"""What we owe vendors, in order within a mailbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select

from adapters.sql import tables
from adapters.sql.cursors import Keyset
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows, equal, word
from adapters.sql.transaction import Transaction
from core.delivery.outbox import Cause, Owed, OwedFilter, OwedState
from core.shared.paging import Slice

_OWED = Mapper(Owed, tables.outbox)
_UNFINISHED = tables.outbox.c.state.in_([word(OwedState(state)) for state in tables.UNFINISHED])
_NEWEST = Keyset(tables.outbox.c.position)


class Outbox:
    """Fulfils core.delivery.outbox.OutboxStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, _OWED)
        self._taken: dict[UUID, OwedState] = {}

    def add(self, owed: Owed) -> None:
        self._transaction.lock(f"mailbox:{owed.mailbox}")
        self._rows.add(owed, ring_at=_ring(owed), message_id=_message(owed))
        self._transaction.owes = True

    def head(self, mailbox: str) -> Owed | None:
        rows = tables.outbox.c
        first = (
            select(rows.id)
            .where(rows.tenant_id == self._transaction.tenant, rows.mailbox == mailbox, _UNFINISHED)
            .order_by(rows.position)
            .limit(1)
            .scalar_subquery()
        )
        return self._noted(self._rows.one(rows.id == first, _UNFINISHED, lock=Lock.SKIP))

    def get(self, id: UUID) -> Owed | None:
        return self._noted(self._rows.one(tables.outbox.c.id == id, lock=Lock.WAIT))

    def save(self, owed: Owed) -> None:
        self._rows.save(owed, ring_at=_ring(owed))
        ended = owed.state in (OwedState.SENT, OwedState.DEAD)
        draining = self._taken.get(owed.id) is OwedState.SENDING
        if owed.state is OwedState.READY or (ended and not draining):
            self._transaction.owes = True

    def unpark(self, installation_id: UUID, now: datetime) -> int:
        rows = tables.outbox.c
        count = self._rows.change(
            rows.installation_id == installation_id,
            rows.state == OwedState.PARKED,
            rows.cause == Cause.INSTALLATION,
            state=OwedState.READY,
            cause=None,
            error=None,
            due_at=now,
            ring_at=now,
        )
        self._transaction.owes |= count > 0
        return count

    def list(self, only: OwedFilter, *, cursor: str | None, limit: int) -> Slice[Owed]:
        return self._rows.page(_NEWEST, cursor, limit, *_meets(only))

    def _noted(self, owed: Owed | None) -> Owed | None:
        if owed is not None:
            self._taken[owed.id] = owed.state
        return owed


def _ring(owed: Owed) -> datetime | None:
    """When the mailbox needs somebody on this row's account."""
    match owed.state:
        case OwedState.READY | OwedState.UNKNOWN:
            return owed.due_at
        case OwedState.SENDING:
            return owed.lease_until
    return None


def _message(owed: Owed) -> UUID | None:
    named = owed.payload.get("message_id")
    return UUID(str(named)) if named else None


def _meets(only: OwedFilter) -> Sequence[ColumnElement[bool]]:
    rows = tables.outbox.c
    return equal(
        (rows.state, only.state),
        (rows.installation_id, only.installation_id),
        (rows.message_id, only.message_id),
    )
