"""Which streams of which shops are polled, and how far each has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_

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
        added = self._rows.add(state, ring_at=_ring(state))
        self._transaction.owes |= added

    def claim(
        self, installation: UUID, stream: str, now: datetime, until: datetime
    ) -> SyncState | None:
        streams = tables.sync.c
        this = (streams.installation_id == installation, streams.stream == stream)
        free = or_(streams.lease_until.is_(None), streams.lease_until <= now)
        if self._rows.one(*this, streams.due_at <= now, free, lock=Lock.SKIP) is None:
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
        """A stream under way goes on; it is due again when its lease ends."""
        streams = tables.sync.c
        theirs = streams.installation_id == installation
        self._rows.change(theirs, due_at=now)
        free = or_(streams.lease_until.is_(None), streams.lease_until <= now)
        self._transaction.owes |= self._rows.change(theirs, free, ring_at=now) > 0


def _ring(state: SyncState) -> datetime:
    return state.lease_until or state.due_at
