"""The house's own answers: short sentences, each made from evidence and citing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from core.agents import wording
from core.agents.evidence import Sentence
from core.agents.gather import OrderNews, PackageNews
from core.agents.intents import TAXONOMY
from ports.families.carrier import Parcel, ParcelState
from ports.families.marketplace import PackageState

VERSION = "answers-1"
"""Rises when a sentence changes; every turn names it."""

GREETING = {
    "tr": "Merhaba! Size nasıl yardımcı olabilirim?",
    "en": "Hello! How can I help you?",
}
ASK_PROOF = {
    "tr": "Sipariş bilgilerini yalnızca sipariş sahibiyle paylaşabiliyorum. Sipariş numaranızı ve "
    "siparişte ödediğiniz toplam tutarı birlikte yazar mısınız?",
    "en": "I can share order details with the buyer only. Could you send me your order number "
    "together with the total you paid for it?",
}
NOT_PROVEN = {
    "tr": "Bu bilgilerle bir siparişi doğrulayamadım. Sipariş numaranızı ve ödediğiniz toplam "
    "tutarı kontrol edip birlikte yazar mısınız?",
    "en": "I could not verify an order with these details. Could you check the order number and "
    "the total you paid, and send me both together?",
}
UNSURE = {
    "tr": "Sizi doğru anladığımdan emin olmak istiyorum. Hangisiyle ilgili yardım istiyorsunuz?",
    "en": "I want to be sure that I understand you. What would you like help with?",
}
HANDED_OVER = {
    "tr": "Sizi bir temsilcimize aktarıyorum; en kısa sürede size buradan yazacak.",
    "en": "I am handing you over to a colleague, who will write to you here as soon as possible.",
}
SORRY_LATE = {
    "tr": "Gecikme için üzgünüz.",
    "en": "We are sorry for the delay.",
}
NO_CLAIM = {
    "tr": "{order} numaralı siparişiniz için açılmış bir iade görünmüyor.",
    "en": "There is no return on record for your order {order}.",
}


_ON_ITS_WAY = (ParcelState.ANNOUNCED, ParcelState.ACCEPTED, ParcelState.IN_TRANSIT)
"""While a promised date still says something that the parcel's own state does not."""


def order_answer(
    intents: Sequence[str], news: OrderNews, language: str, zone: ZoneInfo, now: datetime
) -> list[Sentence]:
    """What the evidence says about an order, for the intents that ask about it."""
    sentences: list[Sentence] = []
    if "shipment_delay" in intents:
        sentences.append(Sentence(SORRY_LATE[language]))
    if any(i in intents for i in ("order_status", "shipment_tracking", "shipment_delay")):
        for package in news.packages:
            sentences += _package(news, package, language, zone, now)
    if "refund_status" in intents:
        sentences += _claims(news, language)
    return sentences


def _package(
    news: OrderNews, item: PackageNews, language: str, zone: ZoneInfo, now: datetime
) -> list[Sentence]:
    number = news.stored.order.number
    if item.parcel and item.parcel.state in wording.PARCEL:
        told = _travelling(number, news.cites["number"], item, item.parcel, language, zone)
    else:
        told = _at_the_shop(number, news.cites["number"], item, language)
    return told + _promise(item, language, zone, now) + _link(item, language)


def _at_the_shop(number: str, cite: str, item: PackageNews, language: str) -> list[Sentence]:
    state = wording.PACKAGE.get(item.package.state)
    tracking, cites = item.package.tracking, item.cites
    said = state[language] if state else item.package.vendor_state
    text = {
        "tr": f"{number} numaralı siparişiniz {said}.",
        "en": f"Your order {number} {said}." if state else f"Your order {number}: {said}.",
    }
    sentences = [Sentence(text[language], (cite, cites["state"]))]
    if tracking and tracking.number and item.package.state is PackageState.SHIPPED:
        shipped = {
            "tr": f"Kargo firması {tracking.carrier_name}, takip numarası {tracking.number}.",
            "en": f"The carrier is {tracking.carrier_name}, tracking number {tracking.number}.",
        }
        sentences.append(Sentence(shipped[language], (cites["carrier"], cites["tracking"])))
    return sentences


