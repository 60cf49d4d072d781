"""The identity gate: nobody hears about an order before proving that it is theirs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

CONTACT_TRIES = 5
CONTACT_SPAN = timedelta(hours=24)
TENANT_TRIES = 300
TENANT_SPAN = timedelta(hours=1)


class GateStore(Protocol):
    def proven(self, contact: UUID) -> set[tuple[UUID, str]]:
        """(connection, order number) pairs that the contact has proven."""

    def add_proof(
        self, contact: UUID, installation: UUID, number: str, how: str, now: datetime
    ) -> None: ...

    def add_guess(self, contact: UUID, now: datetime) -> None:
        """A wrong guess."""

    def guesses(self, contact: UUID | None, since: datetime) -> int:
        """Wrong guesses of the contact, or with None of the whole tenant."""
