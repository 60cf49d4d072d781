"""Which streams of which shops are polled, and how far each has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_

from adapters.sql import tables
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows
from adapters.sql.transaction import Transaction
from core.commerce.sync import SyncState

_STATE = Mapper(SyncState, tables.sync)


class Sync:
    """Fulfils core.commerce.sync.SyncStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, _STATE)

    def begin(self, state: SyncState) -> None:
        if not self._rows.add(state, ring_at=_ring(state)):
            self._rush(state.due_at, *_this(state.installation_id, state.stream))
        self._transaction.owes = True

    def claim(
        self, installation: UUID, stream: str, now: datetime, until: datetime
    ) -> SyncState | None:
        this = _this(installation, stream)
        free = (tables.sync.c.due_at <= now, _free(now))
        if self._rows.one(*this, *free, lock=Lock.SKIP) is None:
            return None
        self._rows.change(*this, lease_until=until, ring_at=until)
        return self._rows.one(*this)

    def save(self, state: SyncState) -> None:
        self._rows.save(state, ring_at=_ring(state))
        self._transaction.owes |= state.lease_until is None

    def of(self, installation: UUID) -> Sequence[SyncState]:
        streams = tables.sync.c
        theirs = self._rows.select(streams.installation_id == installation)
        return self._rows.all(theirs.order_by(streams.stream))

    def stop(self, installation: UUID) -> None:
        self._rows.remove(tables.sync.c.installation_id == installation)

    def rush(self, installation: UUID, now: datetime) -> None:
        self._rush(now, tables.sync.c.installation_id == installation)

    def _rush(self, now: datetime, *where: ColumnElement[bool]) -> None:
        """One that a worker has at the moment is due again when its lease ends."""
        self._rows.change(*where, due_at=now)
        self._transaction.owes |= self._rows.change(*where, _free(now), ring_at=now) > 0


def _this(installation: UUID, stream: str) -> Sequence[ColumnElement[bool]]:
    streams = tables.sync.c
    return streams.installation_id == installation, streams.stream == stream


def _free(now: datetime) -> ColumnElement[bool]:
    lease = tables.sync.c.lease_until
    return or_(lease.is_(None), lease <= now)


def _ring(state: SyncState) -> datetime:
    return state.lease_until or state.due_at
