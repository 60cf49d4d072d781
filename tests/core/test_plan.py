"""From a reading and the tenant's rules to what a turn will try."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.agents.intents import DEFAULT_THRESHOLD, TAXONOMY, IntentRule
from core.agents.plan import ABOUT_ORDERS, MOST_INTENTS, TRIES, Way, offered, plan
from ports.families.understanding import Guess, Reading
from tests.core.fakes.laws import law

GREET, ANSWER, CLARIFY, OVER = Way.GREET, Way.ANSWER, Way.CLARIFY, Way.HAND_OVER
FREE = {name: IntentRule(name, autonomous=True) for name in TAXONOMY}


def reading(**sure: float) -> Reading:
    guesses = [Guess(intent, c) for intent, c in sure.items()]
    return Reading("tr", tuple(sorted(guesses, key=lambda g: -g.confidence)), "m")


READINGS: list[tuple[dict[str, float], Way, tuple[str, ...]]] = [
    ({"order_status": 0.9}, ANSWER, ("order_status",)),
    ({"order_status": DEFAULT_THRESHOLD}, ANSWER, ("order_status",)),
    ({"order_status": 0.59, "price_query": 0.2}, CLARIFY, ("order_status", "price_query")),
    (
        {"shipment_tracking": 0.9, "refund_status": 0.8},
        ANSWER,
        ("shipment_tracking", "refund_status"),
    ),
    ({"greeting": 0.95}, GREET, ("greeting",)),
    ({"greeting": 0.95, "shipment_tracking": 0.8}, ANSWER, ("shipment_tracking",)),
    ({"greeting": 0.95, "price_query": 0.8}, OVER, ("price_query",)),
    ({"human_request": 0.9}, OVER, ("human_request",)),
    ({"order_status": 0.9, "human_request": 0.8}, OVER, ("order_status", "human_request")),
    ({"return_request": 0.9}, OVER, ("return_request",)),
    ({"order_status": 0.9, "return_request": 0.8}, OVER, ("order_status", "return_request")),
    (
        {"order_status": 0.9, "refund_status": 0.8, "price_query": 0.7},
        ANSWER,
        ("order_status", "refund_status"),
    ),
    ({"greeting": 0.4, "out_of_scope": 0.3, "price_query": 0.2}, CLARIFY, ("price_query",)),
    ({}, OVER, ()),
    ({"greeting": 0.4}, OVER, ()),
]


@pytest.mark.parametrize(("sure", "way", "intents"), READINGS)
def test_a_reading_becomes_a_plan(
    sure: dict[str, float], way: Way, intents: tuple[str, ...]
) -> None:
    made = plan(reading(**sure), FREE, failures=0)
    assert (made.way, made.intents) == (way, intents)


@pytest.mark.parametrize(("threshold", "way"), [(0.9, CLARIFY), (0.7, ANSWER), (0.71, CLARIFY)])
def test_the_tenants_threshold_decides_what_is_sure(threshold: float, way: Way) -> None:
    rules = {"order_status": IntentRule("order_status", threshold)}
    assert plan(reading(order_status=0.7), rules, failures=0).way is way


def test_who_asks_for_a_person_is_not_told_that_no_source_answers() -> None:
    made = plan(reading(human_request=0.9, price_query=0.8), FREE, failures=0)
    assert made.reason == "the customer asks for a person"


@pytest.mark.parametrize(
    ("failures", "way"), [(0, ANSWER), (TRIES - 1, ANSWER), (TRIES, OVER), (TRIES + 1, OVER)]
)
def test_after_three_tries_that_did_not_help_a_person_takes_over(failures: int, way: Way) -> None:
    assert plan(reading(order_status=0.9), FREE, failures=failures).way is way
    unsure = plan(reading(order_status=0.3), FREE, failures=failures).way
    assert unsure is (CLARIFY if way is ANSWER else OVER)


RESUMED: list[tuple[dict[str, float], bool, Way, tuple[str, ...]]] = [
    ({"out_of_scope": 0.9}, True, ANSWER, ("order_status",)),
    ({}, True, ANSWER, ("order_status",)),
    ({"greeting": 0.9}, False, ANSWER, ("order_status",)),
    ({"invoice": 0.2}, False, ANSWER, ("order_status",)),
    ({"price_query": 0.9}, True, ANSWER, ("order_status",)),
    ({"price_query": 0.9}, False, OVER, ("price_query",)),
    ({"human_request": 0.9}, True, OVER, ("order_status", "human_request")),
    ({"human_request": 0.9}, False, OVER, ("human_request",)),
]


@pytest.mark.parametrize(("sure", "proof", "way", "intents"), RESUMED)
def test_what_waits_for_proof_goes_on_with_it_unless_something_clearer_is_said(
    sure: dict[str, float], proof: bool, way: Way, intents: tuple[str, ...]
) -> None:
    made = plan(reading(**sure), FREE, failures=0, resumed=("order_status",), proof=proof)
    assert (made.way, made.intents) == (way, intents)


@pytest.mark.parametrize(
    ("chosen", "way"),
    [("order_status", ANSWER), ("return_request", OVER), ("human_request", OVER), ("x", OVER)],
)
def test_a_tap_is_surer_than_any_guess(chosen: str, way: Way) -> None:
    made = plan(reading(price_query=0.9), FREE, failures=0, chosen=chosen)
    assert (made.way, made.intents) == (way, (chosen,))


def test_a_tenants_own_intent_has_no_source_yet_and_goes_to_a_person() -> None:
    own = IntentRule("gift_wrap", 0.5, autonomous=True, title="Hediye", examples=("a",))
    made = plan(reading(gift_wrap=0.55), {"gift_wrap": own}, failures=0)
    assert (made.way, made.intents, made.autonomous) == (OVER, ("gift_wrap",), True)


@law
@given(
    st.dictionaries(st.sampled_from(list(TAXONOMY)), st.floats(0, 1), max_size=6),
    st.sets(st.sampled_from(list(TAXONOMY))),
    st.integers(0, 5),
)
def test_nothing_is_done_alone_that_any_rule_forbids(
    sure: dict[str, float], free: set[str], failures: int
) -> None:
    rules = {name: IntentRule(name, autonomous=name in free) for name in TAXONOMY}
    made = plan(reading(**sure), rules, failures=failures)
    assert made.autonomous is (bool(made.intents) and set(made.intents) <= free)
    assert len(made.intents) <= max(MOST_INTENTS, 3)
    if made.way is ANSWER:
        assert set(made.intents) <= ABOUT_ORDERS
        assert "human_request" not in made.intents


@law
@given(st.dictionaries(st.sampled_from(list(TAXONOMY)), st.floats(0, 1)))
def test_what_is_offered_is_short_and_worth_offering(sure: dict[str, float]) -> None:
    names = [g.intent for g in offered(reading(**sure))]
    assert len(names) <= 3
    assert not {"greeting", "out_of_scope", "human_request"} & set(names)
