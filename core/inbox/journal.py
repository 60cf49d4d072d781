"""The journal of deliveries: what came, what became of it, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from core.shared.paging import Slice
from ports.webhooks import RawWebhook


class EntryState(StrEnum):
    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"
    """Known and skipped, with the reason."""
    UNREADABLE = "unreadable"
    """Of a shape we do not know; kept for replay once we do."""
    UNROUTED = "unrouted"
    """For a vendor account that no tenant has connected; only in the operator's journal."""
    FAILED = "failed"
    """Given up after the last attempt; kept for replay."""


@dataclass(frozen=True, slots=True)
class Entry:
    id: UUID
    installation_id: UUID
    plugin_id: str
    dedupe_key: str
    webhook: RawWebhook
    received_at: datetime
    state: EntryState = EntryState.RECEIVED
    reason: str | None = None
    attempts: int = 0
    due_at: datetime | None = None
    processed_at: datetime | None = None
    replays: int = 0
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class EntryFilter:
    state: EntryState | None = None
    plugin_id: str | None = None
    installation_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Which tenant has connected a vendor account."""

    tenant_id: UUID
    installation_id: UUID


class InboxStore(Protocol):
    def add(self, entry: Entry) -> bool:
        """Keep it; False when its installation has one with this dedupe key already."""

    def get(self, id: UUID) -> Entry | None: ...

    def claim(self, id: UUID) -> Entry | None:
        """Lock an entry that waits to be read; None when it is done or another worker has it."""

    def save(self, entry: Entry) -> None: ...

    def list(self, only: EntryFilter, *, cursor: str | None, limit: int) -> Slice[Entry]:
        """Newest first."""

    def ids(self, only: EntryFilter, limit: int) -> Sequence[UUID]:
        """Oldest first."""

    def route(self, plugin_id: str, account: str) -> Route | None:
        """Who has connected that account, whichever tenant it is."""
