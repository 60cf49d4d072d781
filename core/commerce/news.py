"""What shops and carriers tell us, applied: orders kept and linked, parcels followed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from core.commerce.parcels import Followed
from core.conversations.contacts import EVERYWHERE, Known
from core.shared.work import Work
from core.tenancy.flags import enabled
from core.tenancy.installations import Installation
from ports.clock import Clock
from ports.events import Event
from ports.families.carrier import ParcelMoved
from ports.families.marketplace import Order, OrderChanged, PackageState

TRAVELLING = frozenset({PackageState.SHIPPED, PackageState.AT_PICKUP_POINT})


@dataclass(frozen=True, slots=True)
class Trade:
    """Applies a shop's or carrier's event inside the caller's unit of work. Twice is as once."""

    clock: Clock

    def __call__(self, event: Event, installation: Installation, work: Work) -> bool:
        """False for an event that is neither a shop's nor a carrier's."""
        match event:
            case OrderChanged(order):
                self.keep(order, installation, work)
            case ParcelMoved(number):
                self._rush(number, installation, work)
            case _:
                return False
        return True

    def _rush(self, number: str, carrier: Installation, work: Work) -> None:
        """A movement is a hint: the carrier is asked now. Parcels that ended stay ended."""
        followed = work.parcels.get(carrier.id, number)
        if followed and followed.due_at:
            work.parcels.save(replace(followed, due_at=self.clock.now()))

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
