"""Turns of the agent in one process: the shipped reader of intents, vendors in memory.

What a worker adds per job is in the pipeline's measures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count as count_from
from statistics import median
from uuid import UUID

from core.inbox.journal import Entry
from entrypoints.bootstrap import House
from ports.sandbox import Sandbox
from ports.webhooks import RawWebhook
from tests.bench.run import Run
from tests.bench.seller import Seller, open_seller, vendors_in_memory
from tests.bench.table import Row, millis, per_second

Act = Callable[..., object]
OF_A_SELLER = 20
"""Tracked orders: Trendyol answers a shop 50 times in ten seconds."""
STEPS = ("read", "think", "drain")


@dataclass(frozen=True, slots=True)
class Stage:
    """A seller whose vendors are here."""

    house: House
    sandboxes: Mapping[str, Sandbox]
    seller: Seller
    shop: str
    """Trendyol's seller id."""

    def converse(self, phone: str, text: str) -> Sequence[float]:
        """A new customer writes; the seconds that each step towards the answer takes."""
        self._write(phone, text)
        lookups = self.house.lookups
        return [
            self._done(lookups.due_inbox, self.house.read),
            self._done(lookups.due_turns, self.house.take_turn),
            self._done(lookups.due_outbox, self.house.drain),
        ]

    def ship(self) -> str:
        """A parcel is on its way; what its buyer writes about it, with the proof."""
        trendyol, aras = self.sandboxes["trendyol"], self.sandboxes["aras"]
        order = trendyol.control("order", seller_id=self.shop, status="Shipped")
        code = order["cargoTrackingNumber"]
        aras.control("parcel", integration_code=code, receiver="Defne Karasu")
        aras.control("scan", code=code, words="Dağıtıma çıkarıldı", place="KADIKÖY")
        total = str(order["packageTotalPrice"]).replace(".", ",")
        return f"Kargom nerede? Sipariş {order['orderNumber']}, {total} TL"

    def _write(self, phone: str, text: str) -> None:
        whatsapp, now = self.sandboxes["whatsapp"], self.house.clock.now()
        told = {"phone_number_id": self.seller.account, "from_phone": phone, "text": text}
        whatsapp.deliveries.take()  # reports about earlier answers
        whatsapp.control("customer_writes", **told)
        [delivery] = whatsapp.deliveries.take()
        id, webhook = self.house.new_id(), RawWebhook(delivery.body, delivery.headers)
        with self.house.works(self.seller.tenant) as work:
            work.inbox.add(
                Entry(id, self.seller.channel, "whatsapp", str(id), webhook, now, due_at=now)
            )
            work.commit()

    def _done(self, due: Callable[..., Sequence[tuple[UUID, object]]], act: Act) -> float:
        found = due(self.house.clock.now(), self.house.config.visibility, 10)
        began = time.perf_counter()
        for row in found:
            act(*row)
        return time.perf_counter() - began


def bench(run: Run) -> Iterator[Row]:
    with run.servers.site() as site:
        house, count = site.house, run.sizes.turns
        sandboxes = vendors_in_memory(house)
        sellers = -(-count // OF_A_SELLER)
        stages = [_stage(house, sandboxes, number) for number in range(sellers)]
        house.vendors.understanding().read("Merhaba")  # it learns at the first text
        phones = (str(number) for number in count_from(905_300_000_000))
        for stage in stages:
            stage.converse(next(phones), "Merhaba")
        hello = [stages[0].converse(next(phones), "Merhaba") for _ in range(count)]
        yield from _rows("a greeting", hello)
        talks = (stages[number // OF_A_SELLER] for number in range(count))
        tracked = [stage.converse(next(phones), stage.ship()) for stage in talks]
        yield from _rows("a tracked order", tracked)
        [answered] = site.ask("select count(*) from turns where outcome = 'answered'")
        if answered != sellers + 2 * count:
            raise RuntimeError(f"{answered} of {sellers + 2 * count} turns answered")


def _rows(kind: str, spent: Sequence[Sequence[float]]) -> Iterator[Row]:
    thought = sum(steps[1] for steps in spent)
    whole = sum(sum(steps) for steps in spent)
    yield Row(f"turns a second and worker: {kind}", per_second(len(spent) / thought))
    yield Row("the same, read and sent as well", per_second(len(spent) / whole))
    usual = (
        f"{name} {millis(median(steps[place] for steps in spent))}"
        for place, name in enumerate(STEPS)
    )
    yield Row("the same, step by step", ", ".join(usual))


def _stage(house: House, sandboxes: Mapping[str, Sandbox], number: int) -> Stage:
    seller = open_seller(house, sandboxes["whatsapp"], number)
    seller.trusts()
    shop, customer = f"7{number:05}", f"10000000{number:05}"
    keys = {"api_key": "key", "api_secret": "secret"}
    sandboxes["trendyol"].control("seller", seller_id=shop, **keys)
    seller.connect("trendyol", seller_id=shop, **keys)
    login = {"username": "user", "password": "password"}
    sandboxes["aras"].control("account", customer_code=customer, **login)
    asked = {f"query_{name}": value for name, value in login.items()}
    seller.connect("aras", customer_code=customer, **asked)
    return Stage(house, sandboxes, seller, shop)
