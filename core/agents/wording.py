"""How the house says things: states, dates and money, in Turkish and English."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from ports.families.carrier import ParcelState
from ports.families.marketplace import ClaimState, PackageState
from ports.values import Money

Language = str
"""`tr` or `en`."""

PACKAGE: dict[PackageState, dict[Language, str]] = {
    PackageState.PENDING: {"tr": "onay bekliyor", "en": "is waiting for confirmation"},
    PackageState.CREATED: {"tr": "alındı, hazırlanıyor", "en": "is received and being prepared"},
    PackageState.PICKING: {"tr": "hazırlanıyor", "en": "is being prepared"},
    PackageState.INVOICED: {
        "tr": "hazırlanıyor, faturası kesildi",
        "en": "is being prepared and invoiced",
    },
    PackageState.SHIPPED: {"tr": "kargoya verildi", "en": "has been shipped"},
    PackageState.AT_PICKUP_POINT: {
        "tr": "teslim noktasında, teslim almanızı bekliyor",
        "en": "is at the pick-up point, waiting for you",
    },
    PackageState.DELIVERED: {"tr": "teslim edildi", "en": "has been delivered"},
    PackageState.UNDELIVERED: {"tr": "teslim edilemedi", "en": "could not be delivered"},
    PackageState.RETURNED: {"tr": "satıcıya geri döndü", "en": "has been returned to the seller"},
    PackageState.CANCELLED: {"tr": "iptal edildi", "en": "has been cancelled"},
}
PARCEL: dict[ParcelState, dict[Language, str]] = {
    ParcelState.ANNOUNCED: {
        "tr": "kargo firmasına bildirildi, henüz teslim alınmadı",
        "en": "is announced to the carrier, not yet picked up",
    },
    ParcelState.ACCEPTED: {"tr": "kargoya verildi", "en": "has been shipped"},
    ParcelState.IN_TRANSIT: {"tr": "yolda", "en": "is on its way"},
    ParcelState.OUT_FOR_DELIVERY: {"tr": "dağıtıma çıktı", "en": "is out for delivery"},
    ParcelState.DELIVERY_FAILED: {"tr": "teslim edilemedi", "en": "could not be delivered"},
    ParcelState.WAITS_FOR_CUSTOMER: {
        "tr": "şubede bekliyor",
        "en": "is at the branch, waiting for you",
    },
    ParcelState.DELIVERED: {"tr": "teslim edildi", "en": "has been delivered"},
    ParcelState.RETURNING: {"tr": "iade yolunda", "en": "is on its way back"},
    ParcelState.RETURNED: {"tr": "göndericiye geri döndü", "en": "has been returned"},
}
CLAIM: dict[ClaimState, dict[Language, str]] = {
    ClaimState.OPENED: {"tr": "açıldı", "en": "is open"},
    ClaimState.AWAITS_SELLER: {"tr": "satıcı incelemesinde", "en": "is with the seller"},
    ClaimState.IN_REVIEW: {"tr": "inceleniyor", "en": "is under review"},
    ClaimState.ACCEPTED: {"tr": "onaylandı", "en": "has been accepted"},
    ClaimState.REJECTED: {"tr": "reddedildi", "en": "has been rejected"},
    ClaimState.DISPUTED: {"tr": "itiraz aşamasında", "en": "is disputed"},
    ClaimState.CANCELLED: {"tr": "iptal edildi", "en": "has been cancelled"},
}
_MONTHS = {
    "tr": (
        "Ocak",
        "Şubat",
        "Mart",
        "Nisan",
        "Mayıs",
        "Haziran",
        "Temmuz",
        "Ağustos",
        "Eylül",
        "Ekim",
        "Kasım",
        "Aralık",
    ),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}


def day(moment: datetime, zone: ZoneInfo, language: Language) -> str:
    """`24 Kasım 2026` in the tenant's zone."""
    local = moment.astimezone(zone)
    return f"{local.day} {_MONTHS[language][local.month - 1]} {local.year}"


def moment(at: datetime, zone: ZoneInfo, language: Language) -> str:
    """`24 Kasım 2026 14:05` in the tenant's zone."""
    return f"{day(at, zone, language)} {at.astimezone(zone):%H:%M}"


def money(amount: Money, language: Language) -> str:
    """`1.079,80 TL` or `TRY 1,079.80`, with the currency's own number of digits."""
    english = f"{amount.amount:,}"
    if language == "en":
        return f"{amount.currency} {english}"
    turkish = english.translate(str.maketrans(",.", ".,"))
    return f"{turkish} {'TL' if amount.currency == 'TRY' else amount.currency}"
