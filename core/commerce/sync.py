"""Polling a shop: what its webhooks missed comes in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

STREAMS = ("orders", "claims", "questions")
EVERY = {
    "orders": timedelta(minutes=5),
    "claims": timedelta(minutes=15),
    "questions": timedelta(minutes=5),
}
OVERLAP = timedelta(minutes=10)
"""How far each round reaches back behind the last one's start."""
FIRST_REACH = timedelta(days=14)
LEASE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SyncState:
    installation_id: UUID
    stream: str
    due_at: datetime
    since: datetime | None = None
    """The window of the round that is under way or comes next."""
    cursor: str | None = None
    """Where the round goes on; None starts it."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    """When the last whole round ended."""
    lease_until: datetime | None = None
    error: str | None = None
    failures: int = 0
    seen: int = 0
    """Items of the last whole round."""


class SyncStore(Protocol):
    def begin(self, state: SyncState) -> None:
        """Add a stream to poll; one that exists stays as it is."""

    def claim(self, installation: UUID, stream: str, now: datetime) -> SyncState | None:
        """Lock and lease a stream that is due; None when it is not or another worker has it."""

    def save(self, state: SyncState) -> None: ...

    def of(self, installation: UUID) -> Sequence[SyncState]: ...

    def stop(self, installation: UUID) -> None: ...

    def rush(self, installation: UUID, now: datetime) -> None:
        """Make all its streams due."""
