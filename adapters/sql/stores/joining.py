"""Two open conversations of one person on one channel become one; and become two again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Row,
    Table,
    Uuid,
    any_,
    exists,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.sql import tables
from adapters.sql.codec import from_json, to_json
from adapters.sql.transaction import Transaction
from core.agents.turns import TurnState
from core.conversations.conversation import ConversationState

_threads = tables.conversations.c


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
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def join(self, kept: UUID, merged: UUID) -> Sequence[str]:
        """Let the merged contact's open conversations go into the kept one's, where it has one.

        Their messages go along, and the turn that is due for them unless there is one already.
        """
        return tuple(json.dumps(to_json(self._join(*pair))) for pair in self._pairs(kept, merged))

    def part(self, joined: Sequence[str]) -> None:
        """Undo join(): what was written since then stays where it was written."""
        for text in joined:
            self._part(from_json(_Joined, json.loads(text)))

    def _pairs(self, kept: UUID, merged: UUID) -> Sequence[tuple[Row[*tuple[object, ...]], ...]]:
        """(theirs, ours) on each channel where both have one that is not resolved; locked."""
        unresolved = (
            select(tables.conversations)
            .where(
                _threads.tenant_id == self._transaction.tenant,
                _threads.contact_id.in_([kept, merged]),
                _threads.state != ConversationState.RESOLVED,
            )
            .order_by(_threads.id)
            .with_for_update(key_share=True)
        )
        rows = self._transaction.run(unresolved).all()
        ours = {row.installation_id: row for row in rows if row.contact_id == kept}
        theirs = [row for row in rows if row.contact_id == merged]
        return [(row, ours[row.installation_id]) for row in theirs if row.installation_id in ours]

    def _join(self, theirs: Row[*tuple[object, ...]], ours: Row[*tuple[object, ...]]) -> _Joined:
        before, news = _shown(ours), _shown(theirs)
        newer = max(before, news, key=lambda shown: shown.last_activity_at)
        inbound = [m for m in (before.last_inbound_at, news.last_inbound_at) if m]
        after = _Shown(
            newer.last_activity_at,
            max(inbound, default=None),
            newer.preview,
            before.unread + news.unread,
        )
        due = (tables.turns.c.state == TurnState.DUE, ~self._has_turn_due(ours.id))
        joined = _Joined(
            theirs.id,
            ours.id,
            ConversationState(theirs.state),
            news.unread,
            before,
            after,
            messages=self._shift(tables.messages, theirs.id, ours.id),
            turns=self._shift(tables.turns, theirs.id, ours.id, *due),
        )
        gone = {"state": ConversationState.RESOLVED, "joined": ours.id, "ring_at": None}
        self._change(theirs.id, **gone)
        self._change(ours.id, **{name: getattr(after, name) for name in _Shown.__slots__})
        return joined

    def _part(self, joined: _Joined) -> None:
        holders = heirs(self._transaction, _threads.joined, joined.into)
        self._take_back(tables.messages, joined.gone, joined.messages, holders)
        still = tables.turns.c.state == TurnState.DUE
        self._take_back(tables.turns, joined.gone, joined.turns, holders, still)
        asleep = joined.state is ConversationState.SNOOZED
        ring = _threads.snoozed_until if asleep else None
        self._change(joined.gone, state=joined.state, joined=None, ring_at=ring)
        mine = (_threads.tenant_id == self._transaction.tenant, _threads.id == joined.into)
        now = _shown(self._transaction.run(select(tables.conversations).where(*mine)).one())
        back = {
            name: getattr(joined.before, name)
            for name in ("last_activity_at", "last_inbound_at", "preview")
            if getattr(now, name) == getattr(joined.after, name)
        }
        answered = now.unread < joined.after.unread
        unread = now.unread if answered else now.unread - joined.unread
        self._change(joined.into, unread=unread, **back)

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

    def _change(self, conversation: UUID, **to: object) -> None:
        """Its version rises: whoever has read it before must read it again."""
        mine = (_threads.tenant_id == self._transaction.tenant, _threads.id == conversation)
        changed = update(tables.conversations).where(*mine)
        self._transaction.run(changed.values(version=_threads.version + 1, **to))


def _shown(row: Row[*tuple[object, ...]]) -> _Shown:
    return _Shown(*(row._mapping[name] for name in _Shown.__slots__))


def heirs(transaction: Transaction, link: Column[Any], first: UUID) -> Sequence[UUID]:
    """That row's id and those that its link leads to, one after the other."""
    table, found = link.table, [first]
    while True:
        here = (table.c.tenant_id == transaction.tenant, table.c.id == found[-1])
        following = transaction.run(select(link).where(*here)).scalar_one_or_none()
        if following is None:
            return found
        found.append(following)
