"""Messages and the ledger of what became of the ones we sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from core.shared.paging import Slice


class Direction(StrEnum):
    IN = "in"
    OUT = "out"
    NOTE = "note"
    """Private: never leaves the house."""


class SendState(StrEnum):
    """What became of a message. Outbound states only rise; see raised()."""

    RECEIVED = "received"
    """Inbound, and notes."""
    QUEUED = "queued"
    ACCEPTED = "accepted"
    """The vendor took it; whether it was sent we hear later."""
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


_RANK = {
    SendState.QUEUED: 0,
    SendState.UNKNOWN: 1,
    SendState.ACCEPTED: 2,
    SendState.SENT: 3,
    SendState.DELIVERED: 4,
    SendState.READ: 5,
}


def raised(now: SendState, reported: SendState) -> SendState:
    """The state after a report: never backwards, and FAILED only before it was delivered.

    A delivery that is reported after a failure is believed: the person has the message.
    """
    if now is SendState.RECEIVED:
        return now
    if reported is SendState.FAILED:
        return now if now in (SendState.DELIVERED, SendState.READ) else SendState.FAILED
    if now is SendState.FAILED:
        return reported if reported in (SendState.DELIVERED, SendState.READ) else now
    return reported if _RANK[reported] > _RANK[now] else now


@dataclass(frozen=True, slots=True)
class Message:
    id: UUID
    conversation_id: UUID
    installation_id: UUID
    direction: Direction
    author: str
    """`contact`, `agent` (the AI), `outside` (the business's own phone) or a person's id."""
    kind: str
    """As in core.conversations.content: text, image, voice, location, choice, template …"""
    text: str
    """What can be read and searched: the text, a caption, a button's title."""
    sent_at: datetime
    """The vendor's time where it gave one."""
    created_at: datetime
    state: SendState
    content: Mapping[str, Any] = field(default_factory=dict)
    """Everything else of that kind."""
    external_id: str | None = None
    reply_to: str | None = None
    """The vendor's id of the message it answers."""
    error: str | None = None
    turn_id: UUID | None = None
    """The agent's turn that wrote it: its evidence stands there."""
    edited_at: datetime | None = None
    revoked_at: datetime | None = None
    reactions: Mapping[str, str] = field(default_factory=dict)
    """Who to which emoji."""
    answered: bool = False
    """Inbound: whether an answer to it was written, by whomever."""


@dataclass(frozen=True, slots=True)
class Attachment:
    id: UUID
    message_id: UUID
    kind: str
    mime: str
    ref: str
    """What the channel fetches it by."""
    filename: str | None = None
    path: str | None = None
    """Where our own copy is; None until it is fetched."""
    size: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery report that came before we knew the message it is about."""

    installation_id: UUID
    external_id: str
    state: SendState
    at: datetime
    reason: str | None = None


class MessageStore(Protocol):
    def add(self, message: Message) -> bool:
        """Keep it; False when its connection has one with this external id or this id already."""

    def get(self, id: UUID) -> Message | None:
        """Locks the row."""

    def by_external(self, installation: UUID, external_id: str) -> Message | None:
        """Locks the external id until the work ends (whether there is a row or not), then the row.

        So a report either finds its message or is found by it.
        """

    def save(self, message: Message) -> None: ...

    def list(self, conversation: UUID, *, cursor: str | None, limit: int) -> Slice[Message]:
        """Newest first by sent_at."""

    def answer(
        self,
        conversation: UUID,
        *,
        only: Sequence[UUID] | None = None,
        until: datetime | None = None,
    ) -> None:
        """What came in counts as answered: all of it, `only` these, or what was sent `until`."""

    def unanswered(self, conversation: UUID, limit: int) -> Sequence[Message]:
        """Inbound messages that nobody has answered, oldest first."""

    def add_attachment(self, attachment: Attachment) -> None: ...

    def attachment(self, id: UUID) -> Attachment | None: ...

    def attachments(self, messages: Sequence[UUID]) -> Sequence[Attachment]: ...

    def save_attachment(self, attachment: Attachment) -> None: ...

    def keep_report(self, report: Report) -> None: ...

    def take_reports(self, installation: UUID, external_id: str) -> Sequence[Report]:
        """Reports kept for that id, oldest first; they are kept no longer.

        Locks the external id as by_external() does.
        """
