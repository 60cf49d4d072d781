"""Two open conversations of one person on one channel become one; and become two again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Table, Uuid, any_, exists, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.sql import tables
from adapters.sql.codec import from_json, to_json
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows
from adapters.sql.transaction import Transaction
from core.agents.turns import TurnState
from core.conversations.conversation import Conversation, ConversationState

_CONVERSATION = Mapper(Conversation, tables.conversations)
_columns = tables.conversations.c


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a conversation shows of its messages."""

    last_activity_at: datetime
    last_inbound_at: datetime | None
    preview: str
    unread: int


@dataclass(frozen=True, slots=True)
class _Joined:
    """One conversation that went into another, as a merge remembers it."""

    gone: UUID
    into: UUID
    state: ConversationState
    """Of the one that went."""
    unread: int
    before: _Shown
    """Of the other."""
    after: _Shown
    messages: tuple[UUID, ...]
    turns: tuple[UUID, ...]


class Joining:
    """The part of a merge that is about conversations."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._threads = Rows(transaction, _CONVERSATION)

    def join(self, kept: UUID, merged: UUID) -> Sequence[str]:
        """Let the merged contact's open conversations go into the kept one's, where it has one.

        Their messages go along, and the turn that is due for them unless there is one already.
        """
        open_ones = self._threads.select(
            _columns.contact_id.in_([kept, merged]),
            _columns.state != ConversationState.RESOLVED,
            lock=Lock.WAIT,
        )
        threads = self._threads.all(open_ones.order_by(_columns.id))
        ours = {thread.installation_id: thread for thread in threads if thread.contact_id == kept}
        joined = [
            self._join(thread, ours[thread.installation_id])
            for thread in threads
            if thread.contact_id == merged and thread.installation_id in ours
        ]
        return tuple(json.dumps(to_json(each)) for each in joined)

    def part(self, joined: Sequence[str]) -> None:
        """Undo join(): what was written since then stays where it was written."""
        for text in joined:
            self._part(from_json(_Joined, json.loads(text)))

    def _join(self, theirs: Conversation, ours: Conversation) -> _Joined:
        after = _both(ours, theirs)
        due = (tables.turns.c.state == TurnState.DUE, ~self._has_turn_due(ours.id))
        joined = _Joined(
            theirs.id,
            ours.id,
            theirs.state,
            theirs.unread,
            _shown(ours),
            after,
            messages=self._shift(tables.messages, theirs.id, ours.id),
            turns=self._shift(tables.turns, theirs.id, ours.id, *due),
        )
        self._change(theirs.id, state=ConversationState.RESOLVED, joined=ours.id, ring_at=None)
        self._change(ours.id, **_fields(after))
        return joined

    def _part(self, joined: _Joined) -> None:
        holders = heirs(self._transaction, _columns.joined, joined.into)
        self._take_back(tables.messages, joined.gone, joined.messages, holders)
        due = tables.turns.c.state == TurnState.DUE
        self._take_back(tables.turns, joined.gone, joined.turns, holders, due)
        ring = _columns.snoozed_until if joined.state is ConversationState.SNOOZED else None
        self._change(joined.gone, state=joined.state, joined=None, ring_at=ring)
        now = self._threads.one(_columns.id == joined.into, lock=Lock.WAIT)
        assert now is not None, "conversations stay"
        self._change(joined.into, **_without(_shown(now), joined))

    def _shift(
        self, table: Table, origin: UUID, to: UUID, *where: ColumnElement[bool]
    ) -> tuple[UUID, ...]:
        mine = (table.c.tenant_id == self._transaction.tenant, table.c.conversation_id == origin)
        moved = update(table).where(*mine, *where).values(conversation_id=to).returning(table.c.id)
        return tuple(sorted(self._transaction.run(moved).scalars()))

    def _take_back(
        self,
        table: Table,
        to: UUID,
        ids: Sequence[UUID],
        holders: Sequence[UUID],
        *where: ColumnElement[bool],
    ) -> None:
        theirs = (
            table.c.tenant_id == self._transaction.tenant,
            table.c.id == any_(literal([*ids], ARRAY(Uuid()))),
            table.c.conversation_id.in_(holders),
        )
        self._transaction.run(update(table).where(*theirs, *where).values(conversation_id=to))

    def _has_turn_due(self, conversation: UUID) -> ColumnElement[bool]:
        other = tables.turns.alias("other")
        return exists().where(
            other.c.tenant_id == self._transaction.tenant,
            other.c.conversation_id == conversation,
            other.c.state == TurnState.DUE,
        )

    def _change(self, conversation: UUID, **to: Any) -> None:
        """Its version rises: whoever has read it before must read it again."""
        self._threads.change(_columns.id == conversation, version=_columns.version + 1, **to)


def heirs(transaction: Transaction, link: Column[Any], first: UUID) -> Sequence[UUID]:
    """That row's id and those that its link leads to, one after the other."""
    table, found = link.table, [first]
    while True:
        here = (table.c.tenant_id == transaction.tenant, table.c.id == found[-1])
        following = transaction.run(select(link).where(*here)).scalar_one_or_none()
        if following is None:
            return found
        found.append(following)


def _shown(thread: Conversation) -> _Shown:
    return _Shown(*(getattr(thread, name) for name in _Shown.__slots__))


def _fields(shown: _Shown) -> dict[str, Any]:
    return {name: getattr(shown, name) for name in _Shown.__slots__}


def _both(one: Conversation, other: Conversation) -> _Shown:
    """What a conversation shows of the messages of two."""
    latest = max(one, other, key=lambda thread: thread.last_activity_at)
    inbound = [t.last_inbound_at for t in (one, other) if t.last_inbound_at is not None]
    unread = one.unread + other.unread
    return _Shown(latest.last_activity_at, max(inbound, default=None), latest.preview, unread)


def _without(now: _Shown, joined: _Joined) -> dict[str, Any]:
    """What it shows once the other's messages are gone; what has changed since then stays."""
    before, after = _fields(joined.before), _fields(joined.after)
    fields = {
        name: before[name] if value == after[name] else value
        for name, value in _fields(now).items()
    }
    if now.unread > joined.after.unread:
        fields["unread"] = now.unread - joined.unread
    return fields
