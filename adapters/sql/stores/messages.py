"""Messages, what hangs on them, and reports that came too early."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete

from adapters.sql import tables
from adapters.sql.cursors import Keyset
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows, word
from adapters.sql.transaction import Transaction
from core.conversations.message import Attachment, Direction, Message, Report
from core.shared.paging import Slice

_MESSAGE = Mapper(Message, tables.messages)
_ATTACHMENT = Mapper(Attachment, tables.attachments)
_REPORT = Mapper(Report, tables.reports)
_NEWEST = Keyset(tables.messages.c.sent_at, tables.messages.c.position)


class Messages:
    """Fulfils core.conversations.message.MessageStore.

    Whoever asks for a vendor's id holds that id, be there a message or not: a report and the
    answer that tells us the id cannot miss each other.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, _MESSAGE)
        self._attachments = Rows(transaction, _ATTACHMENT)
        self._reports = Rows(transaction, _REPORT)

    def add(self, message: Message) -> bool:
        return self._rows.add(message)

    def get(self, id: UUID) -> Message | None:
        return self._rows.one(tables.messages.c.id == id, lock=Lock.WAIT)

    def by_external(self, installation: UUID, external_id: str) -> Message | None:
        self._hold(installation, external_id)
        messages = tables.messages.c
        return self._rows.one(
            messages.installation_id == installation,
            messages.external_id == external_id,
            lock=Lock.WAIT,
        )

    def save(self, message: Message) -> None:
        self._rows.save(message)

    def list(self, conversation: UUID, *, cursor: str | None, limit: int) -> Slice[Message]:
        here = tables.messages.c.conversation_id == conversation
        return self._rows.page(_NEWEST, cursor, limit, here)

    def answer(
        self,
        conversation: UUID,
        *,
        only: Sequence[UUID] | None = None,
        until: datetime | None = None,
    ) -> None:
        messages = tables.messages.c
        meant: list[ColumnElement[bool]] = []
        if only is not None:
            meant.append(messages.id.in_(only))
        if until is not None:
            meant.append(messages.sent_at <= until)
        self._rows.change(*self._waiting(conversation), *meant, answered=True)

    def unanswered(self, conversation: UUID, limit: int) -> Sequence[Message]:
        messages = tables.messages.c
        waiting = self._rows.select(*self._waiting(conversation))
        return self._rows.all(waiting.order_by(messages.sent_at, messages.position).limit(limit))

    def _waiting(self, conversation: UUID) -> Sequence[ColumnElement[bool]]:
        messages = tables.messages.c
        inbound = messages.direction == word(Direction.IN)
        return (messages.conversation_id == conversation, inbound, ~messages.answered)

    def add_attachment(self, attachment: Attachment) -> None:
        self._attachments.add(attachment)

    def attachment(self, id: UUID) -> Attachment | None:
        return self._attachments.one(tables.attachments.c.id == id)

    def attachments(self, messages: Sequence[UUID]) -> Sequence[Attachment]:
        theirs = self._attachments.select(tables.attachments.c.message_id.in_(messages))
        return self._attachments.all(theirs.order_by(tables.attachments.c.id))

    def save_attachment(self, attachment: Attachment) -> None:
        self._attachments.save(attachment)

    def keep_report(self, report: Report) -> None:
        self._hold(report.installation_id, report.external_id)
        self._reports.add(report)

    def take_reports(self, installation: UUID, external_id: str) -> Sequence[Report]:
        self._hold(installation, external_id)
        reports = tables.reports.c
        taken = (
            delete(tables.reports)
            .where(
                reports.tenant_id == self._transaction.tenant,
                reports.installation_id == installation,
                reports.external_id == external_id,
            )
            .returning(*reports)
        )
        rows = sorted(self._transaction.run(taken), key=lambda row: (row.at, row.position))
        return [_REPORT.value(row) for row in rows]

    def _hold(self, installation: UUID, external_id: str) -> None:
        self._transaction.lock(f"external:{installation}:{external_id}")
