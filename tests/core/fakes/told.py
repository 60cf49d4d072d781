"""A labelled set: what the house says of many orders, and the same with one fact changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from random import Random
from zoneinfo import ZoneInfo

from core.agents import wording
from core.agents.answers import order_answer
from core.agents.evidence import Evidence, Sentence
from core.agents.gather import Gather, Notebook
from core.commerce.orders import StoredOrder
from ports.families.carrier import ParcelState, Scan
from ports.families.marketplace import ClaimState, PackageState
from tests.core.fakes import samples
from tests.core.fakes.house import House
from tests.core.fakes.world import NOW

ISTANBUL = ZoneInfo("Europe/Istanbul")
CARRIERS = (
    "Aras Kargo",
    "Yurtiçi Kargo",
    "MNG Kargo",
    "PTT Kargo",
    "Trendyol Express",
    "Sürat Kargo",
)
INTENTS = ("shipment_delay", "refund_status")
SAME = (
    {"kargoya verildi", "yolda", "has been shipped", "is on its way"},
    {
        "alındı, hazırlanıyor",
        "hazırlanıyor",
        "hazırlanıyor, faturası kesildi",
        "is received and being prepared",
        "is being prepared",
        "is being prepared and invoiced",
    },
    {"satıcıya geri döndü", "göndericiye geri döndü", "has been returned"}
    | {"has been returned to the seller"},
    {"is at the pick-up point, waiting for you", "is at the branch, waiting for you"}
    | {"teslim noktasında, teslim almanızı bekliyor", "şubede bekliyor"},
)
"""Words that say one thing about an order: either may stand for the other."""


@dataclass(frozen=True)
class Told:
    """One sentence with all the evidence of its turn."""

    sentence: Sentence
    evidence: tuple[Evidence, ...]
    language: str


def told() -> list[Told]:
    """Every state of package, parcel and claim, with every carrier, in both languages."""
    random, found = Random(7), []
    journeys = [(PackageState.SHIPPED, p) for p in ParcelState]
    journeys += [(s, None) for s in PackageState if s is not PackageState.SUPERSEDED]  # type: ignore[list-item]
    for (package, parcel), language in product(journeys, ("tr", "en")):
        for carrier in random.sample(CARRIERS, 3):
            found += _about(package, parcel, carrier, language, random)
    return found


def _about(
    state: PackageState, at: ParcelState | None, carrier: str, language: str, random: Random
) -> Iterator[Told]:
    house, number = House(), str(random.randrange(10**9, 10**10))
    tracked = str(random.randrange(10**12, 10**13))
    promised = NOW + timedelta(hours=random.randrange(-200, 200))
    tracking = samples.tracking(tracked, carrier_name=carrier)
    package = samples.package(state=state, tracking=tracking, promised_by=promised)
    order = samples.order(package, number=number)
    claim = samples.claim(random.choice(list(ClaimState)), number=number)
    if at:
        house.carrier.parcels[tracked] = _parcel(at, tracked, random)
    book = Notebook(ISTANBUL)
    stored = StoredOrder(house.market.id, order, None, NOW)
    news = Gather(house.vendors, house.clock).look_into(
        stored, [claim], house.market, {"aras": house.parcels}, book, follow=True
    )
    for sentence in order_answer(INTENTS, news, language, ISTANBUL, NOW):
        yield Told(sentence, tuple(book.evidence), language)


def _parcel(state: ParcelState, number: str, random: Random) -> object:
    at = NOW - timedelta(minutes=random.randrange(10_000))
    scan = Scan(at, "TRANSFER MERKEZİ 35", state, "İZMİR BORNOVA")
    arrived = at if state is ParcelState.DELIVERED else None
    parcel = samples.parcel(state, number, scans=(scan,), delivered_at=arrived)
    failed = state is ParcelState.DELIVERY_FAILED
    return replace(parcel, reason="Adreste kimse yok" if failed else None)


# --- one fact changed ------------------------------------------------------------------------


def changed(one: Told, random: Random) -> Iterator[tuple[str, Sentence]]:
    """The sentence with one fact that the evidence does not say, each with what was done."""
    text, cites = one.sentence.text, one.sentence.evidence
    for kind, texts in (
        ("a digit", _digit(text, random)),
        ("the month", _swapped(text, wording._MONTHS[one.language], random)),
        ("the carrier", _swapped(text, CARRIERS, random)),
        ("the state", _other_states(text, one.language)),
        ("the link", _links(text)),
    ):
        for other in texts:
            yield kind, Sentence(other, cites)
    if (cites and any(w in text for w in ("0123456789"))) or len(cites) > 1:
        for n in range(len(cites)):
            yield "a citation", Sentence(text, cites[:n] + cites[n + 1 :])


def _digit(text: str, random: Random) -> list[str]:
    places = [i for i, c in enumerate(text) if c.isdigit()]
    return [
        text[:i] + random.choice([d for d in "0123456789" if d != text[i]]) + text[i + 1 :]
        for i in random.sample(places, min(4, len(places)))
    ]


def _swapped(text: str, words: tuple[str, ...], random: Random) -> list[str]:
    for word in words:
        if word in text:
            others = [w for w in words if w != word]
            return [text.replace(word, other) for other in random.sample(others, 2)]
    return []


def _other_states(text: str, language: str) -> list[str]:
    tables: tuple[dict[object, dict[str, str]], ...] = (
        {**wording.PACKAGE, **wording.PARCEL},
        {**wording.CLAIM},
    )
    for table in tables:
        words = sorted({w[language] for w in table.values()}, key=len, reverse=True)
        for said in words:
            if said in text:
                same = next((s for s in SAME if said in s), {said})
                return [text.replace(said, other) for other in words if other not in same]
    return []


def _links(text: str) -> list[str]:
    if "://" not in text:
        return []
    head, link = text.split("https://")
    return [
        f"{head}https://sahte.example/takip",
        f"{head}https://{link}&x=1",
        f"{head}http://{link}",
        f"{head}www.sahte-kargo.com",
        f"{head}bit.ly/x",
    ]