def _travelling(
    number: str, cite: str, item: PackageNews, parcel: Parcel, language: str, zone: ZoneInfo
) -> list[Sentence]:
    cites, tracking = item.cites, item.package.tracking
    carrier = tracking.carrier_name if tracking else ""
    state = wording.PARCEL[parcel.state][language]
    base = (cite, cites["parcel"], cites["carrier"])
    if parcel.state is ParcelState.DELIVERED and parcel.delivered_at:
        at = wording.moment(parcel.delivered_at, zone, language)
        text = {
            "tr": f"{number} numaralı siparişiniz {carrier} ile {at} tarihinde {state}.",
            "en": f"Your order {number} {state} by {carrier} on {at}.",
        }
        return [Sentence(text[language], (*base, cites["delivered_at"]))]
    text = {
        "tr": f"{number} numaralı siparişiniz {carrier} ile {state}.",
        "en": f"Your order {number} {state} with {carrier}.",
    }
    sentences = [Sentence(text[language], base)]
    if parcel.reason and "reason" in cites:
        why = {"tr": f"Sebep: {parcel.reason}.", "en": f"Reason: {parcel.reason}."}
        sentences.append(Sentence(why[language], (cites["reason"],)))
    if parcel.scans:
        last = parcel.scans[-1]
        at = wording.moment(last.at, zone, language)
        what = " · ".join(x for x in (last.place, last.vendor_word) if x)
        moved = {"tr": f"Son hareket: {what} ({at}).", "en": f"Last scan: {what} ({at})."}
        sentences.append(Sentence(moved[language], (cites["scan"], cites["scan_at"])))
    return sentences


def _promise(item: PackageNews, language: str, zone: ZoneInfo, now: datetime) -> list[Sentence]:
    promised = item.package.promised_by
    ended = (PackageState.DELIVERED, PackageState.CANCELLED, PackageState.RETURNED)
    travels = item.parcel is None or item.parcel.state in _ON_ITS_WAY
    if promised is None or item.package.state in ended or not travels:
        return []
    date = wording.day(promised, zone, language)
    ahead = {"tr": f"Tahmini teslim tarihi {date}.", "en": f"Expected delivery: {date}."}
    past = {"tr": f"Planlanan teslim tarihi {date} idi.", "en": f"It was expected on {date}."}
    text = past if promised < now else ahead
    return [Sentence(text[language], (item.cites["promised"],))]


def _link(item: PackageNews, language: str) -> list[Sentence]:
    tracking = item.package.tracking
    link = (item.parcel.link if item.parcel else None) or (tracking.link if tracking else None)
    if not link or item.package.state is PackageState.CANCELLED:
        return []
    text = {"tr": f"Takip bağlantısı: {link}", "en": f"Track it here: {link}"}
    return [Sentence(text[language], (item.cites["link"],))]


def _claims(news: OrderNews, language: str) -> list[Sentence]:
    number, cite = news.stored.order.number, news.cites["number"]
    sentences = []
    for claim in news.claims:
        for item in claim.items:
            state = wording.CLAIM.get(item.state)
            said = state[language] if state else item.vendor_state
            text = {
                "tr": f"{number} numaralı siparişinizdeki {item.title} için iade talebiniz {said}.",
                "en": f"Your return of {item.title} from order {number} {said}.",
            }
            sentences.append(Sentence(text[language], (cite, news.cites[f"claim {item.id}"])))
    if not sentences:
        sentences.append(Sentence(NO_CLAIM[language].format(order=number), (cite,)))
    return sentences


def title(intent: str, language: str, own: Mapping[str, str]) -> str:
    """What a customer is shown of an intent."""
    known = TAXONOMY.get(intent)
    return getattr(known, language) if known else own.get(intent, intent)


def joined(sentences: Sequence[Sentence]) -> str:
    """The message: one sentence after another, links on lines of their own."""
    lines: list[str] = []
    for sentence in sentences:
        if lines and "://" not in sentence.text and "://" not in lines[-1]:
            lines[-1] += " " + sentence.text
        else:
            lines.append(sentence.text)
    return "\n".join(lines)
