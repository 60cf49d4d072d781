"""Carriers: where a parcel is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ports.events import Event


class ParcelState(StrEnum):
    ANNOUNCED = "announced"
    """The carrier knows of it but has not seen it."""
    ACCEPTED = "accepted"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERY_FAILED = "delivery_failed"
    WAITS_FOR_CUSTOMER = "waits_for_customer"
    """At a branch or locker, for the customer to collect or decide."""
    DELIVERED = "delivered"
    RETURNING = "returning"
    RETURNED = "returned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Scan:
    """One movement, as the carrier tells it."""

    at: datetime
    vendor_word: str
    state: ParcelState
    place: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    number: str
    state: ParcelState
    vendor_state: str
    scans: tuple[Scan, ...]
    """Oldest first."""
    reason: str | None = None
    """Why it was not delivered, in words for people."""
    delivered_at: datetime | None = None
    delivered_to: str | None = None
    destination: str | None = None
    """The branch it is going to."""
    link: str | None = None
    """The carrier's public page; safe to send to the customer."""


@dataclass(frozen=True, slots=True)
class ParcelMoved(Event):
    number: str
    """Movements are hints: the house asks track() before it believes them."""


class Carrier(Protocol):
    def track(self, number: str) -> Parcel | None:
        """The parcel of a tracking number or of the sender's own code; None when not known.

        A state we cannot map is UNKNOWN and its word is kept, never dropped.
        """
