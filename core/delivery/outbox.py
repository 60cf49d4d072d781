"""The outbox: effects written down before they happen, in order within a mailbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from core.shared.paging import Slice


class OwedState(StrEnum):
    READY = "ready"
    SENDING = "sending"
    UNKNOWN = "unknown"
    """The call may have acted: it waits to be looked up and is never repeated."""
    PARKED = "parked"
    """A person must act; what stands behind it in the mailbox waits."""
    SENT = "sent"
    DEAD = "dead"
    """Given up; the next in the mailbox goes on."""


class Cause(StrEnum):
    """Why a row is parked."""

    DOUBT = "doubt"
    """Nobody could tell what became of it."""
    INSTALLATION = "installation"
    """The connection is off or its credentials are refused; it goes on when that is mended."""


@dataclass(frozen=True, slots=True)
class Owed:
    """One effect that we owe a vendor. Its id is the idempotency key, for ever."""

    id: UUID
    mailbox: str
    installation_id: UUID
    kind: str
    payload: Mapping[str, Any]
    repeatable: bool
    """Whether doing it twice does no harm."""
    due_at: datetime
    created_at: datetime
    state: OwedState = OwedState.READY
    attempts: int = 0
    lease_until: datetime | None = None
    cause: Cause | None = None
    error: str | None = None
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class OwedFilter:
    state: OwedState | None = None
    installation_id: UUID | None = None
    message_id: UUID | None = None


class OutboxStore(Protocol):
    def add(self, owed: Owed) -> None:
        """Append to its mailbox. Two writers to one mailbox cannot appear out of order."""

    def head(self, mailbox: str) -> Owed | None:
        """Lock the first unfinished row of a mailbox; None when it is empty or held by another."""

    def get(self, id: UUID) -> Owed | None:
        """Locks the row."""

    def save(self, owed: Owed) -> None: ...

    def unpark(self, installation_id: UUID, now: datetime) -> int:
        """Make rows ready that waited for the connection to be mended; answers how many."""

    def list(self, only: OwedFilter, *, cursor: str | None, limit: int) -> Slice[Owed]:
        """Newest first."""


def claimed(owed: Owed, now: datetime, until: datetime) -> Owed | None:
    """The head of a mailbox as it moves on at this moment; None when it must wait.

    READY and due becomes SENDING with a lease `until` that moment. A lease that ran out becomes
    SENDING again where repeating is harmless and UNKNOWN otherwise. UNKNOWN whose time is up stays
    UNKNOWN: the caller looks it up.
    """
    if owed.state is OwedState.READY and owed.due_at <= now:
        return _sending(owed, until)
    if owed.state is OwedState.SENDING and owed.lease_until and owed.lease_until <= now:
        if owed.repeatable:
            return _sending(owed, until)
        return replace(
            owed,
            state=OwedState.UNKNOWN,
            lease_until=None,
            due_at=now,
            error="the worker died during the call",
        )
    if owed.state is OwedState.UNKNOWN and owed.due_at <= now:
        return owed
    return None


def _sending(owed: Owed, until: datetime) -> Owed:
    return replace(owed, state=OwedState.SENDING, attempts=owed.attempts + 1, lease_until=until)
