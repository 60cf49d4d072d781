"""Gathering: the tools of a turn. Each asks vendors with no transaction open and keeps evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from core.agents import wording
from core.agents.evidence import Evidence
from core.commerce.orders import StoredOrder
from core.shared.errors import NotFound
from core.tenancy.installations import Installation
from core.tenancy.vendors import Vendors
from ports.clock import Clock
from ports.errors import VendorError
from ports.families.carrier import Parcel, ParcelState
from ports.families.marketplace import Claim, Order, Package, PackageState

R = TypeVar("R")
MOST_PACKAGES = 3


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One question to a vendor and its answer, for the record."""

    name: str
    vendor: str
    arguments: dict[str, str]
    ok: bool
    answer: str
    millis: int


@dataclass(slots=True)
class Notebook:
    """What a turn learns: evidence by id, and every tool call."""

    zone: ZoneInfo
    evidence: list[Evidence] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)

    def fact(self, source: str, value: str, shown: str, at: datetime) -> str:
        """Keep a fact; answers its id. The same fact has one id."""
        for known in self.evidence:
            if (known.source, known.value) == (source, value):
                return known.id
        made = Evidence(f"e{len(self.evidence) + 1}", source, value, shown, at)
        self.evidence.append(made)
        return made.id

    def when(self, source: str, at: datetime, observed: datetime) -> str:
        both = " / ".join(wording.moment(at, self.zone, x) for x in ("tr", "en"))
        return self.fact(source, at.isoformat(), both, observed)


@dataclass(frozen=True, slots=True)
class PackageNews:
    """A package, the parcel behind it where a carrier could be asked, and their evidence."""

    package: Package
    parcel: Parcel | None
    cites: dict[str, str]
    """Name of a fact to its evidence id."""


@dataclass(frozen=True, slots=True)
class OrderNews:
    stored: StoredOrder
    packages: tuple[PackageNews, ...]
    claims: tuple[Claim, ...]
    cites: dict[str, str]


