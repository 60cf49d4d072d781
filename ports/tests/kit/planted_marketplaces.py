"""Marketplaces that break one promise each."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from uuid import uuid4

import sound
from acme.market import AcmeMarket
from planting import plant

from ports.errors import VendorError
from ports.families.marketplace import Page
from ports.values import Money

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


class PagesForEver(AcmeMarket):
    def orders_changed_since(self, since, cursor=None):
        page = super().orders_changed_since(since, cursor)
        return Page(page.items, page.cursor or "0")


class SkipsAPage(AcmeMarket):
    def orders_changed_since(self, since, cursor=None):
        return super().orders_changed_since(since, str(int(cursor) + 1) if cursor else None)


class EndsEarly(AcmeMarket):
    def orders_changed_since(self, since, cursor=None):
        try:
            return super().orders_changed_since(since, cursor)
        except VendorError:
            return Page([], None)


class MissesTheMoment(AcmeMarket):
    def orders_changed_since(self, since, cursor=None):
        page = super().orders_changed_since(since, cursor)
        return Page([o for o in page.items if o.placed_at > since], page.cursor)


class FloatMoney(AcmeMarket):
    def to_order(self, said):
        order = super().to_order(said)
        money = Money(float(said["price"].text()) * 100, "TRY")
        package = dataclasses.replace(order.packages[0], total=money)
        return dataclasses.replace(order, packages=(package,))


class SubscribesTwice(AcmeMarket):
    def subscribe(self, url, secret):
        return super().subscribe(f"{url}?{uuid4().hex}", secret)


class FindsAnotherOrder(AcmeMarket):
    def find_order(self, number):
        found = super().find_order(number)
        return found and dataclasses.replace(found, number="another")


class InventsOrders(AcmeMarket):
    def find_order(self, number):
        page = super().orders_changed_since(BEGINNING)
        return super().find_order(number) or (page.items or [number])[0]


class LosesQuestions(AcmeMarket):
    def questions_changed_since(self, since, cursor=None):
        return Page([], None)


globals().update(
    plant(
        sound.TestMarketplace,
        "marketplace",
        PagesForEver,
        SkipsAPage,
        EndsEarly,
        MissesTheMoment,
        FloatMoney,
        SubscribesTwice,
        FindsAnotherOrder,
        InventsOrders,
        LosesQuestions,
    )
)
