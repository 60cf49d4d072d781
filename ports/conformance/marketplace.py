"""The promises of ports.families.marketplace: Marketplace and its optional powers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from ports.conformance.base import StillClock, attempt, is_none_or_rejected, not_offered
from ports.conformance.faults import READING, ReadsContract, provoke
from ports.conformance.paging import walk
from ports.errors import Rejected
from ports.families.marketplace import (
    ListsClaims,
    ListsQuestions,
    Marketplace,
    Order,
    Package,
    PackageState,
    SubscribesWebhooks,
)
from ports.sandbox import Fault, Sandbox
from ports.settings import Secret
from ports.values import Money

STRANGE_NUMBERS = ("no-such-order", "İĞÜ-1", "1&status=Created", "../../orders", "9" * 200)
ADDRESS = "https://invekto.example/hooks/T42"


class MarketplaceContract(ReadsContract):
    """Wanted: `known_order_number`, `unknown_state`, `many_orders`, `change_an_order`."""

    family = "marketplace"

    @pytest.fixture
    def marketplace(self, port: Any) -> Marketplace:
        built: Marketplace = port
        return built

    @pytest.fixture
    def since(self, clock: StillClock) -> datetime:
        return clock.now() - timedelta(days=7)

    @pytest.fixture
    def ask(self, known_order_number: str) -> Callable[[Any], object]:
        return lambda marketplace: marketplace.find_order(known_order_number)

    # --- lists -----------------------------------------------------------------------------

    def test_paging_ends_and_leaves_no_gap(
        self, marketplace: Marketplace, many_orders: set[str], since: datetime
    ) -> None:
        pages = walk(lambda cursor: marketplace.orders_changed_since(since, cursor))
        assert len(pages) > 1, "let `many_orders` need more than one page"
        missing = set(many_orders) - {order.number for page in pages for order in page.items}
        assert not missing, f"orders fell between the pages: {sorted(missing)[:5]}"

    def test_an_order_that_changes_is_seen_by_the_next_poll(
        self, marketplace: Marketplace, clock: StillClock, change_an_order: Callable[[], str]
    ) -> None:
        """At or after `since`: a change in the very moment of the last poll is not lost."""
        moment = clock.now()
        number = change_an_order()
        assert number in {order.number for order in orders(marketplace, moment)}

    def test_a_quiet_time_is_a_list_that_ends(
        self, marketplace: Marketplace, clock: StillClock
    ) -> None:
        """An hour after the last change, and again a year later."""
        for later in (timedelta(hours=1), timedelta(days=365)):
            clock.advance(later)
            assert len(walk(lambda c: marketplace.orders_changed_since(clock.now(), c))) == 1

    def test_a_since_older_than_the_vendor_remembers_starts_at_its_memory(
        self, marketplace: Marketplace, known_order_number: str, clock: StillClock
    ) -> None:
        found = orders(marketplace, clock.now() - timedelta(days=3650))
        assert known_order_number in {order.number for order in found}

    @pytest.mark.parametrize("fault", READING)
    def test_a_failure_in_a_list_is_the_right_error(
        self, sandbox: Sandbox, marketplace: Marketplace, since: datetime, fault: Fault
    ) -> None:
        """An error, never a list that ends early: that would be a gap."""
        sandbox.faults.add(fault, path=self.fault_path)
        provoke(lambda: marketplace.orders_changed_since(since), READING[fault], fault)

    # --- one order -------------------------------------------------------------------------

    def test_a_known_order_is_found_with_all_its_packages(
        self, marketplace: Marketplace, known_order_number: str
    ) -> None:
        order = marketplace.find_order(known_order_number)
        assert isinstance(order, Order)
        assert order.number == known_order_number
        assert order.placed_at.tzinfo is not None, "moments are aware"
        assert order.packages
        assert order == marketplace.find_order(known_order_number), "asking changes nothing"

    @pytest.mark.parametrize("number", STRANGE_NUMBERS)
    def test_an_order_nobody_knows_is_none(self, marketplace: Marketplace, number: str) -> None:
        assert is_none_or_rejected(attempt(lambda: marketplace.find_order(number), Rejected))

    @pytest.mark.usefixtures("known_order_number")
    def test_money_is_exact_and_moments_are_aware(
        self, marketplace: Marketplace, since: datetime
    ) -> None:
        packages = [p for order in orders(marketplace, since) for p in order.packages]
        assert packages, "let the sandbox have orders of the last week"
        for package in packages:
            assert package.id
            assert package.modified_at.tzinfo is not None
            for money in amounts(package):
                assert isinstance(money, Money), f"{money!r} is not Money"
                assert type(money.minor) is int, f"{money!r} is not in whole minor units"
                assert len(money.currency) == 3
            for line in package.lines:
                assert type(line.quantity) is int
                assert line.quantity > 0

    def test_a_state_we_cannot_map_is_unknown_and_its_word_is_kept(
        self, marketplace: Marketplace, unknown_state: tuple[str, str]
    ) -> None:
        number, word = unknown_state
        order = marketplace.find_order(number)
        assert order is not None, "a state we cannot map does not lose the order"
        states = [p.state for p in order.packages if p.vendor_state == word]
        assert states, f"the word {word!r} is dropped: {order.packages}"
        assert set(states) == {PackageState.UNKNOWN}, f"{word!r} is taken for {states}"

    # --- optional powers -------------------------------------------------------------------

    def test_claims_page_to_an_end_without_a_gap(
        self, request: pytest.FixtureRequest, marketplace: Marketplace, since: datetime
    ) -> None:
        if not isinstance(marketplace, ListsClaims):
            not_offered("ListsClaims")
        many: set[str] = request.getfixturevalue("many_claims")
        claims_at = marketplace.claims_changed_since
        claims = [c for page in walk(lambda c: claims_at(since, c)) for c in page.items]
        assert set(many) <= {c.id for c in claims}, "claims fell between the pages"
        assert all(c.items and c.order_number for c in claims)
        assert all(c.opened_at.tzinfo and c.modified_at.tzinfo for c in claims)

    def test_questions_page_to_an_end_without_a_gap(
        self, request: pytest.FixtureRequest, marketplace: Marketplace, since: datetime
    ) -> None:
        if not isinstance(marketplace, ListsQuestions):
            not_offered("ListsQuestions")
        many: set[str] = request.getfixturevalue("many_questions")
        questions_at = marketplace.questions_changed_since
        questions = [q for page in walk(lambda c: questions_at(since, c)) for q in page.items]
        assert set(many) <= {q.id for q in questions}, "questions fell between the pages"
        assert all(q.text and q.vendor_state and q.asked_at.tzinfo for q in questions)

    def test_an_equal_subscription_is_reused_and_an_unknown_one_may_be_ended(
        self, marketplace: Marketplace
    ) -> None:
        if not isinstance(marketplace, SubscribesWebhooks):
            not_offered("SubscribesWebhooks")
        secret = Secret("a-long-random-word-0123456789")
        first = marketplace.subscribe(ADDRESS, secret)
        assert marketplace.subscribe(ADDRESS, secret).id == first.id
        ours = [s for s in marketplace.subscriptions() if s.url == ADDRESS and s.active]
        assert [s.id for s in ours] == [first.id], "an equal subscription is reused"
        for id in (first.id, first.id, "0"):
            marketplace.unsubscribe(id)
        assert not [s for s in marketplace.subscriptions() if s.id == first.id and s.active]


def orders(marketplace: Marketplace, since: datetime) -> list[Order]:
    pages = walk(lambda cursor: marketplace.orders_changed_since(since, cursor))
    return [order for page in pages for order in page.items]


def amounts(package: Package) -> Iterator[Money]:
    yield package.total
    yield from (line.unit_price for line in package.lines)
