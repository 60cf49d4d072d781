"""What a shop tells us about orders, applied: kept, linked to the buyer, parcels followed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from core.commerce.parcels import Followed
from core.conversations.contacts import EVERYWHERE, Known
from core.shared.work import Work
from core.tenancy.flags import enabled
from core.tenancy.installations import Installation
from ports.clock import Clock
from ports.events import Event
from ports.families.marketplace import Order, OrderChanged, PackageState

TRAVELLING = frozenset({PackageState.SHIPPED, PackageState.AT_PICKUP_POINT})


@dataclass(frozen=True, slots=True)
class Trade:
    """Applies a marketplace's event inside the caller's unit of work. Twice changes nothing."""

    clock: Clock

    def __call__(self, event: Event, installation: Installation, work: Work) -> bool:
        """False for an event that is not a marketplace's."""
        if not isinstance(event, OrderChanged):
            return False
        self.keep(event.order, installation, work)
        return True

    def keep(self, order: Order, installation: Installation, work: Work) -> bool:
        """Store the order's news; answers whether there were any."""
        buyer = contact_of(work, [order.buyer.phone] if order.buyer.phone else [])
        changed = work.orders.upsert(installation.id, order, buyer, self.clock.now())
        if enabled("parcels", work.flags):
            self._follow(order, installation, work)
        return changed

    def _follow(self, order: Order, installation: Installation, work: Work) -> None:
        carriers = {i.plugin_id: i for i in work.installations.all() if i.works}
        for package in order.packages:
            tracking = package.tracking
            carrier = carriers.get(tracking.carrier or "") if tracking else None
            if package.state in TRAVELLING and tracking and tracking.number and carrier:
                work.parcels.follow(
                    Followed(
                        carrier.id,
                        tracking.number,
                        installation.id,
                        order.number,
                        due_at=self.clock.now(),
                    )
                )


def contact_of(work: Work, phones: Iterable[str]) -> UUID | None:
    """The contact whom a channel has verified under one of the phones."""
    found = work.contacts.find([Known(EVERYWHERE, "phone", phone) for phone in phones])
    return next(iter(found.values()), None)
