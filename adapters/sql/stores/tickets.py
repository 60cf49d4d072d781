"""Tickets, and the letters that carry some of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, case, update

from adapters.sql import tables
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows
from adapters.sql.transaction import Transaction
from core.identity.letters import Letter, LetterState
from core.identity.tickets import Purpose, Ticket
from core.shared.errors import Conflict

_TICKET = Mapper(Ticket, tables.tickets)
_LETTER = Mapper(Letter, tables.letters)


class Tickets:
    """Fulfils core.identity.tickets.TicketStore.

    One that was dropped, or tried too often, has a life without length: it was over at once.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, _TICKET)

    def add(self, ticket: Ticket) -> None:
        if not self._rows.add(ticket):
            raise Conflict("there is a ticket of this id already")

    def look(self, id: UUID, digest: bytes, purpose: Purpose, now: datetime) -> Ticket | None:
        return self._rows.one(*_opens(id, digest, purpose, now))

    def take(self, id: UUID, digest: bytes, purpose: Purpose, now: datetime) -> Ticket | None:
        tickets = tables.tickets
        mine = tickets.c.tenant_id == self._transaction.tenant
        taking = update(tickets).where(mine, *_opens(id, digest, purpose, now))
        taken = self._transaction.run(taking.values(used_at=now).returning(tickets)).first()
        return None if taken is None else _TICKET.value(taken)

    def tried(self, id: UUID, limit: int) -> int:
        """Of a ticket that is not there any more: as many as the limit."""
        tickets = tables.tickets
        last = tickets.c.tries + 1 >= limit
        counting = (
            update(tickets)
            .where(tickets.c.tenant_id == self._transaction.tenant, tickets.c.id == id)
            .values(
                tries=tickets.c.tries + 1,
                expires_at=case((last, tickets.c.created_at), else_=tickets.c.expires_at),
            )
            .returning(tickets.c.tries)
        )
        tries: int | None = self._transaction.run(counting).scalar()
        return limit if tries is None else tries

    def drop(self, purpose: Purpose, **data: str) -> int:
        tickets = tables.tickets.c
        unused = (tickets.used_at.is_(None), tickets.expires_at > tickets.created_at)
        these = (tickets.purpose == purpose, tickets.data.contains(data), *unused)
        return self._rows.change(*these, expires_at=tickets.created_at)


class Letters:
    """Fulfils core.identity.letters.LetterStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, _LETTER)

    def get(self, id: UUID) -> Letter | None:
        return self._rows.one(tables.letters.c.id == id, lock=Lock.WAIT)

    def add(self, letter: Letter) -> None:
        if not self._rows.add(letter, ring_at=_ring(letter)):
            raise Conflict("there is a letter of this id already")
        self._transaction.owes = True

    def save(self, letter: Letter) -> None:
        self._rows.save(letter, ring_at=_ring(letter))
        self._transaction.owes |= letter.state is LetterState.READY


def _opens(
    id: UUID, digest: bytes, purpose: Purpose, now: datetime
) -> Sequence[ColumnElement[bool]]:
    tickets = tables.tickets.c
    return (
        tickets.id == id,
        tickets.digest == digest,
        tickets.purpose == purpose,
        tickets.used_at.is_(None),
        tickets.expires_at > now,
    )


def _ring(letter: Letter) -> datetime | None:
    """When it needs somebody next."""
    match letter.state:
        case LetterState.READY:
            return letter.due_at
        case LetterState.SENDING:
            return letter.lease_until
    return None
