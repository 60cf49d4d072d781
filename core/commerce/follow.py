"""Following parcels: ask the carrier while one travels, and tell the customer when it moves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from core.agents import wording
from core.audit.events import AuditEvent
from core.commerce.parcels import Followed
from core.conversations.conversation import Conversation, ConversationFilter, ConversationState
from core.conversations.write import Reply, Write
from core.shared.actor import Actor, system
from core.shared.errors import Conflict
from core.shared.ids import Ids
from core.shared.work import Work, Works
from core.tenancy.flags import enabled
from core.tenancy.installations import Installation
from core.tenancy.vendors import Vendors
from ports.clock import Clock
from ports.errors import VendorError
from ports.families.carrier import Parcel, ParcelState
from ports.families.channel import Body, OutgoingTemplate, OutgoingText, SendsTemplates

EVERY = timedelta(minutes=30)
SOON = timedelta(minutes=10)
"""For parcels that are with the courier."""
LEASE = timedelta(minutes=5)
FAILURES = 400
"""So many failures in a row, and it is followed no longer."""
ENDED = frozenset({ParcelState.DELIVERED, ParcelState.RETURNED})
TOLD = frozenset(
    {
        ParcelState.OUT_FOR_DELIVERY,
        ParcelState.DELIVERY_FAILED,
        ParcelState.WAITS_FOR_CUSTOMER,
        ParcelState.DELIVERED,
    }
)
"""States that a customer hears about, where the tenant has switched that on."""
TEMPLATE = "parcel_update"
"""The approved template for a closed window: {{1}} order number, {{2}} what happened."""


@dataclass(frozen=True, slots=True)
class Follow:
    works: Works
    vendors: Vendors
    write: Write
    clock: Clock
    ids: Ids

    def __call__(self, tenant: UUID, carrier_id: UUID, number: str) -> ParcelState | None:
        """Ask for one parcel that is due; None when there is nothing to do. Twice does no harm."""
        claim = self._claim(tenant, carrier_id, number)
        if claim is None:
            return None
        followed, carrier = claim
        try:
            parcel = self.vendors.carrier(carrier).track(number)
        except VendorError:
            self._later(tenant, followed)
            return None
        template = self._template(tenant, followed, parcel)
        now = self.clock.now()
        with self.works(tenant) as work:
            current = work.parcels.get(carrier_id, number)
            if current is None:
                return None
            work.parcels.save(asked(current, parcel, now))
            if parcel and moved(current.parcel, parcel) and enabled("parcels.notify", work.flags):
                self._tell(current, parcel, template, work, system(tenant, "parcels"))
            work.commit()
        return parcel.state if parcel else None

    def _claim(
        self, tenant: UUID, carrier_id: UUID, number: str
    ) -> tuple[Followed, Installation] | None:
        now = self.clock.now()
        with self.works(tenant) as work:
            followed = work.parcels.get(carrier_id, number)
            carrier = work.installations.get(carrier_id)
            if followed is None or carrier is None or not carrier.works:
                return None
            if followed.due_at is None or followed.due_at > now:
                return None
            if not enabled("parcels", work.flags):
                return None
            work.parcels.save(replace(followed, due_at=now + LEASE))
            work.commit()
        return followed, carrier

    def _later(self, tenant: UUID, followed: Followed) -> None:
        failures = followed.failures + 1
        due = None if failures >= FAILURES else self.clock.now() + EVERY
        with self.works(tenant) as work:
            work.parcels.save(replace(followed, failures=failures, due_at=due))
            work.commit()

    def _template(
        self, tenant: UUID, followed: Followed, parcel: Parcel | None
    ) -> OutgoingTemplate | None:
        """The approved notice of the customer's channel, asked for before anything is locked."""
        if parcel is None or not moved(followed.parcel, parcel):
            return None
        with self.works(tenant) as work:
            if not enabled("parcels.notify", work.flags):
                return None
            conversation = _conversation(followed, work)
            channel_id = conversation.installation_id if conversation else None
            installation = work.installations.get(channel_id) if channel_id else None
        if installation is None or not installation.works:
            return None
        channel = self.vendors.channel(installation)
        if not isinstance(channel, SendsTemplates):
            return None
        try:
            return next((t for t in channel.templates() if t.name == TEMPLATE), None)
        except VendorError:
            return None

    def _tell(
        self,
        followed: Followed,
        parcel: Parcel,
        template: OutgoingTemplate | None,
        work: Work,
        actor: Actor,
    ) -> None:
        """One message for one movement, in the same transaction that remembers the movement."""
        conversation = _conversation(followed, work)
        if conversation is None or parcel.state not in TOLD:
            return
        if conversation.state is ConversationState.RESOLVED:
            now = self.clock.now()
            conversation = Conversation(
                self.ids(),
                conversation.contact_id,
                conversation.installation_id,
                now,
                now,
                last_inbound_at=conversation.last_inbound_at,
            )
            work.conversations.add(conversation)
        language = work.tenants.get().language
        for body in _bodies(followed, parcel, template, language):
            try:
                message = self.write.post(
                    work,
                    conversation,
                    self.ids(),
                    Reply(conversation.id, body),
                    author="parcels",
                    actor=actor,
                    answers=(),
                )
            except Conflict:
                continue  # the window is closed: the template may pass
            after = {"conversation": str(conversation.id), "parcel": parcel.number}
            work.audit.add(
                AuditEvent(
                    "message.sent", actor, "message", str(message.id), self.clock.now(), after=after
                )
            )
            return


def asked(followed: Followed, parcel: Parcel | None, now: datetime) -> Followed:
    """What we know after asking, and when to ask again."""
    if parcel is None:
        unknown = followed.failures + 1
        due = now + EVERY if unknown < FAILURES else None
        return replace(followed, checked_at=now, due_at=due, failures=unknown)
    soon = parcel.state is ParcelState.OUT_FOR_DELIVERY
    due = None if parcel.state in ENDED else now + (SOON if soon else EVERY)
    return replace(followed, parcel=parcel, checked_at=now, due_at=due, failures=0)


def moved(before: Parcel | None, after: Parcel) -> bool:
    return before is None or before.state is not after.state


def _conversation(followed: Followed, work: Work) -> Conversation | None:
    """The latest conversation with whoever proved to be the buyer."""
    stored = work.orders.get(followed.order_installation_id, followed.order_number)
    if stored is None or stored.contact_id is None:
        return None
    latest = work.conversations.list(
        ConversationFilter(contact_id=stored.contact_id), cursor=None, limit=1
    )
    if not latest.items:
        return None
    return work.conversations.get(latest.items[0].id, lock=True)


def _bodies(
    followed: Followed, parcel: Parcel, template: OutgoingTemplate | None, language: str
) -> list[Body]:
    number, state = followed.order_number, wording.PARCEL[parcel.state][language]
    text = {
        "tr": f"{number} numaralı siparişiniz {state}.",
        "en": f"Your order {number} {state}.",
    }[language]
    if parcel.link:
        text += f"\n{parcel.link}"
    bodies: list[Body] = [OutgoingText(text)]
    if template:
        bodies.append(replace(template, parameters=(number, state)))
    return bodies
