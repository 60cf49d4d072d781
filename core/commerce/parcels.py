"""Parcels that we follow at the carrier while they travel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from ports.families.carrier import Parcel


@dataclass(frozen=True, slots=True)
class Followed:
    carrier_id: UUID
    """The carrier's connection."""
    number: str
    order_installation_id: UUID
    order_number: str
    due_at: datetime | None
    """When to ask next; None when its journey has ended."""
    parcel: Parcel | None = None
    checked_at: datetime | None = None
    failures: int = 0


class ParcelStore(Protocol):
    def follow(self, followed: Followed) -> None:
        """Begin to follow it; one that is followed already stays as it is."""

    def get(self, carrier: UUID, number: str) -> Followed | None:
        """Locks the row."""

    def save(self, followed: Followed) -> None: ...

    def of_order(self, installation: UUID, number: str) -> Sequence[Followed]: ...
