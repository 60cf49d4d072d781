"""Finding one order: whole, reconciled, and nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from plugins.trendyol.client import Client
from plugins.trendyol.marketplace import TrendyolMarketplace
from plugins.trendyol.sandbox import TrendyolSandbox
from plugins.trendyol.settings import Settings
from plugins.trendyol.tests.conftest import Says, shop_at
from ports.conformance import StillClock
from ports.families.marketplace import PackageState
from ports.sandbox import SandboxTransport
from ports.settings import Secret

TWO_LINES = [
    {"title": "Keten Perde", "quantity": 1, "price": "310.40"},
    {"title": "Perde Askısı", "quantity": 4, "price": "22.90"},
]


def states(marketplace: TrendyolMarketplace, number: str) -> dict[str, PackageState]:
    order = marketplace.find_order(number)
    assert order is not None
    return {package.id: package.state for package in order.packages}


def test_a_split_package_is_superseded_by_its_parts(
    marketplace: TrendyolMarketplace, happen: Any
) -> None:
    ordered = happen("order", lines=TWO_LINES)
    parts = happen("split", package_id=ordered["shipmentPackageId"])
    assert states(marketplace, ordered["orderNumber"]) == {
        ordered["shipmentPackageId"]: PackageState.SUPERSEDED,
        parts[0]["shipmentPackageId"]: PackageState.CREATED,
        parts[1]["shipmentPackageId"]: PackageState.CREATED,
    }


def test_after_a_partial_cancellation_the_old_package_is_superseded_not_cancelled(
    marketplace: TrendyolMarketplace, happen: Any
) -> None:
    ordered = happen("order", number="10777000111", lines=TWO_LINES)
    found = marketplace.find_order("10777000111")
    assert found is not None
    second = found.packages[0].lines[1].id
    left = happen("cancel_lines", package_id=ordered["shipmentPackageId"], line_ids=[second])
    order = marketplace.find_order("10777000111")
    assert order is not None
    old, new = order.packages
    assert (old.state, old.vendor_state) == (PackageState.SUPERSEDED, "Cancelled")
    assert (new.id, new.replaces) == (left["shipmentPackageId"], (old.id,))
    assert str(new.total) == "310.40 TRY"
    assert new.tracking is not None
    assert old.tracking is not None
    assert new.tracking.number != old.tracking.number


def test_a_whole_cancellation_is_cancelled(marketplace: TrendyolMarketplace, happen: Any) -> None:
    ordered = happen("order")
    found = marketplace.find_order(ordered["orderNumber"])
    assert found is not None
    package = found.packages[0]
    happen("cancel_lines", package_id=package.id, line_ids=[line.id for line in package.lines])
    assert states(marketplace, ordered["orderNumber"]) == {package.id: PackageState.CANCELLED}


def test_an_order_is_found_up_to_four_weeks_after_its_last_change(
    marketplace: TrendyolMarketplace, clock: StillClock, happen: Any
) -> None:
    for days in (1, 10, 20, 27):
        number = happen("order", placed_at=clock.now() - timedelta(days=days))["orderNumber"]
        assert marketplace.find_order(number) is not None, f"{days} days old"


def test_nobody_elses_order_is_shown_where_the_vendor_ignores_the_number(
    clock: StillClock,
) -> None:
    everything_it_has = {"totalElements": 1, "content": [{"orderNumber": "10999000222"}]}
    assert shop_at(clock, Says(everything_it_has)).find_order("10999000111") is None


@pytest.mark.parametrize("number", ["", "  "])
def test_an_empty_number_is_no_order_and_no_call(clock: StillClock, number: str) -> None:
    assert shop_at(clock, Says({}, status=500)).find_order(number) is None


def test_two_sellers_see_their_own_orders_only(
    sandbox: TrendyolSandbox, clock: StillClock, happen: Any
) -> None:
    sandbox.control("seller", seller_id="777", api_key="k7", api_secret="s7")
    mine = happen("order")["orderNumber"]
    theirs = Settings(seller_id="777", api_key=Secret("k7"), api_secret=Secret("s7"))
    marketplace = TrendyolMarketplace(Client(SandboxTransport(sandbox), theirs), clock)
    assert marketplace.find_order(mine) is None
