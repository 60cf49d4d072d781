"""What the API answered to an idempotency key, so that a repeated request is answered alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, text

from adapters.sql import tables
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows
from adapters.sql.transaction import alone, begun

RUNNING, DONE = "running", "done"
KEPT = timedelta(hours=24)
ABANDONED = timedelta(seconds=60)
"""After this long a request that never ended may be run again."""


class ClaimState(StrEnum):
    OURS = "ours"
    """The caller answers the request, then calls finish() or release()."""
    RUNNING = "running"
    """The same request is being answered."""
    OTHER = "other"
    """The key was sent with another request."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Claim:
    """What stands for a key; the answer where it is DONE."""

    state: ClaimState
    status: int | None = None
    body: bytes | None = None
    headers: Mapping[str, str] | None = None


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

    def claim(
        self, tenant: UUID, operation: str, key: str, request_hash: bytes, now: datetime
    ) -> Claim:
        """Take the key for 24 hours; of many at once, one gets OURS.

        A claim whose worker died can be taken again after a minute.
        """
        ours = _Kept(operation, key, request_hash, RUNNING, now, now + KEPT)
        with begun(self.engine, tenant) as transaction:
            rows = Rows(transaction, _KEPT)
            claim = Claim(ClaimState.OURS) if rows.add(ours) else _judged(rows, ours, now)
            transaction.connection.commit()
        return claim

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
                tables.idempotency_keys.c.state == RUNNING,
                state=DONE,
                status=status,
                body=body,
                headers=dict(headers),
            )
            transaction.connection.commit()

    def release(self, tenant: UUID, operation: str, key: str) -> None:
        """Let the key be used again: nothing happened."""
        with begun(self.engine, tenant) as transaction:
            running = tables.idempotency_keys.c.state == RUNNING
            Rows(transaction, _KEPT).remove(*_this(operation, key), running)
            transaction.connection.commit()

    def purge(self, now: datetime, limit: int = 10_000) -> int:
        """Forget what has expired, of all tenants; answers how many."""
        purge = text("select directory.purge_idempotency_keys(:now, :limit)")
        with alone(self.engine) as connection:
            count: int = connection.execute(purge, {"now": now, "limit": limit}).scalar_one()
        return count


def _judged(rows: Rows[_Kept], ours: _Kept, now: datetime) -> Claim:
    kept = rows.one(*_this(ours.operation, ours.key), lock=Lock.WAIT)
    if kept is None:
        return Claim(ClaimState.RUNNING)  # released at this very moment: the next try gets it
    same = kept.request_hash == ours.request_hash
    left = kept.state == RUNNING and kept.created_at <= now - ABANDONED
    if kept.expires_at <= now or (same and left):
        rows.put(ours)
        return Claim(ClaimState.OURS)
    if not same:
        return Claim(ClaimState.OTHER)
    if kept.state == RUNNING:
        return Claim(ClaimState.RUNNING)
    return Claim(ClaimState.DONE, kept.status, kept.body, kept.headers)


def _this(operation: str, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    keys = tables.idempotency_keys.c
    return keys.operation == operation, keys.key == key
