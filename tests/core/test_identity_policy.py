"""What the seller asks counts at once; and whoever works for several chooses one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from core.identity.client import Client
from core.identity.policy import Fence, SecondFactor
from core.identity.steps import Entered, NeedsChoice, NeedsEnrolment, NeedsFactor
from core.identity.tickets import LIFETIMES, Purpose
from core.shared.errors import NotFromHere, SignInRefused
from tests.core.fakes.door import AWAY, HOME, Door
from tests.core.fakes.world import OTHER, TENANT

NETWORK = {"people": Fence(networks=("192.0.2.0/24",))}
COUNTRY = {"people": Fence(countries=("TR",))}


# --- policy, at once -------------------------------------------------------------------------


def test_the_break_glass_owner_comes_in_where_all_others_come_by_sso(door: Door) -> None:
    owner = door.person("owner")
    door.person()
    door.asks(local=False, break_glass=owner)
    assert door.enters("owner@deniz.example")
    with pytest.raises(SignInRefused):
        door.tries()
    door.asks(local=True)
    assert door.enters()


@pytest.mark.parametrize(
    ("policy", "client", "reason"),
    [
        (NETWORK, AWAY, "network_not_allowed"),
        (COUNTRY, AWAY, "country_not_allowed"),
        (COUNTRY, replace(HOME, country=None), "country_not_allowed"),
        (NETWORK, Client(), "network_not_allowed"),
    ],
)
def test_the_fence_stands_also_for_the_right_password(
    door: Door, policy: dict[str, Any], client: Client, reason: str
) -> None:
    door.person()
    door.asks(**policy)
    with pytest.raises(NotFromHere):
        door.tries(client=client)
    assert (door.refused(), door.audited()) == ([reason], ["sign_in.fenced"])
    assert door.enters(client=HOME)


def test_the_fence_tells_nothing_to_whoever_does_not_know_the_password(door: Door) -> None:
    door.person()
    door.asks(**NETWORK)
    with pytest.raises(SignInRefused):
        door.tries(client=AWAY, password="wrong")
    assert door.refused() == ["wrong_password"]


def test_being_outside_the_fence_is_no_guess(door: Door) -> None:
    door.person()
    door.asks(**NETWORK)
    for _ in range(20):
        with pytest.raises(NotFromHere):
            door.tries(client=AWAY)
    assert door.enters()


@pytest.mark.parametrize(
    ("days", "wish", "remembered"), [(0, True, False), (30, True, True), (30, False, False)]
)
def test_people_are_remembered_where_they_wish_and_the_policy_offers_it(
    door: Door, days: int, wish: bool, remembered: bool
) -> None:
    door.person()
    door.asks(remember_days=days)
    assert door.enters(remember=wish).session.remembered is remembered


@pytest.mark.parametrize(
    ("policy", "roles", "expected"),
    [
        ({"second_factor": SecondFactor.OFF}, (), Entered),
        ({"second_factor": SecondFactor.OPTIONAL}, (), Entered),
        ({"second_factor": SecondFactor.REQUIRED}, (), NeedsEnrolment),
        (
            {"second_factor": SecondFactor.ROLES, "second_factor_roles": ("supervisor",)},
            ("supervisor", "agent"),
            NeedsEnrolment,
        ),
        (
            {"second_factor": SecondFactor.ROLES, "second_factor_roles": ("supervisor",)},
            ("agent",),
            Entered,
        ),
    ],
)
def test_a_second_factor_is_asked_of_whom_the_policy_says(
    door: Door, policy: dict[str, Any], roles: tuple[str, ...], expected: type
) -> None:
    door.person(roles=roles or ("agent",))
    door.asks(**policy)
    assert isinstance(door.tries(), expected)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (SecondFactor.OFF, Entered),
        (SecondFactor.OPTIONAL, NeedsFactor),
        (SecondFactor.REQUIRED, NeedsFactor),
    ],
)
def test_whoever_has_one_is_asked_for_it_unless_it_is_off(
    door: Door, kind: SecondFactor, expected: type
) -> None:
    door.app(door.person())
    door.asks(second_factor=kind)
    assert isinstance(door.tries(), expected)


# --- several sellers -------------------------------------------------------------------------


def test_whoever_works_for_two_sellers_chooses(door: Door) -> None:
    door.person("ayse", TENANT, OTHER)
    step = door.tries(remember=True)
    assert isinstance(step, NeedsChoice)
    assert step.sellers == [(TENANT, "Deniz"), (OTHER, "Ada")]
    entered = door.sign_in.choose(step.ticket, OTHER, HOME)
    assert isinstance(entered, Entered)
    assert entered.tenant == OTHER
    assert door.world.tables(TENANT).sessions == {}


def test_a_choice_is_made_once(door: Door) -> None:
    door.person("ayse", TENANT, OTHER)
    step = door.tries()
    assert isinstance(step, NeedsChoice)
    door.sign_in.choose(step.ticket, OTHER, HOME)
    with pytest.raises(SignInRefused):
        door.sign_in.choose(step.ticket, OTHER, HOME)


def test_a_choice_is_over_after_a_while(door: Door) -> None:
    door.person("ayse", TENANT, OTHER)
    step = door.tries()
    assert isinstance(step, NeedsChoice)
    door.clock.forward(LIFETIMES[Purpose.CHOICE])
    with pytest.raises(SignInRefused):
        door.sign_in.choose(step.ticket, TENANT, HOME)


def test_a_seller_that_is_none_of_theirs_cannot_be_chosen(door: Door) -> None:
    door.person("ayse", TENANT, OTHER)
    step = door.tries()
    assert isinstance(step, NeedsChoice)
    with pytest.raises(SignInRefused):
        door.sign_in.choose(step.ticket, uuid4(), HOME)


def test_of_two_sellers_one_that_takes_sso_alone_is_no_choice(door: Door) -> None:
    door.person("ayse", TENANT, OTHER)
    door.asks(TENANT, local=False, break_glass=uuid4())
    assert door.enters().tenant == OTHER


def test_a_told_seller_is_no_choice_any_more(door: Door) -> None:
    door.person("ayse", TENANT, OTHER)
    assert door.enters(tenant=OTHER).tenant == OTHER


@pytest.mark.parametrize("text", ["", "x", "ş" * 128, "A" * 128])
def test_a_ticket_that_nobody_wrote_opens_nothing(door: Door, text: str) -> None:
    with pytest.raises(SignInRefused):
        door.sign_in.choose(text, TENANT, HOME)
    with pytest.raises(SignInRefused):
        door.sign_in.by_code(text, "totp", "123456", HOME)
    with pytest.raises(SignInRefused):
        door.sign_in.passkey_options(text)
