"""Orders, parcels and polling: news in any order end in the same order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from adapters.sql.lookups import Lookups
from adapters.sql.stores.news import merged
from core.commerce.parcels import Followed
from core.commerce.sync import NEVER, SyncState
from ports.families.carrier import Parcel, ParcelState, Scan
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
    Question,
    QuestionState,
    Tracking,
)
from ports.values import Money

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BUYER = Buyer("7", "Ayşe Yılmaz", "+905321112233", "a@example.com")


def package(id: str, minute: int = 0, **more: Any) -> Package:
    line = Line("l", "Kazak", 2, Money(1000, "TRY"), "sku")
    given = {"state": PackageState.CREATED, "vendor_state": "Created", **more}
    tracking = Tracking("123", None, "aras", "Aras Kargo")
    return Package(
        id,
        modified_at=NOW + minute * MINUTE,
        lines=(line,),
        total=Money(2000, "TRY"),
        tracking=tracking,
        **given,
    )


def order(*packages: Package, number: str = "1", buyer: Buyer = BUYER, days: int = 0) -> Order:
    place = Destination("İstanbul", "Kadıköy")
    return Order(number, NOW - timedelta(days=days), buyer, place, packages)


def tell(seller: Any, *orders: Order, contact: UUID | None = None) -> list[bool]:
    with seller.works(seller.tenant) as work:
        told = [work.orders.upsert(seller.channel, each, contact, NOW) for each in orders]
        work.commit()
    return told


def kept(seller: Any, number: str = "1") -> Any:
    with seller.works(seller.tenant) as work:
        return work.orders.get(seller.channel, number)


def test_an_order_comes_back_whole_and_telling_it_again_changes_nothing(seller: Any) -> None:
    told = order(package("a"), package("b", replaces=("x",)))
    assert tell(seller, told) == [True]
    assert tell(seller, told) == [False]
    assert kept(seller).order == told
    assert kept(seller, "2") is None


def test_older_news_never_stand_over_newer(seller: Any) -> None:
    new = package("a", 2, state=PackageState.SHIPPED)
    assert tell(seller, order(new)) == [True]
    stranger = replace(BUYER, name="Old Name")
    assert tell(seller, order(package("a", 1), buyer=stranger)) == [False]
    assert kept(seller).order == order(new)
    same_moment = replace(new, state=PackageState.DELIVERED)
    assert tell(seller, order(same_moment)) == [True]
    assert kept(seller).order.packages == (same_moment,)


def test_an_answer_may_hold_some_of_the_packages(seller: Any) -> None:
    tell(seller, order(package("a")), order(package("b", 1)), order())
    assert [p.id for p in kept(seller).order.packages] == ["a", "b"]


@given(st.permutations(range(5)))
@settings(max_examples=40, deadline=None)
def test_news_in_any_order_end_in_the_same_packages(turns: Sequence[int]) -> None:
    news = [
        package("a", 0),
        package("a", 2, state=PackageState.PICKING),
        package("b", 3, replaces=("a",)),
        package("c", 3, replaces=("a",)),
        package("b", 4, replaces=("a",), state=PackageState.SHIPPED),
    ]
    packages: Any = {}
    for turn in turns:
        packages = merged(packages, [news[turn]])
    states = {id: found.state for id, found in packages.items()}
    assert states == {
        "a": PackageState.SUPERSEDED,
        "b": PackageState.SHIPPED,
        "c": PackageState.CREATED,
    }


@pytest.mark.parametrize("turns", list(itertools.permutations(range(3)))[::2])
def test_a_replaced_package_is_superseded_whenever_it_comes(
    seller: Any, turns: Sequence[int]
) -> None:
    news = [package("a", 0), package("b", 1, replaces=("a",)), package("a", 2)]
    tell(seller, *(order(news[turn]) for turn in turns))
    assert [p.state for p in kept(seller).live_packages] == [PackageState.CREATED]
    assert {p.id: p.state for p in kept(seller).order.packages}["a"] is PackageState.SUPERSEDED


def test_many_who_tell_at_once_lose_nothing(seller: Any) -> None:
    def told(number: int) -> list[bool]:
        return tell(seller, order(package(f"p{number:02}", number)))

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(told, range(12))) == [[True]] * 12
    assert len(kept(seller).order.packages) == 12


def test_a_contact_once_known_stays(seller: Any) -> None:
    contact, other = seller.contact(), seller.contact()
    told = order(package("a"))
    assert tell(seller, told) == [True]
    assert tell(seller, told, contact=contact) == [True]
    assert tell(seller, told, contact=other) == [False]
    assert tell(seller, told) == [False]
    assert kept(seller).contact_id == contact
    with seller.works(seller.tenant) as work:
        work.orders.link(seller.channel, "1", other)
        assert work.orders.get(seller.channel, "1").contact_id == other


def test_orders_are_found_by_contact_and_by_phone(seller: Any) -> None:
    contact = seller.contact()
    stranger = replace(BUYER, phone=None)
    tell(seller, order(package("a"), number="1", days=1), order(package("b"), number="2"))
    tell(seller, order(package("c"), number="3", buyer=stranger, days=2), contact=contact)
    tell(seller, order(package("d"), number="4", buyer=stranger))
    with seller.works(seller.tenant) as work:
        found = work.orders.of_contact(contact, [str(BUYER.phone)], 9)
        assert [stored.order.number for stored in found] == ["2", "1", "3"]
        assert len(work.orders.of_contact(contact, [], 9)) == 1
        assert len(work.orders.of_contact(contact, [str(BUYER.phone)], 2)) == 2


def test_a_number_may_stand_in_several_shops(seller: Any) -> None:
    other = replace(seller, channel=seller.connect("trendyol"))
    tell(seller, order(package("a")))
    tell(other, order(package("a"), days=1))
    with seller.works(seller.tenant) as work:
        found = work.orders.by_number("1")
    assert [stored.installation_id for stored in found] == [other.channel, seller.channel]


def pages(turn: Callable[[str | None], Any]) -> list[Any]:
    items, cursor = [], None
    while True:
        page = turn(cursor)
        items += page.items
        cursor = page.cursor
        if cursor is None:
            return items


def test_orders_are_listed_newest_first_with_their_packages(seller: Any) -> None:
    tell(seller, *(order(package(f"p{n}"), number=f"n{n}", days=n // 2) for n in range(7)))
    with seller.works(seller.tenant) as work:
        listed = pages(lambda c: work.orders.list(cursor=c, limit=3))
    numbers = [stored.order.number for stored in listed]
    assert numbers == ["n1", "n0", "n3", "n2", "n5", "n4", "n6"]
    assert all(stored.order.packages[0].id[1:] == stored.order.number[1:] for stored in listed)


def test_claims_keep_their_latest_news(seller: Any) -> None:
    item = ClaimItem("i", "l", "Kazak", ClaimState.OPENED, "Created", "too small")
    claim = Claim("c", "1", NOW, NOW, (item,))
    later = replace(claim, modified_at=NOW + MINUTE, items=())
    with seller.works(seller.tenant) as work:
        upsert = work.orders.upsert_claim
        told = [upsert(seller.channel, each) for each in (claim, claim, later, claim, later)]
        assert told == [True, False, True, False, False]
        assert work.orders.claims(seller.channel, "1") == [later]
        assert work.orders.claims(seller.channel, "2") == []


def test_questions_keep_what_was_said_last(seller: Any) -> None:
    asked = [
        Question(f"q{n}", "Kumaşı ne?", NOW + n * MINUTE, QuestionState.WAITING, "W", "Kazak")
        for n in range(3)
    ]
    answered = replace(asked[0], state=QuestionState.ANSWERED, answer="Pamuk")
    with seller.works(seller.tenant) as work:
        upsert = work.orders.upsert_question
        told = [upsert(seller.channel, each) for each in (*asked, asked[0], answered)]
        assert told == [True, True, True, False, True]
        listed = pages(lambda c: work.orders.questions(cursor=c, limit=2))
    assert listed == [(seller.channel, each) for each in (asked[2], asked[1], answered)]


# --- parcels --------------------------------------------------------------------------------


def due(found: Sequence[Any], seller: Any) -> list[Any]:
    return [row[1:] for row in found if row[0] == seller.tenant]


def test_a_parcel_is_followed_once_and_asked_for_when_due(engine: Engine, seller: Any) -> None:
    followed = Followed(seller.channel, "123", seller.channel, "1", NOW)
    scan = Scan(NOW, "Yolda", ParcelState.IN_TRANSIT, "Ankara")
    parcel = Parcel("123", ParcelState.IN_TRANSIT, "Yolda", (scan,), delivered_at=None)
    asked = replace(followed, parcel=parcel, due_at=NOW + MINUTE, checked_at=NOW, failures=1)
    lookups = Lookups(engine)
    with seller.works(seller.tenant) as work:
        work.parcels.follow(followed)
        work.commit()
    assert due(lookups.due_parcels(NOW, MINUTE, 99), seller) == [(seller.channel, "123")]
    assert due(lookups.due_parcels(NOW, MINUTE, 99), seller) == []
    with seller.works(seller.tenant) as work:
        work.parcels.save(asked)
        work.parcels.follow(followed)
        assert work.parcels.get(seller.channel, "123") == asked
        assert work.parcels.of_order(seller.channel, "1") == [asked]
        work.commit()
    assert due(lookups.due_parcels(NOW + MINUTE, MINUTE, 99), seller) == [(seller.channel, "123")]
    with seller.works(seller.tenant) as work:
        work.parcels.save(replace(asked, due_at=None))
        work.commit()
    assert due(lookups.due_parcels(NEVER, MINUTE, 99), seller) == []


# --- polling --------------------------------------------------------------------------------


def streams(seller: Any, act: Callable[[Any], Any]) -> Any:
    with seller.works(seller.tenant) as work:
        answer = act(work.sync)
        work.commit()
    return answer


def test_a_due_stream_is_leased_to_one_worker(engine: Engine, seller: Any) -> None:
    state = SyncState(seller.channel, "orders", NOW)
    until, lookups = NOW + MINUTE, Lookups(engine)
    streams(seller, lambda sync: sync.begin(state))
    assert due(lookups.due_sync(NOW, MINUTE, 99), seller) == [(seller.channel, "orders")]
    with seller.works(seller.tenant) as one, seller.works(seller.tenant) as other:
        leased = one.sync.claim(seller.channel, "orders", NOW, until)
        assert leased == replace(state, lease_until=until)
        assert other.sync.claim(seller.channel, "orders", NOW, until) is None
        one.commit()
    claim = lambda now: streams(  # noqa: E731
        seller, lambda sync: sync.claim(seller.channel, "orders", now, now + MINUTE)
    )
    assert claim(until - timedelta(seconds=1)) is None
    assert due(lookups.due_sync(until, MINUTE, 99), seller) == [(seller.channel, "orders")]
    assert claim(until) == replace(state, lease_until=until + MINUTE)


def test_beginning_a_stream_again_makes_it_due_and_keeps_its_place(seller: Any) -> None:
    begun = SyncState(seller.channel, "orders", NOW)
    far = replace(begun, due_at=NEVER, cursor="c", since=NOW, seen=7)
    streams(seller, lambda sync: sync.begin(begun))
    streams(seller, lambda sync: sync.save(far))
    streams(seller, lambda sync: sync.begin(begun))
    assert streams(seller, lambda sync: sync.of(seller.channel)) == [replace(far, due_at=NOW)]


def test_a_rush_makes_streams_due_but_takes_none_from_its_worker(
    engine: Engine, seller: Any
) -> None:
    until = NOW + MINUTE
    at_work = SyncState(seller.channel, "claims", NEVER, lease_until=until)
    at_rest = SyncState(seller.channel, "orders", NEVER)
    for state in (at_work, at_rest):
        streams(seller, lambda sync, state=state: sync.begin(state))
    streams(seller, lambda sync: sync.rush(seller.channel, NOW))
    lookups = Lookups(engine)
    assert due(lookups.due_sync(NOW, MINUTE, 99), seller) == [(seller.channel, "orders")]
    assert (seller.channel, "claims") in due(lookups.due_sync(until, MINUTE, 99), seller)
    states = streams(seller, lambda sync: sync.of(seller.channel))
    assert [(s.stream, s.due_at) for s in states] == [("claims", NOW), ("orders", NOW)]


def test_a_stopped_stream_is_gone(seller: Any) -> None:
    state = SyncState(seller.channel, "orders", NOW)
    streams(seller, lambda sync: sync.begin(state))
    streams(seller, lambda sync: sync.stop(seller.channel))
    streams(seller, lambda sync: sync.save(state))
    assert streams(seller, lambda sync: sync.of(seller.channel)) == []


# --- the gate -------------------------------------------------------------------------------


def test_guesses_are_counted_by_contact_and_in_all(seller: Any) -> None:
    one, other = seller.contact(), seller.contact()
    with seller.works(seller.tenant) as work:
        for contact, minute in ((one, 0), (one, 2), (other, 2)):
            work.gate.add_guess(contact, NOW + minute * MINUTE)
        assert work.gate.guesses(one, NOW) == 2
        assert work.gate.guesses(one, NOW + MINUTE) == 1
        assert work.gate.guesses(None, NOW) == 3
        assert work.gate.guesses(None, NOW + 3 * MINUTE) == 0


def test_proving_again_changes_nothing(seller: Any) -> None:
    contact = seller.contact()
    with seller.works(seller.tenant) as work:
        for how in ("phone", "number and total"):
            work.gate.add_proof(contact, seller.channel, "1", how, NOW)
        assert work.gate.proven(contact) == {(seller.channel, "1")}
