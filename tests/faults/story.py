"""The story: customers of three shops write, in bursts, twice and out of order."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any

from plugins.whatsapp.sandbox.world import user_id_of
from tests.faults.evidence import Written
from tests.faults.world import Shop, Vendors

PER_CUSTOMER = 4
"""Messages that a customer writes on average."""
HANDS = 8
"""Customers who can press the button at the same moment."""
DUPLICATES = 0.2

GREETS = ("Merhaba", "İyi günler", "Selamlar, kolay gelsin", "Günaydın", "İyi akşamlar", "Selam")
ASKS = (
    "Kargom nerede acaba?",
    "Siparişim ne durumda?",
    "Kargom hâlâ gelmedi, ne zaman gelecek?",
    "Sipariş durumunu öğrenebilir miyim?",
)
LEAVES = ("Temsilciyle görüşmek istiyorum", "Ürün hasarlı geldi", "Alo?", "Kimse yok mu?")
Manner = Callable[[Random, int, Mapping[str, Any] | None], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Line:
    """One message that somebody writes at a moment, in seconds after the beginning."""

    at: float
    shop: int
    person: str
    """Their phone."""
    name: str
    text: str
    hides_phone: bool = False


def script(
    random: Random, shops: int, webhooks: int, seconds: float, order: Callable[[int], Any]
) -> Sequence[Line]:
    """That many messages. `order` makes one at a shop and answers its receipt."""
    lines: list[Line] = []
    while len(lines) < webhooks:
        lines += _customer(random, len(lines), shops, seconds, order)
    return sorted(lines[:webhooks], key=lambda line: line.at)


def _customer(
    random: Random, number: int, shops: int, seconds: float, order: Callable[[int], Any]
) -> Sequence[Line]:
    """Someone new, who writes a few messages: over the whole time, or all at once."""
    shop, count = random.randrange(shops), random.randint(2, 2 * PER_CUSTOMER - 2)
    phone = f"90532{random.randrange(10):01}{number:06}"
    manner = random.choices((_greets, _asks, _leaves), weights=(5, 4, 1))[0]
    receipt = order(shop) if manner is _asks else None
    texts = manner(random, count, receipt)
    moments = sorted(random.uniform(0, seconds) for _ in texts)
    if random.random() < 0.35:
        moments = [moments[0]] * len(texts)
    shy = random.random() < 0.2
    return [
        Line(at, shop, phone, f"Müşteri {number}", text, shy and random.random() < 0.5)
        for at, text in zip(moments, texts, strict=True)
    ]


def _greets(random: Random, count: int, _: Mapping[str, Any] | None) -> Sequence[str]:
    return random.choices(GREETS, k=count)


def _asks(random: Random, count: int, receipt: Mapping[str, Any] | None) -> Sequence[str]:
    """Asks, proves whose order it is, and asks again."""
    assert receipt is not None
    total = str(receipt["packageTotalPrice"]).replace(".", ",")
    proof = f"{receipt['orderNumber']} numaralı sipariş, {total} TL ödedim"
    return [random.choice(ASKS), proof, *random.choices(ASKS, k=count)][:count]


def _leaves(random: Random, count: int, _: Mapping[str, Any] | None) -> Sequence[str]:
    """Wants a person, and goes on writing to that person."""
    return [random.choice(GREETS), *random.choices(LEAVES, k=count)][:count]


class Story:
    """Plays a script at the sandboxes and keeps the book of what was written."""

    def __init__(self, vendors: Vendors, shops: Sequence[Shop]) -> None:
        self._vendors = vendors
        self._shops = shops

    def order(self, shop: int) -> Mapping[str, Any]:
        """A new order at the shop, on its way with Aras."""
        receipt: Mapping[str, Any] = self._vendors.control(
            "trendyol",
            "order",
            seller_id=self._shops[shop].seller,
            first_name="Defne",
            last_name="Karasu",
            status="Shipped",
            lines=[{"title": "Çelik Su Isıtıcı 1.7 L", "price": "1079.80"}],
        )
        code = receipt["cargoTrackingNumber"]
        self._vendors.control("aras", "parcel", integration_code=code, receiver="Defne Karasu")
        self._vendors.control(
            "aras", "scan", code=code, words="Dağıtıma çıkarıldı", place="KADIKÖY"
        )
        return receipt

    def play(self, lines: Sequence[Line]) -> list[Written]:
        """Write everything at its moment; what has the same moment is written at once."""
        self._vendors.disorder(duplicates=DUPLICATES, reorder=True)
        began, pressed = time.monotonic(), list[Future[Written]]()
        with ThreadPoolExecutor(HANDS) as hands:
            for line in lines:
                time.sleep(max(0.0, began + line.at - time.monotonic()))
                pressed.append(hands.submit(self._write, line))
        return [one.result() for one in pressed]

    def _write(self, line: Line) -> Written:
        account = self._shops[line.shop].account
        shown = {} if line.hides_phone else {"from_phone": f"+{line.person}"}
        told = self._vendors.control(
            "whatsapp",
            "customer_writes",
            phone_number_id=account,
            user_id=user_id_of(line.person),
            name=line.name,
            text=line.text,
            **shown,
        )
        return Written(told["wamid"], account, line.person)
