from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from acme.client import AcmeClient
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
    Page,
    Subscription,
)
from ports.manifest import Context
from ports.settings import Secret
from ports.values import Money
from ports.wild import Wild

STATES = {"new": PackageState.CREATED, "gone": PackageState.SHIPPED}


class AcmeMarket:
    def __init__(self, context: Context) -> None:
        self.client = AcmeClient(context)

    def orders_changed_since(self, since: datetime, cursor: str | None = None) -> Page[Order]:
        said = self.client.get(
            f"/orders?since={quote(since.isoformat())}&cursor={quote(cursor or '')}"
        )
        assert said is not None
        return Page([self.to_order(o) for o in said["orders"].each()], said["next"].text_or(None))

    def find_order(self, number: str) -> Order | None:
        said = self.client.get(f"/orders/{quote(number, safe='')}")
        return None if said is None else self.to_order(said)

    def claims_changed_since(self, since: datetime, cursor: str | None = None) -> Page[Claim]:
        page = self.orders_changed_since(since, cursor)
        item = ClaimItem("1", "1", "Boots", ClaimState.OPENED, "open", "Too small")
        return Page(
            [Claim(o.number, o.number, o.placed_at, o.placed_at, (item,)) for o in page.items],
            page.cursor,
        )

    def subscribe(self, url: str, secret: Secret) -> Subscription:
        said = self.client.post("/hooks", {"url": url, "secret": secret.reveal()}, key=url)
        return Subscription(said["id"].text(), url, True)

    def subscriptions(self) -> list[Subscription]:
        said = self.client.get("/hooks")
        assert said is not None
        return [Subscription(h["id"].text(), h["url"].text(), True) for h in said.each()]

    def unsubscribe(self, id: str) -> None:
        self.client.post("/hooks/delete", {"id": id}, key=id)

    def to_order(self, said: Wild) -> Order:
        word, at = said["state"].text(), datetime.fromisoformat(said["at"].text())
        price = Money.parse(said["price"].text(), "TRY")
        line = Line("1", "Boots", 2, price)
        package = Package("P1", self.to_state(word), word, at, (line,), price * 2)
        return Order(said["number"].text(), at, Buyer(None, "Ayşe"), Destination(), (package,))

    def to_state(self, word: str) -> PackageState:
        return STATES.get(word, PackageState.UNKNOWN)