@dataclass(frozen=True, slots=True)
class Gather:
    vendors: Vendors
    clock: Clock

    def find(
        self, shops: Sequence[Installation], number: str, book: Notebook
    ) -> list[tuple[Installation, Order]]:
        """Ask every connected shop for the order; one that cannot answer is left out."""
        found = []
        for shop in shops:
            order = self._ask(
                book,
                "find_order",
                shop,
                {"number": number},
                partial(self.vendors.marketplace(shop).find_order, number),
                lambda o: f"{len(o.packages)} packages" if o else "no such order",
            )
            if order:
                found.append((shop, order))
        return found

    def track(self, carrier: Installation, number: str, book: Notebook) -> Parcel | None:
        """Ask the carrier; None when it cannot answer or does not know the number."""
        return self._ask(
            book,
            "track_parcel",
            carrier,
            {"number": number},
            lambda: self.vendors.carrier(carrier).track(number),
            lambda p: f"{p.state}, {len(p.scans)} scans" if p else "no such parcel",
        )

    def look_into(
        self,
        stored: StoredOrder,
        claims: Sequence[Claim],
        shop: Installation,
        carriers: dict[str, Installation],
        book: Notebook,
        *,
        follow: bool,
    ) -> OrderNews:
        """Turn an order into facts; with `follow` its parcels are asked for at the carrier."""
        order, seen = stored.order, stored.seen_at
        base = f"{shop.plugin_id} order {order.number}"
        cites = {
            "number": book.fact(f"{base} · number", order.number, order.number, seen),
            "placed": book.when(f"{base} · placed", order.placed_at, seen),
        }
        packages = tuple(
            self._package(p, base, seen, carriers, book, follow)
            for p in stored.live_packages[:MOST_PACKAGES]
        )
        for claim in claims:
            for item in claim.items:
                shown = " / ".join([item.vendor_state, *wording.CLAIM.get(item.state, {}).values()])
                cites[f"claim {item.id}"] = book.fact(
                    f"{base} · claim {claim.id} · {item.title}",
                    item.vendor_state,
                    f"{item.title} {shown}",
                    seen,
                )
        return OrderNews(stored, packages, tuple(claims), cites)

    def _package(
        self,
        package: Package,
        base: str,
        seen: datetime,
        carriers: dict[str, Installation],
        book: Notebook,
        follow: bool,
    ) -> PackageNews:
        place = f"{base} · package {package.id}"
        words = " / ".join([package.vendor_state, *wording.PACKAGE.get(package.state, {}).values()])
        cites = {"state": book.fact(f"{place} · status", package.vendor_state, words, seen)}
        if package.promised_by:
            cites["promised"] = book.when(f"{place} · promised by", package.promised_by, seen)
        tracking = package.tracking
        if tracking is None:
            return PackageNews(package, None, cites)
        cites["carrier"] = book.fact(
            f"{place} · carrier", tracking.carrier_name, tracking.carrier_name, seen
        )
        if tracking.number:
            cites["tracking"] = book.fact(
                f"{place} · tracking number", tracking.number, tracking.number, seen
            )
        if tracking.link:
            cites["link"] = book.fact(
                f"{place} · tracking link", tracking.link, tracking.link, seen
            )
        carrier = carriers.get(tracking.carrier or "")
        parcel = None
        if follow and carrier and tracking.number and _travels(package.state):
            parcel = self.track(carrier, tracking.number, book)
        if parcel and carrier:
            cites |= self._parcel(parcel, carrier, book)
        return PackageNews(package, parcel, cites)

    def _parcel(self, parcel: Parcel, carrier: Installation, book: Notebook) -> dict[str, str]:
        place, now = f"{carrier.plugin_id} parcel {parcel.number}", self.clock.now()
        words = " / ".join([parcel.vendor_state, *wording.PARCEL.get(parcel.state, {}).values()])
        cites = {"parcel": book.fact(f"{place} · state", parcel.vendor_state, words, now)}
        if parcel.scans:
            last = parcel.scans[-1]
            said = " · ".join(x for x in (last.place, last.vendor_word, last.note) if x)
            cites["scan"] = book.fact(f"{place} · last scan", said, said, now)
            cites["scan_at"] = book.when(f"{place} · last scan at", last.at, now)
        if parcel.delivered_at:
            cites["delivered_at"] = book.when(f"{place} · delivered", parcel.delivered_at, now)
        if parcel.reason:
            cites["reason"] = book.fact(f"{place} · reason", parcel.reason, parcel.reason, now)
        if parcel.destination:
            cites["branch"] = book.fact(
                f"{place} · branch", parcel.destination, parcel.destination, now
            )
        if parcel.link:
            cites["link"] = book.fact(f"{place} · link", parcel.link, parcel.link, now)
        return cites

    def _ask(
        self,
        book: Notebook,
        name: str,
        vendor: Installation,
        arguments: dict[str, str],
        call: Callable[[], R],
        told: Callable[[R], str],
    ) -> R | None:
        began = self.clock.now()
        answer: R | None = None
        try:
            answer = call()
            ok, said = True, told(answer)
        except (VendorError, NotFound) as error:
            ok, said = False, f"{type(error).__name__}: {error}"
        millis = int((self.clock.now() - began).total_seconds() * 1000)
        book.calls.append(ToolCall(name, vendor.plugin_id, arguments, ok, said, millis))
        return answer


def _travels(state: PackageState) -> bool:
    return state not in (PackageState.PENDING, PackageState.CANCELLED, PackageState.SUPERSEDED)


def stuck(news: PackageNews, now: datetime, *, hours: int = 72) -> bool:
    """Whether a parcel needs a person: it failed, comes back, or did not move for long."""
    parcel = news.parcel
    if parcel is None:
        return news.package.state is PackageState.UNDELIVERED
    if parcel.state in (ParcelState.DELIVERY_FAILED, ParcelState.RETURNING, ParcelState.RETURNED):
        return True
    if parcel.state in (ParcelState.DELIVERED, ParcelState.WAITS_FOR_CUSTOMER):
        return False
    last = parcel.scans[-1].at if parcel.scans else None
    return last is not None and (now - last).total_seconds() > hours * 3600


def as_record(call: ToolCall) -> dict[str, Any]:
    return {f: getattr(call, f) for f in ToolCall.__slots__}
