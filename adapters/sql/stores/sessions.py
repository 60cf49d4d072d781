"""Who is signed in to a seller, and what each of their requests asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, update

from adapters.sql import tables
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows, equal
from adapters.sql.transaction import Transaction
from core.identity.sessions import Ended, Session, SessionFilter
from core.shared.errors import Conflict

SESSION = Mapper(Session, tables.sessions)
_MOST = 500


class Sessions:
    """Fulfils core.identity.sessions.SessionStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, SESSION)

    def get(self, id: UUID, *, lock: bool = False) -> Session | None:
        return self._rows.one(tables.sessions.c.id == id, lock=Lock.WAIT if lock else None)

    def add(self, session: Session) -> None:
        if not self._rows.add(session):
            raise Conflict("there is a session of this id already")

    def save(self, session: Session) -> None:
        """One that has ended stays as it was then, whatever an older reader of it saves."""
        self._rows.save(session, tables.sessions.c.ended_at.is_(None))

    def open(self, only: SessionFilter) -> Sequence[Session]:
        sessions = tables.sessions.c
        latest = (sessions.last_seen_at.desc(), sessions.id.desc())
        return self._rows.all(self._rows.select(*_open(only)).order_by(*latest).limit(_MOST))

    def end(self, only: SessionFilter, why: Ended, now: datetime) -> Sequence[UUID]:
        sessions = tables.sessions
        statement = (
            update(sessions)
            .where(sessions.c.tenant_id == self._transaction.tenant, *_open(only))
            .values(ended_at=now, ended_why=why)
            .returning(sessions.c.id)
        )
        return self._transaction.run(statement).scalars().all()


def _open(only: SessionFilter) -> Sequence[ColumnElement[bool]]:
    sessions = tables.sessions.c
    wanted = equal(
        (sessions.person, only.person),
        (sessions.connection, only.connection),
        (sessions.sso_subject, only.sso_subject),
        (sessions.sso_session, only.sso_session),
    )
    others = [] if only.other_than is None else [sessions.id != only.other_than]
    return [sessions.ended_at.is_(None), *wanted, *others]
