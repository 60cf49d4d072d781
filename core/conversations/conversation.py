"""A conversation: one thread with one contact on one connection. At most one is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from core.shared.paging import Slice


class ConversationState(StrEnum):
    OPEN = "open"
    PENDING = "pending"
    """Waiting for somebody outside; not in the way."""
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    """Closed: the contact's next message opens a new one."""


class Handler(StrEnum):
    AGENT = "agent"
    """The AI reads and answers or suggests."""
    PERSON = "person"
    """Handed over: the AI keeps quiet until a person gives it back."""


@dataclass(frozen=True, slots=True)
class Handover:
    """What a person needs to take over."""

    reason: str
    summary: str
    tried: Sequence[str]
    missing: Sequence[str]
    at: datetime
    turn_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    id: UUID
    contact_id: UUID
    installation_id: UUID
    created_at: datetime
    last_activity_at: datetime
    state: ConversationState = ConversationState.OPEN
    handler: Handler = Handler.AGENT
    assignee: str | None = None
    """The id of the member who is to answer."""
    labels: tuple[str, ...] = ()
    preview: str = ""
    """The last message, shortened."""
    unread: int = 0
    """Inbound messages since a person or the agent last answered."""
    last_inbound_at: datetime | None = None
    """Opens the channel's reply window."""
    snoozed_until: datetime | None = None
    handover: Handover | None = None
    failures: int = 0
    """Tries in a row that did not help; at three a person takes over."""
    awaits: Mapping[str, Any] = field(default_factory=dict)
    """What the agent asked for last: empty, or the intents that wait for proof of an order."""
    version: int = 1
    team: UUID | None = None

    def takes_free_text(self, window: timedelta | None, now: datetime) -> bool:
        """Whether the channel's reply window is open; `window` None is always open."""
        if window is None:
            return True
        return self.last_inbound_at is not None and now < self.last_inbound_at + window


@dataclass(frozen=True, slots=True)
class ConversationFilter:
    state: ConversationState | None = None
    handler: Handler | None = None
    assignee: str | None = None
    """`none` asks for those of nobody."""
    label: str | None = None
    installation_id: UUID | None = None
    contact_id: UUID | None = None
    team: UUID | None = None


class ConversationStore(Protocol):
    def get(self, id: UUID, *, lock: bool = False) -> Conversation | None: ...

    def current(self, contact: UUID, installation: UUID) -> Conversation | None:
        """The one that is not resolved; locked."""

    def add(self, conversation: Conversation) -> None:
        """Conflict when the contact has an unresolved one on this connection."""

    def save(self, conversation: Conversation) -> None:
        """Conflict when it was changed meanwhile (its version is not one less)."""

    def list(
        self, only: ConversationFilter, *, cursor: str | None, limit: int
    ) -> Slice[Conversation]:
        """Latest activity first."""

    def counts(self) -> Mapping[str, int]:
        """Unresolved ones: `open`, `pending`, `snoozed`, `unassigned`, `with_person`."""
