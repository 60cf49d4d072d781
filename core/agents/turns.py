"""Turns: the agent's work items, and the record of what it did and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from core.shared.paging import Slice


class TurnState(StrEnum):
    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Given up; a person has the conversation."""


class Outcome(StrEnum):
    ANSWERED = "answered"
    ASKED = "asked"
    """It asked for proof of the order."""
    CLARIFIED = "clarified"
    """It was unsure and offered what it guessed."""
    HANDED_OVER = "handed_over"
    SUGGESTED = "suggested"
    """Not autonomous: what it would have done waits for a person."""
    NOTHING = "nothing"
    """There was nothing left to answer."""


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Turn:
    id: UUID
    conversation_id: UUID
    created_at: datetime
    due_at: datetime
    state: TurnState = TurnState.DUE
    attempts: int = 0
    lease_until: datetime | None = None
    finished_at: datetime | None = None
    outcome: Outcome | None = None
    verdict: Verdict | None = None
    """What a person made of a suggestion."""
    record: Mapping[str, Any] = field(default_factory=dict)
    """Everything about it, as core.agents.record writes it."""
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class TurnFilter:
    conversation_id: UUID | None = None
    outcome: Outcome | None = None


class TurnStore(Protocol):
    def owe(self, turn: Turn) -> UUID:
        """Owe the conversation a turn; one that is already due serves, and its id is answered."""

    def add(self, turn: Turn) -> None:
        """Keep a turn that was made at once."""

    def get(self, id: UUID) -> Turn | None:
        """Locks the row."""

    def claim(self, id: UUID, now: datetime, until: datetime) -> Turn | None:
        """Lease a turn that is due, or whose lease ran out; None when there is nothing to do.

        Only one turn of a conversation runs at a time.
        """

    def save(self, turn: Turn) -> None: ...

    def list(self, only: TurnFilter, *, cursor: str | None, limit: int) -> Slice[Turn]:
        """Newest first, of those that are done."""
