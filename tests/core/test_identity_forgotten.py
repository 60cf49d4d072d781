"""A forgotten password is set anew by a link, and nobody learns who has an account."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.identity.lockout import NETWORK
from core.identity.steps import Entered
from core.identity.tickets import LIFETIMES, Purpose
from core.shared.errors import (
    Invalid,
    NotFound,
    SignInRefused,
    TooManyTries,
)
from core.shared.ids import OPERATOR
from tests.core.fakes.door import AWAY, HOME, PASSWORD, Door
from tests.core.fakes.world import OTHER, TENANT

AYSE = "ayse@deniz.example"
NEW = "yeni bir sabah oldu"


def forgotten(door: Door, person: Any) -> str:
    door.passwords.forgot(AYSE, HOME)
    return door.link(person)


def test_a_link_by_mail_sets_a_new_one(door: Door) -> None:
    person = door.person()
    link = forgotten(door, person)
    assert door.read(person)["to"] == AYSE
    door.passwords.reset(link, NEW, AWAY)
    assert door.enters(password=NEW)
    with pytest.raises(SignInRefused):
        door.tries()


def test_every_session_at_every_seller_ends(door: Door) -> None:
    person = door.person("ayse", TENANT, OTHER)
    here, there = door.enters(tenant=TENANT), door.enters(tenant=OTHER)
    door.passwords.reset(forgotten(door, person), NEW, HOME)
    assert {door.session(e).ended_why for e in (here, there)} == {"credentials_changed"}


def test_a_link_works_once_and_the_others_die_with_it(door: Door) -> None:
    person = door.person()
    first, second = forgotten(door, person), forgotten(door, person)
    door.passwords.reset(first, NEW, HOME)
    for link in (first, second):
        with pytest.raises(NotFound):
            door.passwords.reset(link, PASSWORD, HOME)


def test_a_password_that_will_not_do_leaves_the_link_good(door: Door) -> None:
    person = door.person()
    link = forgotten(door, person)
    with pytest.raises(Invalid):
        door.passwords.reset(link, "short", HOME)
    door.passwords.reset(link, NEW, HOME)


def test_a_link_is_over_after_half_an_hour(door: Door) -> None:
    link = forgotten(door, door.person())
    door.clock.forward(LIFETIMES[Purpose.RESET])
    with pytest.raises(NotFound):
        door.passwords.reset(link, NEW, HOME)


def test_a_link_that_went_to_another_mailbox_is_over(door: Door) -> None:
    """However it came to be open still."""
    person = door.person()
    reset = forgotten(door, person)
    door.recovery.ask(AYSE)
    realm = door.world.tables(person)
    realm.account["self"] = replace(door.account(person), email="ayse@new.example")
    with pytest.raises(NotFound):
        door.passwords.reset(reset, NEW, HOME)
    with pytest.raises(NotFound):
        door.recovery.finish(door.link(person), PASSWORD, HOME)


def test_the_link_also_ends_a_lock(door: Door) -> None:
    person = door.person()
    for _ in range(5):
        with pytest.raises(SignInRefused):
            door.tries(password="wrong")
    door.passwords.reset(forgotten(door, person), NEW, HOME)
    assert door.enters(password=NEW)


def test_the_link_leaves_the_second_factors_alone(door: Door) -> None:
    person = door.person()
    door.app(person)
    door.passwords.reset(forgotten(door, person), NEW, HOME)
    assert not isinstance(door.tries(password=NEW), Entered)


def test_nobody_learns_whether_an_address_is_known(door: Door) -> None:
    """No answer, the same work, and no letter to strangers."""
    door.person()
    spent = []
    for email in (AYSE, "nobody@deniz.example"):
        door.world.opened.clear()
        door.passwords.forgot(email, HOME)
        spent.append(len(door.world.opened))
    assert spent[0] == spent[1]
    [kept] = door.letters(OPERATOR)
    assert kept.state == "dead"
    with pytest.raises(NotFound):
        door.passwords.reset(door.link(OPERATOR), NEW, HOME)


def test_nobodys_mailbox_is_flooded(door: Door) -> None:
    person = door.person()
    for _ in range(20):
        door.passwords.forgot(AYSE, HOME)
    states = [letter.state.value for letter in door.letters(person)]
    assert states == ["ready"] * 5 + ["dead"] * 15
    door.clock.forward(timedelta(minutes=15))
    door.passwords.forgot(AYSE, HOME)
    assert door.letters(person)[-1].state == "ready"


def test_one_network_does_not_ask_for_everybody(door: Door) -> None:
    for number in range(NETWORK.tries):
        door.passwords.forgot(f"x{number}@deniz.example", HOME)
    with pytest.raises(TooManyTries):
        door.passwords.forgot(AYSE, HOME)


@pytest.mark.parametrize("text", ["", "x", "A" * 128])
def test_a_link_that_nobody_wrote_is_over(door: Door, text: str) -> None:
    for follow in (
        lambda: door.passwords.reset(text, NEW, HOME),
        lambda: door.passwords.invitation(text),
        lambda: door.passwords.join(text, "A", NEW, HOME),
        lambda: door.email.confirm(text),
        lambda: door.recovery.finish(text, PASSWORD, HOME),
    ):
        with pytest.raises(NotFound):
            follow()


def test_a_link_of_another_kind_opens_nothing(door: Door) -> None:
    link = forgotten(door, door.person())
    with pytest.raises(NotFound):
        door.email.confirm(link)
    with pytest.raises(NotFound):
        door.recovery.finish(link, PASSWORD, HOME)
