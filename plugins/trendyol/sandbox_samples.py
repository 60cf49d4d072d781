"""Invented people, products and payloads of a Trendyol shop, in the vendor's shapes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

Json = dict[str, Any]

PEOPLE = (
    ("Nehir", "Sarıkaya", "İzmir", "Bornova", 35),
    ("Kerem", "Işıldak", "Ankara", "Çankaya", 6),
    ("Gülşah", "Öztuna", "İstanbul", "Üsküdar", 34),
    ("Çağrı", "Yıldırımer", "Muğla", "Milas", 48),
    ("İdil", "Ağaoğlu", "Trabzon", "Ortahisar", 61),
)
PRODUCTS = (
    ("Pamuklu Nevresim Takımı Çift Kişilik", "649.90"),
    ("Bambu Kesme Tahtası Seti", "289.50"),
    ("Çocuk Yağmurluğu Sarı", "419.00"),
    ("Seramik Türk Kahvesi Fincanı 2'li", "184.75"),
    ("Kablosuz Şarjlı Masa Lambası", "534.99"),
)
CARRIERS = {
    "Yurtiçi Kargo Marketplace": 4,
    "Aras Kargo Marketplace": 7,
    "Sürat Kargo Marketplace": 9,
    "Trendyol Express Marketplace": 17,
    "PTT Kargo Marketplace": 19,
}


def millis(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def identifier(kind: str, count: int) -> str:
    """The same id for the same thing in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox:{kind}:{count}"))


def price(given: object) -> float:
    """A JSON double, as the vendor writes money."""
    try:
        return float(round(Decimal(str(given)), 2))
    except InvalidOperation:
        raise ValueError(f"price: {given!r} is not an amount") from None


def lines(count: int, wanted: Sequence[Mapping[str, Any]] | None) -> list[Json]:
    """The lines of the order of that number; one believable line when nothing is wanted."""
    title, cost = PRODUCTS[count % len(PRODUCTS)]
    chosen = wanted or [{"title": title, "quantity": 1, "price": cost}]
    return [line(count * 10 + place, item) for place, item in enumerate(chosen)]


def line(number: int, item: Mapping[str, Any]) -> Json:
    missing = {"title", "price"} - item.keys()
    if missing:
        raise ValueError(f"lines: {', '.join(sorted(missing))} is missing")
    cost = price(item["price"])
    return {
        "lineId": 5_600_000_000 + number,
        "quantity": int(item.get("quantity", 1)),
        "barcode": f"8690{number:09d}",
        "stockCode": f"INV-{number}",
        "contentId": 70_000_000 + number,
        "productName": item["title"],
        "productSize": " Tek Ebat",
        "productColor": "",
        "currencyCode": "TRY",
        "lineUnitPrice": cost,
        "lineGrossAmount": cost,
        "lineSellerDiscount": 0.0,
        "lineTyDiscount": 0.0,
        "vatRate": 20.0,
        "cancelledBy": None,
        "cancelReason": None,
        "cancelReasonCode": None,
    }


def person(count: int, told: Sequence[str | None], phone: str | None) -> Json:
    """First name, last name, city and district as told; what is not told is believable."""
    first, last, city, district, code = PEOPLE[count % len(PEOPLE)]
    usual = (first, last, city, district if told[2] is None else "Merkez")
    names = ("first_name", "last_name", "city", "district")
    chosen = {n: t or u for n, t, u in zip(names, told, usual, strict=True)}
    return {**chosen, "phone": phone, "city_code": code}


def order(count: int, seller_id: str, who: Mapping[str, Any], placed: datetime) -> Json:
    """What all packages of an order share; `orderDate` is Turkish time written as UTC."""
    return {
        "orderNumber": str(10_300_000_000 + count * 7),
        "orderDate": millis(placed + timedelta(hours=3)),
        "estimatedDeliveryEndDate": millis(placed + timedelta(days=4)),
        "customerId": 88_000_000 + count,
        "customerFirstName": who["first_name"],
        "customerLastName": who["last_name"],
        "customerEmail": f"pf+sandbox{count}@posta.example",
        "currencyCode": "TRY",
        "orderCountryCode": "TR",
        "supplierId": int(seller_id),
        "shipmentAddress": address(who, count),
        "invoiceAddress": address(who, count),
    }


def address(who: Mapping[str, Any], number: int) -> Json:
    street = f"Zeytin Sok. No:{number % 90 + 1} D:{number % 9 + 1}"
    return {
        "id": 61_000_000 + number,
        "firstName": who["first_name"],
        "lastName": who["last_name"],
        "fullName": f"{who['first_name']} {who['last_name']}",
        "company": "",
        "address1": street,
        "address2": "",
        "fullAddress": f"{street} {who['district']} {who['city']}",
        "city": who["city"],
        "cityCode": who["city_code"],
        "district": who["district"],
        "postalCode": f"{who['city_code']:02d}000",
        "countryCode": "TR",
        "phone": who["phone"],
    }


def parcel(carrier: str, tracking: str) -> Json:
    """The tracking number is a bare JSON number beyond 2**53, where it has digits only."""
    return {
        "cargoTrackingNumber": int(tracking) if tracking.isdecimal() else tracking,
        "cargoTrackingLink": f"https://kargotakip.example/?no={tracking}",
        "cargoSenderNumber": "",
        "cargoProviderName": carrier,
        "cargoProviderId": CARRIERS.get(carrier, 0),
        "cargoDeci": 2.0,
    }


def totals(chosen: Sequence[Json]) -> Json:
    cents = sum(round(item["lineUnitPrice"] * 100) * item["quantity"] for item in chosen)
    return {
        "packageGrossAmount": cents / 100,
        "packageSellerDiscount": 0.0,
        "packageTyDiscount": 0.0,
        "packageTotalDiscount": 0.0,
        "packageTotalPrice": cents / 100,
    }


def claim(count: int, package: Json, item: Json, told: Mapping[str, str], now: int) -> Json:
    """A return of one line of a package."""
    id = identifier("claim", count)
    shared = ("orderNumber", "orderDate", "customerFirstName", "customerLastName")
    line = {
        "id": item["lineId"],
        "productName": item["productName"],
        "barcode": item["barcode"],
        "merchantSku": item["stockCode"],
        "price": item["lineUnitPrice"],
        "vatBaseAmount": 20.0,
    }
    return {
        "id": id,
        "claimId": id,
        **{name: package[name] for name in shared},
        "claimDate": now,
        "lastModifiedDate": now,
        "orderShipmentPackageId": package["shipmentPackageId"],
        **parcel(package["cargoProviderName"], f"7440{count:013d}"),
        "items": [{"orderLine": line, "claimItems": [claim_item(count, told)]}],
    }


def claim_item(count: int, told: Mapping[str, str]) -> Json:
    reason = {"name": told["reason"], "externalReasonId": 8, "code": "OTHER"}
    return {
        "id": identifier("claim item", count),
        "customerClaimItemReason": reason,
        "trendyolClaimItemReason": reason,
        "claimItemStatus": {"name": told["status"]},
        "note": "",
        "customerNote": told["note"],
        "resolved": False,
    }


def question(count: int, text: str, product: str, status: str, now: int) -> Json:
    return {
        "id": 930_000_000 + count,
        "text": text,
        "customerId": 88_000_000 + count,
        "userName": "N** S**",
        "showUserName": True,
        "status": status,
        "public": True,
        "productName": product,
        "creationDate": now,
        "answer": None,
        "rejectedAnswer": None,
        "reason": None,
    }
