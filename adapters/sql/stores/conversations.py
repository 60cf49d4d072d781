"""Conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from adapters.sql import tables
from adapters.sql.cursors import Keyset
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows, equal, word
from adapters.sql.transaction import Transaction
from core.conversations.conversation import (
    Conversation,
    ConversationFilter,
    ConversationState,
    Handler,
)
from core.shared.errors import Conflict
from core.shared.paging import Slice

_CONVERSATION = Mapper(Conversation, tables.conversations)
_LATEST = Keyset(tables.conversations.c.last_activity_at, tables.conversations.c.id)
_UNRESOLVED = tables.conversations.c.state != word(ConversationState.RESOLVED)


class Conversations:
    """Fulfils core.conversations.conversation.ConversationStore.

    One that was joined to another when their contacts were merged is left out of lists.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, _CONVERSATION)

    def get(self, id: UUID, *, lock: bool = False) -> Conversation | None:
        return self._rows.one(tables.conversations.c.id == id, lock=Lock.WAIT if lock else None)

    def current(self, contact: UUID, installation: UUID) -> Conversation | None:
        threads = tables.conversations.c
        theirs = (threads.contact_id == contact, threads.installation_id == installation)
        return self._rows.one(*theirs, _UNRESOLVED, lock=Lock.WAIT)

    def add(self, conversation: Conversation) -> None:
        if not self._rows.add(conversation, ring_at=_ring(conversation)):
            raise Conflict("the contact has an open conversation here already")

    def save(self, conversation: Conversation) -> None:
        before = tables.conversations.c.version == conversation.version - 1
        if not self._rows.save(conversation, before, ring_at=_ring(conversation)):
            raise Conflict("the conversation was changed meanwhile")

    def list(
        self, only: ConversationFilter, *, cursor: str | None, limit: int
    ) -> Slice[Conversation]:
        whole = tables.conversations.c.joined.is_(None)
        return self._rows.page(_LATEST, cursor, limit, whole, *_meets(only))

    def counts(self) -> Mapping[str, int]:
        threads = tables.conversations.c
        cases = {
            "open": threads.state == ConversationState.OPEN,
            "pending": threads.state == ConversationState.PENDING,
            "snoozed": threads.state == ConversationState.SNOOZED,
            "unassigned": threads.assignee.is_(None),
            "with_person": threads.handler == Handler.PERSON,
        }
        counted = select(*(func.count().filter(case).label(n) for n, case in cases.items()))
        mine = threads.tenant_id == self._transaction.tenant
        row = self._transaction.run(counted.where(mine, _UNRESOLVED)).one()
        return dict(row._mapping)


def _ring(conversation: Conversation) -> datetime | None:
    asleep = conversation.state is ConversationState.SNOOZED
    return conversation.snoozed_until if asleep else None


def _meets(only: ConversationFilter) -> Sequence[ColumnElement[bool]]:
    threads = tables.conversations.c
    nobody = only.assignee == "none"
    wanted = equal(
        (threads.state, only.state),
        (threads.handler, only.handler),
        (threads.assignee, None if nobody else only.assignee),
        (threads.installation_id, only.installation_id),
        (threads.contact_id, only.contact_id),
        (threads.team, only.team),
    )
    unassigned = [threads.assignee.is_(None)] if nobody else []
    labelled = [] if only.label is None else [threads.labels.has_key(only.label)]
    return [*wanted, *unassigned, *labelled]
