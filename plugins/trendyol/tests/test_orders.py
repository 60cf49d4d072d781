"""Listing orders: no gap, an end, and whatever the vendor's limits are, kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from plugins.trendyol.marketplace import TrendyolMarketplace
from plugins.trendyol.sandbox import TrendyolSandbox
from plugins.trendyol.settings import Settings
from plugins.trendyol.tests.conftest import Recorded, Says, everything, shop_at
from plugins.trendyol.walk import MEMORY, SPAN, Position, millis
from ports.conformance import StillClock
from ports.errors import AuthRejected, ContractBroken, Rejected
from ports.manifest import Context
from ports.sandbox import SandboxTransport
from ports.settings import example

# --- paging while data moves ---------------------------------------------------------------


@examples(max_examples=8, derandomize=True, database=None, deadline=None)
@given(touched=st.lists(st.sets(st.integers(0, 449), max_size=30), min_size=4, max_size=4))
def test_whatever_changes_between_two_pages_no_order_is_lost(touched: list[set[int]]) -> None:
    clock = StillClock()
    sandbox = TrendyolSandbox(clock)
    marketplace = shop_at(clock, SandboxTransport(sandbox))
    seller = example(Settings).seller_id
    since, made = clock.now(), []
    for _ in range(450):
        clock.advance(timedelta(seconds=1))
        made.append(sandbox.control("order", seller_id=seller))
    until, cursor, seen = clock.now(), None, set()
    for step in (*touched, *[set[int]()] * 20):
        page = marketplace.orders_changed_since(since, cursor)
        seen |= {order.number for order in page.items}
        cursor = page.cursor
        if cursor is None:
            break
        for index in step:
            clock.advance(timedelta(milliseconds=7))
            package = made[index]["shipmentPackageId"]
            sandbox.control("status", seller_id=seller, package_id=package, status="Picking")
    assert cursor is None, "paging ends"
    changed = {made[i]["orderNumber"] for step in touched for i in step}
    assert {m["orderNumber"] for m in made} - seen <= changed
    later = everything(lambda c: marketplace.orders_changed_since(until, c))
    assert {m["orderNumber"] for m in made} <= seen | {order.number for order in later}


def test_another_process_goes_on_with_the_cursor(
    marketplace: TrendyolMarketplace, context: Context, clock: StillClock, happen: Any
) -> None:
    made = {happen("order")["orderNumber"] for _ in range(450)}
    since = clock.now() - timedelta(days=20)
    first = marketplace.orders_changed_since(since)
    clock.advance(timedelta(days=3))
    other = shop_at(clock, context.transport)
    rest = everything(lambda c: other.orders_changed_since(since, c or first.cursor))
    assert made == {o.number for o in (*first.items, *rest)}


@pytest.mark.parametrize("hours", [-3, 0, 3])
def test_a_change_is_seen_whatever_time_zone_the_filters_mean(
    clock: StillClock, hours: int
) -> None:
    sandbox = TrendyolSandbox(clock, filters_ahead=timedelta(hours=hours))
    marketplace = shop_at(clock, SandboxTransport(sandbox))
    number = sandbox.control("order", seller_id=example(Settings).seller_id)["orderNumber"]
    page = marketplace.orders_changed_since(clock.now())
    assert [order.number for order in page.items] == [number]
    assert marketplace.find_order(number) is not None


# --- windows -------------------------------------------------------------------------------

MOMENTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(since=MOMENTS, now=MOMENTS)
def test_windows_leave_nothing_out_stay_within_14_days_and_end(
    since: datetime, now: datetime
) -> None:
    position: Position | None = Position.first(since, now)
    assert position is not None
    assert position.start == max(millis(since), millis(now - MEMORY))
    windows = 0
    while position is not None:
        start, end = position.asked()
        assert start < position.start <= position.end < end
        assert end - start <= 14 * 86_400_000
        following = position.next_window()
        if following is None:
            assert position.end >= millis(now)
        else:
            assert following.start == position.end
        position, windows = following, windows + 1
    assert windows <= MEMORY // SPAN + 1


@given(
    start=st.integers(0, 10**13),
    until=st.integers(0, 10**13),
    place=st.one_of(st.just(""), st.integers(0, 49).map(str), st.text().map("~{}".format)),
)
def test_a_cursor_is_all_that_a_walk_remembers(start: int, until: int, place: str) -> None:
    position = Position(start, until, place)
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize("cursor", ["x", "1.2", "1.2.-3", "1.2.3.4", "٣.٣.٣", "a.b.~c"])
def test_a_strange_cursor_is_rejected(marketplace: TrendyolMarketplace, cursor: str) -> None:
    with pytest.raises(Rejected) as caught:
        marketplace.orders_changed_since(datetime(2026, 3, 1, tzinfo=UTC), cursor)
    assert caught.value.field == "cursor"


def test_a_walk_keeps_every_limit_of_the_vendor_and_reaches_three_months_back(
    sandbox: TrendyolSandbox, clock: StillClock, happen: Any
) -> None:
    """The sandbox refuses longer windows and older dates, so that passing is the proof."""
    ages = (0, 13, 14, 26, 28, 40, 60, 87)
    made = {
        happen("order", placed_at=clock.now() - timedelta(days=age))["orderNumber"] for age in ages
    }
    forgotten = happen("order", placed_at=clock.now() - timedelta(days=100))["orderNumber"]
    recorded = Recorded(sandbox, clock)
    marketplace = shop_at(clock, recorded)
    long_ago = clock.now() - timedelta(days=400)
    found = {o.number for o in everything(lambda c: marketplace.orders_changed_since(long_ago, c))}
    assert made <= found
    assert forgotten not in found
    assert {"stream" in url for url in recorded.urls} == {True, False}


def test_more_than_ten_thousand_results_are_read_from_the_stream(
    sandbox: TrendyolSandbox, clock: StillClock, happen: Any
) -> None:
    made = {happen("order")["orderNumber"] for _ in range(10_001)}
    recorded = Recorded(sandbox, clock)
    marketplace = shop_at(clock, recorded)
    since = clock.now()
    found = everything(lambda c: marketplace.orders_changed_since(since, c))
    assert made == {order.number for order in found}
    assert sum("v2/orders" in url for url in recorded.urls) == 1


def test_a_window_that_grew_too_old_while_the_walk_slept_is_read_from_the_stream(
    marketplace: TrendyolMarketplace, clock: StillClock, happen: Any
) -> None:
    made = {happen("order")["orderNumber"] for _ in range(450)}
    since = clock.now()
    first = marketplace.orders_changed_since(since)
    clock.advance(timedelta(days=35))
    rest = everything(lambda c: marketplace.orders_changed_since(since, c or first.cursor))
    assert made == {order.number for order in rest}


def test_a_stream_cursor_that_the_vendor_forgot_asks_for_a_new_beginning(
    marketplace: TrendyolMarketplace, clock: StillClock
) -> None:
    start = millis(clock.now() - timedelta(days=40))
    with pytest.raises(Rejected) as caught:
        marketplace.orders_changed_since(clock.now(), f"{start}.{millis(clock.now())}.~forgotten")
    assert caught.value.field == "cursor"


def test_wrong_keys_stay_wrong_keys_in_the_stream(clock: StillClock) -> None:
    marketplace = shop_at(clock, Says({}, status=401))
    with pytest.raises(AuthRejected):
        marketplace.orders_changed_since(clock.now(), f"{millis(clock.now())}.0.~place")


@pytest.mark.parametrize("next_cursor", ["place", "", None])
def test_a_stream_that_does_not_move_is_the_vendors_fault_and_no_endless_walk(
    clock: StillClock, next_cursor: str | None
) -> None:
    answer = {"content": [], "size": 0, "hasMore": True, "nextCursor": next_cursor}
    now = millis(clock.now())
    with pytest.raises(ContractBroken, match="nextCursor"):
        shop_at(clock, Says(answer)).orders_changed_since(clock.now(), f"{now}.{now}.~place")
