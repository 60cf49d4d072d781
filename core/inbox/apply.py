"""Events to use cases: the one table of who hears what."""

from __future__ import annotations

from dataclasses import dataclass

from core.commerce.news import Trade
from core.conversations.hear import Hear
from core.inbox.journal import Entry
from core.shared.work import Work
from core.tenancy.installations import Installation
from ports.errors import Unreadable
from ports.events import Event


@dataclass(frozen=True, slots=True)
class Apply:
    hear: Hear
    trade: Trade

    def __call__(self, event: Event, installation: Installation, work: Work, entry: Entry) -> None:
        """Apply the event inside the work; Unreadable for one that nobody hears."""
        correlation = entry.correlation_id or str(entry.id)
        if self.hear(event, installation, work, correlation):
            return
        if self.trade(event, installation, work):
            return
        raise Unreadable(f"nobody hears {type(event).__name__}")
