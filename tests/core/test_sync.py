"""Polling a shop: nothing missed, nothing asked twice, resumed where it broke off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.commerce.sync import EVERY, FIRST_REACH, LEASE, NEVER, OVERLAP, STREAMS, SyncState
from core.tenancy.installations import InstallationState
from ports.errors import AuthRejected, ContractBroken, RateLimited, Rejected, Transient
from ports.families.carrier import ParcelMoved
from ports.families.marketplace import Page, Question, QuestionState
from tests.core.fakes import samples
from tests.core.fakes.house import House
from tests.core.fakes.samples import order, package, shipped
from tests.core.fakes.vendors import FakeShop
from tests.core.fakes.world import NOW, TENANT

ONE, TWO, THREE = (order(number=n) for n in ("1000001", "1000002", "1000003"))
PAGES = {None: Page((ONE,), "a"), "a": Page((TWO,), "b"), "b": Page((THREE,), None)}


@pytest.fixture
def due(house: House) -> House:
    """A house whose shop is due in every stream, with three pages of orders."""
    with house.world(TENANT) as work:
        for stream in STREAMS:
            work.sync.begin(SyncState(house.market.id, stream, due_at=NOW))
        work.commit()
    house.shop.pages = dict(PAGES)
    return house


def polls(house: House, stream: str = "orders") -> int:
    return house.sync(TENANT, house.market.id, stream)


def state(house: House, stream: str = "orders") -> SyncState:
    found: SyncState = house.tables.sync[house.market.id, stream]
    return found


def test_a_round_goes_through_every_page(due: House) -> None:
    assert polls(due) == 3
    assert sorted(n for _, n in due.tables.orders) == ["1000001", "1000002", "1000003"]
    since = NOW - FIRST_REACH
    assert due.shop.asked == [(since, None), (since, "a"), (since, "b")]
    assert state(due) == SyncState(
        due.market.id,
        "orders",
        due_at=NOW + EVERY["orders"],
        since=NOW - OVERLAP,
        started_at=NOW,
        finished_at=NOW,
        seen=3,
    )


def test_nothing_is_asked_before_it_is_due(due: House) -> None:
    polls(due)
    assert polls(due) == 0
    due.clock.forward(EVERY["orders"])
    assert polls(due) == 3


def test_each_round_reaches_back_behind_the_last_ones_start(due: House) -> None:
    due.shop.during = lambda: due.clock.forward(minutes=3)
    polls(due)
    assert state(due).finished_at == NOW + timedelta(minutes=9)
    assert state(due).since == NOW - OVERLAP, "what changed while it ran is not missed"


def test_a_round_that_broke_off_goes_on_at_its_page(due: House) -> None:
    due.shop.next.extend([None, Transient("busy")])
    assert polls(due) == 1
    assert (state(due).cursor, state(due).error, state(due).failures) == ("a", "busy", 1)
    assert list(due.tables.orders) == [(due.market.id, "1000001")], "what came is kept"
    due.clock.forward(seconds=2)
    assert polls(due) == 2
    assert [c for _, c in due.shop.asked] == [None, "a", "a", "b"]
    assert len({since for since, _ in due.shop.asked}) == 1
    assert (state(due).seen, state(due).error, state(due).failures) == (3, None, 0)


def test_a_cursor_that_is_refused_begins_the_round_again(due: House) -> None:
    due.shop.next.extend([None, Rejected("expired", field="cursor")])
    polls(due)
    assert state(due).cursor is None
    due.clock.forward(EVERY["orders"])
    assert polls(due) == 3
    assert [c for _, c in due.shop.asked] == [None, "a", None, "a", "b"]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (Transient("busy"), 2),
        (RateLimited("slow down", retry_after=40), 40),
        (AuthRejected("the key is old"), 300),
        (ContractBroken("odd"), 300),
        (Rejected("no"), 300),
    ],
)
def test_a_failed_poll_waits_as_its_error_says(
    due: House, error: Exception, seconds: float
) -> None:
    due.shop.down = error
    assert polls(due) == 0
    assert state(due).due_at == NOW + timedelta(seconds=seconds)
    assert state(due).lease_until is None


def test_polling_never_gives_up(due: House) -> None:
    due.shop.down = Transient("busy")
    for _ in range(30):
        polls(due)
        wait = state(due).due_at - due.clock.now()
        assert timedelta(0) < wait <= timedelta(hours=1)
        due.clock.forward(wait)
    due.shop.down = None
    assert polls(due) == 3


def test_a_stream_that_the_shop_does_not_have_is_never_asked_again(due: House) -> None:
    due.vendors.plugins["shop"].parts["marketplace"] = FakeShop(due.world)
    assert polls(due, "claims") == 0
    assert state(due, "claims").due_at == NEVER


def test_returns_and_questions_come_in_too(due: House) -> None:
    asked = Question("q1", "Var mı?", NOW, QuestionState.WAITING, "waiting", "Gömlek")
    due.shop.claims = {None: Page((samples.claim(),), None)}
    due.shop.questions = {None: Page((asked,), None)}
    assert (polls(due, "claims"), polls(due, "questions")) == (1, 1)
    assert list(due.tables.claims) == [(due.market.id, "c1")]
    assert list(due.tables.questions) == [(due.market.id, "q1")]


def test_two_workers_never_poll_one_stream_at_once(due: House) -> None:
    due.shop.during = lambda: assert_idle(due)
    polls(due)


def assert_idle(house: House) -> None:
    during, house.shop.during = house.shop.during, None
    assert polls(house) == 0
    house.shop.during = during


def test_a_worker_that_died_is_followed_by_another_at_the_same_page(due: House) -> None:
    due.shop.next.extend([None, KeyboardInterrupt()])  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        polls(due)
    assert polls(due) == 0
    due.clock.forward(LEASE)
    assert polls(due) == 2
    assert [c for _, c in due.shop.asked] == [None, "a", "a", "b"]


def test_nothing_is_polled_where_it_is_switched_off(due: House) -> None:
    due.tables.flags["sync"] = False
    assert polls(due) == 0
    due.tables.flags["sync"] = True
    due.switch(due.market, InstallationState.DISABLED)
    assert polls(due) == 0
    assert due.shop.asked == []


# --- what the news means ---------------------------------------------------------------------


def test_older_news_never_overwrites_newer_and_a_contact_once_known_stays(house: House) -> None:
    house.says("merhaba")
    [contact] = house.tables.contacts
    new = order(package(at=NOW, state=shipped().state), phone="+905321234567")
    old = order(package(at=NOW - timedelta(hours=1)))
    with house.world(TENANT) as work:
        assert house.trade.keep(new, house.market, work)
        house.trade.keep(old, house.market, work)
        stored = work.orders.get(house.market.id, new.number)
        assert stored is not None
        assert stored.contact_id == contact
        assert stored.order.packages[0].state is shipped().state


@pytest.mark.parametrize(
    ("parcel", "followed"),
    [
        (shipped(), True),
        (package(), False),
        (shipped(tracking=samples.tracking(number=None)), False),
        (shipped(tracking=replace(samples.tracking(), carrier="nobody")), False),
        (shipped(tracking=None), False),
    ],
)
def test_a_parcel_is_followed_while_it_travels_with_a_carrier_we_know(
    house: House, parcel: object, followed: bool
) -> None:
    with house.world(TENANT) as work:
        house.trade.keep(order(parcel), house.market, work)  # type: ignore[arg-type]
        work.commit()
    assert bool(house.tables.parcels) is followed


def test_a_movement_is_a_hint_to_ask_now(house: House) -> None:
    with house.world(TENANT) as work:
        house.trade.keep(order(shipped()), house.market, work)
        [followed] = work.parcels.of_order(house.market.id, samples.NUMBER)
        work.parcels.save(replace(followed, due_at=NOW + timedelta(minutes=25)))
        for number in (samples.TRACKED, "unknown"):
            assert house.trade(ParcelMoved(number), house.parcels, work)
        [followed] = work.parcels.of_order(house.market.id, samples.NUMBER)
        assert followed.due_at == NOW
