"""Orders, their parcels and returns, and questions on product pages."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.commerce.orders import StoredOrder
from core.commerce.parcels import Followed
from core.shared.actor import Actor, allow
from core.shared.errors import NotFound
from core.shared.work import Work, Works
from entrypoints.http.wire import (
    Answer,
    Json,
    id_or_none,
    moment,
    moment_or_none,
    money,
    money_or_none,
    page,
)
from ports.families.carrier import Parcel
from ports.families.channel import IdentityKind
from ports.families.marketplace import Claim, Line, Package, Question, Tracking


@dataclass(frozen=True, slots=True)
class Orders:
    works: Works

    def list(self, user: Actor, limit: int, cursor: str | None = None) -> Answer:
        allow(user, "inbox.read")
        with self.works(user.tenant, user.reach) as work:
            return page(work.orders.list(cursor=cursor, limit=limit), present)

    def latest(self, customer_id: str, user: Actor) -> Answer:
        allow(user, "inbox.read")
        contact = UUID(customer_id)
        with self.works(user.tenant, user.reach) as work:
            known = work.contacts.identities(contact)
            phones = [i.value for i in known if i.kind == IdentityKind.PHONE]
            found = work.orders.of_contact(contact, phones, 1)
            if not found:
                raise NotFound("this customer has no order that we know of")
            return _whole(found[0], work)

    def get(self, installation_id: str, number: str, user: Actor) -> Answer:
        allow(user, "inbox.read")
        with self.works(user.tenant, user.reach) as work:
            found = work.orders.get(UUID(installation_id), number)
            if found is None:
                raise NotFound("there is no such order")
            return _whole(found, work)

    def questions(self, user: Actor, limit: int, cursor: str | None = None) -> Answer:
        allow(user, "inbox.read")
        with self.works(user.tenant, user.reach) as work:
            return page(work.orders.questions(cursor=cursor, limit=limit), _question)


def present(stored: StoredOrder) -> Json:
    order = stored.order
    return {
        "installation_id": str(stored.installation_id),
        "number": order.number,
        "placed_at": moment(order.placed_at),
        "seen_at": moment(stored.seen_at),
        "contact_id": id_or_none(stored.contact_id),
        "buyer": {f: getattr(order.buyer, f) for f in ("id", "name", "phone", "email")},
        "destination": {
            f: getattr(order.destination, f) for f in ("city", "district", "postal_code")
        },
        "total": money_or_none(stored.total),
        "packages": [_package(p) for p in order.packages],
    }


def _whole(stored: StoredOrder, work: Work) -> Json:
    where = (stored.installation_id, stored.order.number)
    return {
        **present(stored),
        "claims": [_claim(c) for c in work.orders.claims(*where)],
        "parcels": [_followed(f) for f in work.parcels.of_order(*where)],
    }


def _package(package: Package) -> Json:
    return {
        "id": package.id,
        "state": package.state,
        "vendor_state": package.vendor_state,
        "modified_at": moment(package.modified_at),
        "lines": [_line(line) for line in package.lines],
        "total": money(package.total),
        "tracking": _tracking(package.tracking),
        "promised_by": moment_or_none(package.promised_by),
        "replaces": [*package.replaces],
    }


def _line(line: Line) -> Json:
    return {
        "id": line.id,
        "title": line.title,
        "quantity": line.quantity,
        "unit_price": money(line.unit_price),
        "sku": line.sku,
        "barcode": line.barcode,
        "variant": line.variant,
    }


def _tracking(tracking: Tracking | None) -> Json | None:
    if tracking is None:
        return None
    return {f: getattr(tracking, f) for f in ("number", "link", "carrier", "carrier_name")}


def _claim(claim: Claim) -> Json:
    fields = ("id", "line_id", "title", "state", "vendor_state", "reason", "customer_note")
    return {
        "id": claim.id,
        "opened_at": moment(claim.opened_at),
        "modified_at": moment(claim.modified_at),
        "items": [{f: getattr(item, f) for f in fields} for item in claim.items],
        "tracking": _tracking(claim.tracking),
    }


def _followed(followed: Followed) -> Json:
    return {
        "carrier_id": str(followed.carrier_id),
        "number": followed.number,
        "due_at": moment_or_none(followed.due_at),
        "checked_at": moment_or_none(followed.checked_at),
        "failures": followed.failures,
        "parcel": _parcel(followed.parcel),
    }


def _parcel(parcel: Parcel | None) -> Json | None:
    if parcel is None:
        return None
    words = ("state", "vendor_state", "reason", "delivered_to", "destination", "link")
    scan = ("vendor_word", "state", "place", "note")
    return {
        **{f: getattr(parcel, f) for f in words},
        "delivered_at": moment_or_none(parcel.delivered_at),
        "scans": [{"at": moment(s.at), **{f: getattr(s, f) for f in scan}} for s in parcel.scans],
    }


def _question(asked: tuple[UUID, Question]) -> Json:
    installation, question = asked
    words = ("id", "text", "state", "vendor_state", "product", "asker", "answer")
    return {
        "installation_id": str(installation),
        "asked_at": moment(question.asked_at),
        **{f: getattr(question, f) for f in words},
    }
