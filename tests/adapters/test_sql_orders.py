"""Orders, returns and questions: news in any order end in the same order."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sql.stores.news import merged
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
        packages = {p.id: p for p in merged(packages, [news[turn]])}
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


def test_orders_are_listed_newest_first_with_their_packages(seller: Any, pages: Any) -> None:
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


def test_questions_keep_what_was_said_last(seller: Any, pages: Any) -> None:
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
