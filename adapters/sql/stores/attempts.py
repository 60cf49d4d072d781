"""Sign-ins that were refused, and how long guessers wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement

from adapters.sql import tables
from adapters.sql.cursors import Keyset
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Rows, equal
from adapters.sql.transaction import Transaction
from core.identity.attempts import Attempt, AttemptFilter
from core.identity.lockout import ACCOUNT, NETWORK, Lockout
from core.shared.paging import Slice

_ATTEMPT = Mapper(Attempt, tables.attempts)
_LOCKOUT = Mapper(Lockout, tables.lockouts)
_NEWEST = Keyset(tables.attempts.c.at, tables.attempts.c.id)
_REMEMBERED = max(ACCOUNT.forgets, NETWORK.forgets)
_MOST = 200


class Attempts:
    """Fulfils core.identity.attempts.AttemptStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._rows = Rows(transaction, _ATTEMPT)

    def add(self, attempt: Attempt) -> None:
        self._rows.add(attempt)

    def list(self, only: AttemptFilter, *, cursor: str | None, limit: int) -> Slice[Attempt]:
        return self._rows.page(_NEWEST, cursor, limit, *_meets(only))


class Lockouts:
    """Fulfils core.identity.lockout.LockoutStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, _LOCKOUT)

    def get(self, key: str) -> Lockout:
        self._transaction.lock(f"lockout:{key}")
        return self._rows.one(tables.lockouts.c.key == key) or Lockout(key)

    def save(self, lockout: Lockout) -> None:
        if lockout.last_failed_at is None:
            self._rows.remove(tables.lockouts.c.key == lockout.key)
            return
        remembered = lockout.last_failed_at + _REMEMBERED
        locked = lockout.locked_until or remembered
        self._rows.put(lockout, expires_at=max(remembered, locked))

    def locked(self, now: datetime) -> list[Lockout]:
        until = tables.lockouts.c.locked_until
        longest = self._rows.select(until > now).order_by(until.desc(), tables.lockouts.c.key)
        return [*self._rows.all(longest.limit(_MOST))]


def _meets(only: AttemptFilter) -> Sequence[ColumnElement[bool]]:
    attempts = tables.attempts.c
    since = [] if only.since is None else [attempts.at >= only.since]
    wanted = equal(
        (attempts.person, only.person),
        (attempts.ip, only.ip),
        (attempts.reason, only.reason),
    )
    return [*wanted, *since]
