"""The agent's rules and turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.dialects.postgresql import insert

from adapters.sql import tables
from adapters.sql.cursors import Keyset
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows, equal, word
from adapters.sql.transaction import Transaction
from core.agents.intents import IntentRule
from core.agents.turns import Turn, TurnFilter, TurnState
from core.shared.errors import Conflict
from core.shared.paging import Slice

_RULE = Mapper(IntentRule, tables.intents)
_TURN = Mapper(Turn, tables.turns)
_DUE = tables.turns.c.state == word(TurnState.DUE)
_DONE = tables.turns.c.state == word(TurnState.DONE)
_NEWEST = Keyset(tables.turns.c.created_at, tables.turns.c.position)


class Intents:
    """Fulfils core.agents.intents.IntentStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._rows = Rows(transaction, _RULE)

    def all(self) -> Mapping[str, IntentRule]:
        rules = self._rows.all(self._rows.select().order_by(tables.intents.c.name))
        return {rule.name: rule for rule in rules}

    def save(self, rule: IntentRule, now: datetime) -> None:
        self._rows.put(rule, updated_at=now)

    def remove(self, name: str) -> None:
        self._rows.remove(tables.intents.c.name == name)


class Turns:
    """Fulfils core.agents.turns.TurnStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, _TURN)

    def owe(self, turn: Turn) -> UUID:
        row = {"tenant_id": self._transaction.tenant, "ring_at": _ring(turn), **_TURN.row(turn)}
        turns = tables.turns.c
        owed = (
            insert(tables.turns)
            .values(row)
            .on_conflict_do_update(
                index_elements=["tenant_id", "conversation_id"],
                index_where=_DUE,
                set_={"state": TurnState.DUE},
            )
            .returning(turns.id)
        )
        self._transaction.owes = True
        id: UUID = self._transaction.run(owed).scalar_one()
        return id

    def add(self, turn: Turn) -> None:
        if not self._rows.add(turn, ring_at=_ring(turn)):
            raise Conflict("the conversation has a turn like it already")
        self._transaction.owes |= turn.state is TurnState.DUE

    def get(self, id: UUID) -> Turn | None:
        return self._rows.one(tables.turns.c.id == id, lock=Lock.WAIT)

    def claim(self, id: UUID, now: datetime, until: datetime) -> Turn | None:
        turns, other = tables.turns.c, tables.turns.alias("other")
        running = exists().where(
            other.c.tenant_id == self._transaction.tenant,
            other.c.conversation_id == turns.conversation_id,
            other.c.state == TurnState.RUNNING,
        )
        due = and_(turns.state == TurnState.DUE, turns.due_at <= now, ~running)
        left = and_(turns.state == TurnState.RUNNING, turns.lease_until <= now)
        claimed = self._rows.change(
            turns.id == id,
            or_(due, left),
            state=TurnState.RUNNING,
            attempts=turns.attempts + 1,
            lease_until=until,
            ring_at=until,
        )
        return self.get(id) if claimed else None

    def save(self, turn: Turn) -> None:
        self._rows.save(turn, ring_at=_ring(turn))
        self._transaction.owes |= turn.state is TurnState.DUE
        if turn.state in (TurnState.DONE, TurnState.FAILED):
            self._ring_next(turn.conversation_id)

    def list(self, only: TurnFilter, *, cursor: str | None, limit: int) -> Slice[Turn]:
        return self._rows.page(_NEWEST, cursor, limit, _DONE, *_meets(only))

    def _ring_next(self, conversation: UUID) -> None:
        """A turn that waited for this one to end waits no longer."""
        turns = tables.turns.c
        waiting = self._rows.change(
            turns.conversation_id == conversation,
            turns.state == TurnState.DUE,
            ring_at=turns.due_at,
        )
        self._transaction.owes |= waiting > 0


def _ring(turn: Turn) -> datetime | None:
    match turn.state:
        case TurnState.DUE:
            return turn.due_at
        case TurnState.RUNNING:
            return turn.lease_until
    return None


def _meets(only: TurnFilter) -> Sequence[ColumnElement[bool]]:
    turns = tables.turns.c
    return equal((turns.conversation_id, only.conversation_id), (turns.outcome, only.outcome))
