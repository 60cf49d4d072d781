"""Letters we owe to people: mails, and codes to phones. Written down before they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class LetterState(StrEnum):
    READY = "ready"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


class Medium(StrEnum):
    MAIL = "mail"
    PHONE = "phone"
    """Through a channel of the seller's; sent at most once."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What it says and to whom is sealed by the vault for the realm and the letter."""

    id: UUID
    medium: Medium
    kind: str
    """`invitation`, `reset`, `new_device`…: what metrics may show of it."""
    sealed: bytes
    due_at: datetime
    created_at: datetime
    channel: UUID | None = None
    """The installation that sends it to a phone."""
    state: LetterState = LetterState.READY
    attempts: int = 0
    lease_until: datetime | None = None
    error: str | None = None


class LetterStore(Protocol):
    """Of the realm: a person's own, or the seller's."""

    def get(self, id: UUID) -> Letter | None:
        """Locks it."""

    def add(self, letter: Letter) -> None:
        """The work rings when it is committed."""

    def save(self, letter: Letter) -> None: ...
