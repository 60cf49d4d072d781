"""Marketplaces and shops: where orders, returns and product questions come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar, runtime_checkable

from ports.events import Event
from ports.settings import Secret
from ports.values import Money

T_co = TypeVar("T_co", covariant=True)


class PackageState(StrEnum):
    PENDING = "pending"
    """Not yet confirmed: it may still vanish."""
    CREATED = "created"
    PICKING = "picking"
    INVOICED = "invoiced"
    SHIPPED = "shipped"
    AT_PICKUP_POINT = "at_pickup_point"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    """Split or replaced: look at the packages that came in its place."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    title: str
    quantity: int
    unit_price: Money
    sku: str | None = None
    barcode: str | None = None
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Tracking:
    number: str | None
    link: str | None
    carrier: str | None
    """The id of the carrier plugin that can follow it; None when we know none."""
    carrier_name: str


@dataclass(frozen=True, slots=True)
class Package:
    """What travels together. Its id may be retired by the vendor and replaced by others."""

    id: str
    state: PackageState
    vendor_state: str
    modified_at: datetime
    lines: tuple[Line, ...]
    total: Money
    tracking: Tracking | None = None
    promised_by: datetime | None = None
    """When the customer was told to expect it."""
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Buyer:
    id: str | None
    name: str
    phone: str | None = None
    """E.164; None where the vendor withholds it."""
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    city: str | None = None
    district: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order with those of its packages that this answer held; others may exist."""

    number: str
    placed_at: datetime
    buyer: Buyer
    destination: Destination
    packages: tuple[Package, ...]


class ClaimState(StrEnum):
    OPENED = "opened"
    AWAITS_SELLER = "awaits_seller"
    IN_REVIEW = "in_review"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DISPUTED = "disputed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ClaimItem:
    id: str
    line_id: str
    title: str
    state: ClaimState
    vendor_state: str
    reason: str
    customer_note: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A customer's return, item by item."""

    id: str
    order_number: str
    opened_at: datetime
    modified_at: datetime
    items: tuple[ClaimItem, ...]
    tracking: Tracking | None = None


class QuestionState(StrEnum):
    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Question:
    """A shopper's question on a product page."""

    id: str
    text: str
    asked_at: datetime
    state: QuestionState
    vendor_state: str
    product: str
    asker: str | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    items: Sequence[T_co]
    cursor: str | None
    """Where to go on; None ends the list."""


@dataclass(frozen=True, slots=True)
class OrderChanged(Event):
    order: Order


class Marketplace(Protocol):
    def orders_changed_since(self, since: datetime, cursor: str | None = None) -> Page[Order]:
        """Every order with a package changed at or after `since`; paging ends.

        Overlap is allowed, gaps are not. A `since` older than the vendor remembers starts where
        its memory does. The cursor is sent back with the same `since`.
        """

    def find_order(self, number: str) -> Order | None:
        """The order with all its packages that the vendor still knows; None when there is none."""


@runtime_checkable
class ListsClaims(Protocol):
    def claims_changed_since(self, since: datetime, cursor: str | None = None) -> Page[Claim]:
        """Like orders_changed_since, for returns."""


@runtime_checkable
class ListsQuestions(Protocol):
    def questions_changed_since(self, since: datetime, cursor: str | None = None) -> Page[Question]:
        """Like orders_changed_since, for product questions."""


@dataclass(frozen=True, slots=True)
class Subscription:
    id: str
    url: str
    active: bool


@runtime_checkable
class SubscribesWebhooks(Protocol):
    def subscribe(self, url: str, secret: Secret) -> Subscription:
        """Have changes posted to `url`, proven by `secret`; an equal subscription is reused."""

    def subscriptions(self) -> Sequence[Subscription]:
        """Ours and others' on this account."""

    def unsubscribe(self, id: str) -> None:
        """Stop it; an unknown id is fine."""
