"""Trendyol's words in ours. Pure functions and visible tables.

Order list, webhook and stream share one package shape (the names of April 2026 and later):
https://developers.trendyol.com/docs/sipariş-paketlerini-çekme-getshipmentpackages
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, InvalidOperation

from plugins.trendyol.reading import carrier_slug, clean, moment_or_none, phone_or_none
from ports.errors import ContractBroken
from ports.families.marketplace import (
    Buyer,
    Claim,
    ClaimItem,
    ClaimState,
    Destination,
    Line,
    Order,
    Package,
    PackageState,
    Question,
    QuestionState,
    Tracking,
)
from ports.values import Money
from ports.wild import Wild

PACKAGE_STATES = {
    "Awaiting": PackageState.PENDING,
    "Verified": PackageState.PENDING,
    "Created": PackageState.CREATED,
    "Picking": PackageState.PICKING,
    "Invoiced": PackageState.INVOICED,
    "Shipped": PackageState.SHIPPED,
    "AtCollectionPoint": PackageState.AT_PICKUP_POINT,
    "Delivered": PackageState.DELIVERED,
    "UnDelivered": PackageState.UNDELIVERED,
    "Returned": PackageState.RETURNED,
    "Cancelled": PackageState.CANCELLED,
    "UnSupplied": PackageState.CANCELLED,
    "UnPacked": PackageState.SUPERSEDED,
    "Repack": PackageState.SUPERSEDED,
}
"""`Returned` is an undelivered parcel back at the seller; a customer's return is a claim."""

CLAIM_STATES = {
    "Created": ClaimState.OPENED,
    "WaitingInAction": ClaimState.AWAITS_SELLER,
    "WaitingFraudCheck": ClaimState.IN_REVIEW,
    "InAnalysis": ClaimState.IN_REVIEW,
    "Accepted": ClaimState.ACCEPTED,
    "Rejected": ClaimState.REJECTED,
    "Unresolved": ClaimState.DISPUTED,
    "Cancelled": ClaimState.CANCELLED,
}

QUESTION_STATES = {
    "WAITING_FOR_ANSWER": QuestionState.WAITING,
    "WAITING_FOR_APPROVE": QuestionState.ANSWERED,
    "ANSWERED": QuestionState.ANSWERED,
    "REPORTED": QuestionState.CLOSED,
    "REJECTED": QuestionState.CLOSED,
    "UNANSWERED": QuestionState.CLOSED,
}
"""WAITING_FOR_APPROVE is answered: a second answer would be refused."""

ORDER_DATE_SHIFT = timedelta(hours=3)
"""`orderDate` is Turkish wall-clock time written as if it were UTC; other dates are true."""


def to_orders(packages: Iterable[Wild]) -> tuple[Order, ...]:
    """Orders in the order in which their first package comes."""
    by_number: dict[str, list[Wild]] = {}
    for package in packages:
        by_number.setdefault(package["orderNumber"].digits(), []).append(package)
    return tuple(to_order(number, group) for number, group in by_number.items())


def to_order(number: str, packages: Sequence[Wild]) -> Order:
    """One order of its packages; who and where are as the latest package tells."""
    latest = max(packages, key=lambda p: p["lastModifiedDate"].epoch_millis())
    return Order(
        number=number,
        placed_at=placed_at(packages),
        buyer=to_buyer(latest),
        destination=to_destination(latest["shipmentAddress"]),
        packages=reconciled(to_package(p) for p in packages),
    )


def reconciled(packages: Iterable[Package]) -> tuple[Package, ...]:
    """Each package once, in its latest form; one that another replaces is SUPERSEDED.

    A partial cancellation leaves the old package `Cancelled` although most of it lives on in the
    package that names it in `originPackageIds`.
    """
    latest: dict[str, Package] = {}
    for package in packages:
        known = latest.get(package.id)
        if known is None or known.modified_at <= package.modified_at:
            latest[package.id] = package
    retired = {id for package in latest.values() for id in package.replaces}
    return tuple(
        replace(p, state=PackageState.SUPERSEDED) if p.id in retired else p for p in latest.values()
    )


def to_package(package: Wild) -> Package:
    status = package["status"]
    word = (status if status.present else package["shipmentPackageStatus"]).text()
    currency = package["currencyCode"].text()
    return Package(
        id=package["shipmentPackageId"].digits(),
        state=PACKAGE_STATES.get(word, PackageState.UNKNOWN),
        vendor_state=word,
        modified_at=package["lastModifiedDate"].epoch_millis(),
        lines=tuple(to_line(line, currency) for line in package["lines"].each_or_none()),
        total=to_money(package["packageTotalPrice"], currency),
        tracking=to_tracking(package),
        promised_by=moment_or_none(package["estimatedDeliveryEndDate"]),
        replaces=tuple(id.digits() for id in package["originPackageIds"].each_or_none()),
    )


