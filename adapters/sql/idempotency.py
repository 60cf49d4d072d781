"""What the API answered to an idempotency key, so that a repeated request is answered alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, text

from adapters.sql import tables
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows
from adapters.sql.transaction import alone, begun

KEPT = timedelta(hours=24)
ABANDONED = timedelta(seconds=60)
"""After this long a request that never ended may be run again."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """The caller runs the request, then calls finish() or forget()."""


@dataclass(frozen=True, slots=True)
class Running:
    """The same request is under way."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer of the first time."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The key was used for another request."""


@dataclass(frozen=True, slots=True)
class _Kept:
    operation: str
    key: str
    request_hash: bytes
    state: str
    created_at: datetime
    expires_at: datetime
    status: int | None = None
    body: bytes | None = None
    headers: Mapping[str, str] | None = None


_KEPT = Mapper(_Kept, tables.idempotency_keys)


@dataclass(frozen=True, slots=True)
class IdempotencyStore:
    """Each call is a transaction of its own: the request's own work may roll back."""

    engine: Engine

    def begin(
        self, tenant: UUID, operation: str, key: str, request_hash: bytes, now: datetime
    ) -> Fresh | Running | Stored | Mismatch:
        """Of callers at once exactly one is told Fresh."""
        mine = _Kept(operation, key, request_hash, "running", now, now + KEPT)
        with begun(self.engine, tenant) as transaction:
            rows = Rows(transaction, _KEPT)
            answer = Fresh() if rows.add(mine) else _judge(rows, mine, now)
            transaction.connection.commit()
        return answer

    def finish(
        self,
        tenant: UUID,
        operation: str,
        key: str,
        status: int,
        body: bytes,
        headers: Mapping[str, str],
    ) -> None:
        """Keep the answer. The first answer of a key stands."""
        with begun(self.engine, tenant) as transaction:
            Rows(transaction, _KEPT).change(
                *_this(operation, key),
                tables.idempotency_keys.c.state == "running",
                state="done",
                status=status,
                body=body,
                headers=dict(headers),
            )
            transaction.connection.commit()

    def forget(self, tenant: UUID, operation: str, key: str) -> None:
        """Let the key be used again: the request was refused before it did anything."""
        with begun(self.engine, tenant) as transaction:
            running = tables.idempotency_keys.c.state == "running"
            Rows(transaction, _KEPT).remove(*_this(operation, key), running)
            transaction.connection.commit()

    def purge(self, now: datetime, limit: int = 10_000) -> int:
        """Forget what has expired, of all tenants; answers how many."""
        purge = text("select directory.purge_idempotency_keys(:now, :limit)")
        with alone(self.engine) as connection:
            count: int = connection.execute(purge, {"now": now, "limit": limit}).scalar_one()
        return count


def _judge(rows: Rows[_Kept], mine: _Kept, now: datetime) -> Fresh | Running | Stored | Mismatch:
    kept = rows.one(*_this(mine.operation, mine.key), lock=Lock.WAIT)
    if kept is None:
        return Running()  # it was forgotten at this very moment: the next try is fresh
    left = kept.state == "running" and kept.created_at <= now - ABANDONED
    if kept.expires_at <= now or (left and kept.request_hash == mine.request_hash):
        rows.put(mine)
        return Fresh()
    if kept.request_hash != mine.request_hash:
        return Mismatch()
    if kept.status is None or kept.body is None:
        return Running()
    return Stored(kept.status, kept.body, kept.headers or {})


def _this(operation: str, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    keys = tables.idempotency_keys.c
    return keys.operation == operation, keys.key == key
