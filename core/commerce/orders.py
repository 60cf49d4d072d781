"""Orders as we keep them: header by number, packages by id, older news never over newer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.shared.paging import Slice
from ports.families.marketplace import Claim, Order, Package, PackageState, Question
from ports.values import Money

_GONE = frozenset({PackageState.SUPERSEDED, PackageState.CANCELLED})


@dataclass(frozen=True, slots=True)
class StoredOrder:
    installation_id: UUID
    order: Order
    contact_id: UUID | None
    seen_at: datetime
    """When the shop last told us."""

    @property
    def live_packages(self) -> tuple[Package, ...]:
        """Packages that were not replaced; cancelled ones only when nothing else is left."""
        standing = [p for p in self.order.packages if p.state is not PackageState.SUPERSEDED]
        going = [p for p in standing if p.state not in _GONE]
        return tuple(going or standing)

    @property
    def total(self) -> Money | None:
        """What the buyer pays for all packages that stand."""
        totals = [p.total for p in self.live_packages]
        if not totals or len({t.currency for t in totals}) > 1:
            return None
        return Money(sum(t.minor for t in totals), totals[0].currency)


class OrderStore(Protocol):
    def upsert(self, installation: UUID, order: Order, contact: UUID | None, now: datetime) -> bool:
        """Merge the order: each package only when its modified_at is not older than ours.

        A package that another one replaces becomes SUPERSEDED. A contact once known stays. Answers
        whether anything changed.
        """

    def get(self, installation: UUID, number: str) -> StoredOrder | None: ...

    def by_number(self, number: str) -> Sequence[StoredOrder]:
        """The orders of that number in all shops of the tenant."""

    def of_contact(self, contact: UUID, phones: Sequence[str], limit: int) -> Sequence[StoredOrder]:
        """Orders linked to the contact or placed with one of the phones, newest first."""

    def list(self, *, cursor: str | None, limit: int) -> Slice[StoredOrder]:
        """Newest first."""

    def link(self, installation: UUID, number: str, contact: UUID) -> None:
        """Say whose order it is."""

    def upsert_claim(self, installation: UUID, claim: Claim) -> bool: ...

    def claims(self, installation: UUID, number: str) -> Sequence[Claim]: ...

    def upsert_question(self, installation: UUID, question: Question) -> bool: ...

    def questions(self, *, cursor: str | None, limit: int) -> Slice[tuple[UUID, Question]]:
        """Newest first, each with its connection."""