def to_line(line: Wild, currency: str) -> Line:
    kinds = (clean(line["productColor"]), clean(line["productSize"]))
    return Line(
        id=line["lineId"].digits(),
        title=clean(line["productName"]) or "",
        quantity=line["quantity"].integer(),
        unit_price=to_money(line["lineUnitPrice"], currency),
        sku=clean(line["stockCode"]),
        barcode=clean(line["barcode"]),
        variant=" / ".join(k for k in kinds if k) or None,
    )


def to_money(amount: Wild, currency: str) -> Money:
    """Exact where the amount has the currency's digits; a longer one is rounded half up.

    Amounts are JSON doubles at the vendor: one like 89.94999999999999 is the trace of its own
    arithmetic, never an offer in fractions of a kuruş.
    """
    try:
        step = Money(1, currency).amount
        return Money.parse(amount.decimal().quantize(step, ROUND_HALF_UP), currency)
    except (ValueError, InvalidOperation):
        raise ContractBroken(f"{amount.path} is not an amount in {currency!r}") from None


def to_tracking(parcel: Wild) -> Tracking | None:
    """None until there is a number or a carrier."""
    number, name = clean(parcel["cargoTrackingNumber"]), clean(parcel["cargoProviderName"])
    if number is None and name is None:
        return None
    return Tracking(
        number=number,
        link=clean(parcel["cargoTrackingLink"]),
        carrier=carrier_slug(clean(parcel["cargoProviderId"]), name or ""),
        carrier_name=name or "",
    )


def to_buyer(package: Wild) -> Buyer:
    """The phone is taken only from an address in the buyer's own name: a gift goes to another."""
    addresses = [package[k] for k in ("invoiceAddress", "shipmentAddress") if package[k].present]
    name = _name(package, "customerFirstName", "customerLastName")
    names = [_name(a, "firstName", "lastName") for a in addresses]
    name = name or next((n for n in names if n), "")
    phones = (
        phone_or_none(address["phone"])
        for address, own in zip(addresses, names, strict=True)
        if own.casefold() == name.casefold()
    )
    return Buyer(
        id=clean(package["customerId"]),
        name=name,
        phone=next((p for p in phones if p), None),
        email=clean(package["customerEmail"]),
    )


def _name(who: Wild, first: str, last: str) -> str:
    return " ".join(part for part in (clean(who[first]), clean(who[last])) if part)


def to_destination(address: Wild) -> Destination:
    """Empty where the address is not told yet (pending and export packages)."""
    if not address.present:
        return Destination()
    return Destination(
        city=clean(address["city"]),
        district=clean(address["district"]),
        postal_code=clean(address["postalCode"]),
    )


def placed_at(packages: Sequence[Wild]) -> datetime:
    """When the order was placed, in true UTC.

    Documented and measured as shifted by three hours; so it is shifted back unless the history of
    an original package (a replacement's begins later) begins where `orderDate` itself stands.
    """
    written = packages[0]["orderDate"].epoch_millis()
    try:
        return written if any(_is_true(p) for p in packages) else written - ORDER_DATE_SHIFT
    except OverflowError:
        raise ContractBroken(f"{packages[0].path}.orderDate is before all time") from None


def _is_true(package: Wild) -> bool:
    if package["createdBy"].text_or("order-creation") != "order-creation":
        return False
    moments = [h["createdDate"].epoch_millis() for h in package["packageHistories"].each_or_none()]
    if not moments:
        return False
    return abs(package["orderDate"].epoch_millis() - min(moments)) < ORDER_DATE_SHIFT / 2


def to_claim(claim: Wild) -> Claim:
    opened = claim["claimDate"].epoch_millis()
    return Claim(
        id=(claim["claimId"] if claim["claimId"].present else claim["id"]).digits(),
        order_number=claim["orderNumber"].digits(),
        opened_at=opened,
        modified_at=moment_or_none(claim["lastModifiedDate"]) or opened,
        items=tuple(
            _claim_item(item, line["orderLine"])
            for line in claim["items"].each_or_none()
            for item in line["claimItems"].each_or_none()
        ),
        tracking=to_tracking(claim),
    )


def _claim_item(item: Wild, line: Wild) -> ClaimItem:
    word = item["claimItemStatus"]["name"].text()
    reason = item["customerClaimItemReason"]
    return ClaimItem(
        id=item["id"].digits(),
        line_id=line["id"].digits(),
        title=clean(line["productName"]) or "",
        state=CLAIM_STATES.get(word, ClaimState.UNKNOWN),
        vendor_state=word,
        reason=(clean(reason["name"]) or "") if reason.present else "",
        customer_note=clean(item["customerNote"]),
    )


def to_question(question: Wild) -> Question:
    word, answer = question["status"].text(), question["answer"]
    return Question(
        id=question["id"].digits(),
        text=question["text"].text(),
        asked_at=question["creationDate"].epoch_millis(),
        state=QUESTION_STATES.get(word, QuestionState.UNKNOWN),
        vendor_state=word,
        product=clean(question["productName"]) or "",
        asker=clean(question["userName"]),
        answer=clean(answer["text"]) if answer.present else None,
    )
