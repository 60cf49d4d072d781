"""Passwords: what they must be, and how they are changed, forgotten and set anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identity.own import change_credentials
from core.identity.password_rules import LONGEST, check_password, known_names
from core.identity.steps import Entered
from core.shared.actor import Actor
from core.shared.errors import (
    Invalid,
    NotAllowed,
    ProofNeeded,
    SignInRefused,
    TooManyTries,
)
from core.shared.work import Work
from tests.core.fakes.door import HOME, PASSWORD, Door, connection, identity
from tests.core.fakes.laws import law
from tests.core.fakes.world import OTHER, TENANT

AYSE = "ayse@deniz.example"
NEW = "yeni bir sabah oldu"
NAMES = known_names("ayse.yilmaz@deniz.example", "Ayşe Yılmaz")


def fault(password: str, least: int = 12) -> str | None:
    try:
        check_password(password, least=least, names=NAMES, common={"password1234"})
    except Invalid as refused:
        return refused.problems["password"]
    return None


# --- what they must be -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    ["şifre şifre şi", "            .", "🔑" * 12, "aaaaaaaaaaaa", "A" * LONGEST, "1 2 3 4 5 6 7"],
)
def test_any_characters_will_do_and_none_are_required(password: str) -> None:
    assert fault(password) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("x" * 11, "12 to 128"),
        ("x" * (LONGEST + 1), "12 to 128"),
        ("", "12 to 128"),
        ("password1234", "guessed first"),
        ("ayse.yilmaz2026!!", "your name"),
        ("AyşeYılmaz1984", "your name"),
        ("ayse.yilmaz@deniz.example", "your name"),
        ("Invekto2026!", "your name"),
        ("x" * 11 + "\ud800", "half a character"),
    ],
)
def test_what_guessers_try_will_not_do(password: str, why: str) -> None:
    assert why in (fault(password) or "")


@law
@given(password=st.text(min_size=12, max_size=128))
def test_whatever_passes_can_be_written_and_is_as_it_was_typed(password: str) -> None:
    """Nothing is trimmed, folded or cut."""
    if fault(password) is None:
        door = Door()
        door.person(password=door.hasher.hash(password))
        assert password.encode()
        assert isinstance(door.tries(password=password), Entered)
        with pytest.raises(SignInRefused):
            door.tries(password=password + " ")


def test_the_strictest_of_the_persons_sellers_says_how_long(door: Door) -> None:
    door.person("ayse", TENANT, OTHER)
    door.asks(OTHER, password_length=20)
    entered = door.enters(tenant=TENANT)
    with pytest.raises(Invalid, match="20 to 128"):
        door.passwords.change(PASSWORD, NEW, door.actor(entered))


# --- changed ---------------------------------------------------------------------------------


def test_a_changed_password_opens_and_the_old_one_does_not(door: Door) -> None:
    person = door.person()
    door.passwords.change(PASSWORD, NEW, door.actor(door.enters()))
    with pytest.raises(SignInRefused):
        door.tries()
    assert door.enters(password=NEW)
    assert door.kinds(person) == ["password_changed", "new_device"]
    assert "password.changed" in door.audited(person)
    assert NEW not in repr(door.world.tables(person))


def test_all_sessions_of_all_sellers_end_but_the_one_in_use(door: Door) -> None:
    door.person("ayse", TENANT, OTHER)
    door.person("bora")
    used, here = door.enters(tenant=TENANT), door.enters(tenant=TENANT)
    there, other = door.enters(tenant=OTHER), door.enters("bora@deniz.example")
    door.passwords.change(PASSWORD, NEW, door.actor(used))
    ended = [door.session(e).ended_why for e in (used, here, there, other)]
    assert ended == [None, "credentials_changed", "credentials_changed", None]
    assert door.audited(TENANT).count("sessions.ended") == 1
    assert door.audited(OTHER).count("sessions.ended") == 1


def test_what_was_open_is_closed_even_if_the_house_stops_half_way(door: Door) -> None:
    person = door.person()
    used, other = door.enters(), door.enters()

    def stops(_: Work) -> None:
        raise RuntimeError("the power is gone")

    with pytest.raises(RuntimeError):
        change_credentials(person, door.actor(used), door.means, stops)
    assert door.session(other).ended_why == "credentials_changed"
    assert door.session(used).ended_at is None


def test_a_wrong_current_password_is_a_guess(door: Door) -> None:
    door.person()
    actor = door.actor(door.enters())
    for _ in range(5):
        with pytest.raises(SignInRefused):
            door.passwords.change("wrong", NEW, actor)
    with pytest.raises(TooManyTries):
        door.passwords.change(PASSWORD, NEW, actor)
    assert door.refused() == ["wrong_password"] * 5 + ["locked"]


def test_without_the_current_one_a_proof_of_late_is_needed(door: Door) -> None:
    door.person()
    entered = door.enters()
    door.clock.forward(minutes=9)
    door.passwords.change(None, NEW, door.actor(entered))
    door.clock.forward(minutes=1)
    with pytest.raises(ProofNeeded):
        door.passwords.change(None, PASSWORD, door.actor(entered))


def test_a_password_alone_does_not_change_what_a_second_factor_protects(door: Door) -> None:
    """A seller that asks for none is no way round it."""
    person = door.person()
    entered = door.enters()
    door.app(person)
    for current in (PASSWORD, None):
        with pytest.raises(ProofNeeded):
            door.passwords.change(current, NEW, door.actor(entered))


def test_a_providers_word_changes_nothing_of_ones_own(door: Door) -> None:
    person = door.person()
    more: dict[str, Any] = {"remember": False, "client": HOME}
    entered = door.sign_in.vouched(person, TENANT, identity(), connection(), **more)
    assert isinstance(entered, Entered)
    actor = replace(door.actor(entered), proven_at=door.clock.now())
    with pytest.raises(ProofNeeded):
        door.passwords.change(None, NEW, actor)
    door.passwords.change(PASSWORD, NEW, actor)


def test_a_key_has_no_account(door: Door) -> None:
    key = Actor(TENANT, "api_key", str(uuid4()))
    for act in (
        lambda: door.passwords.change(PASSWORD, NEW, key),
        lambda: door.passwords.change(None, NEW, key),
        lambda: door.email.ask(AYSE, key),
        lambda: door.enrolment.begin_totp(key),
        lambda: door.own_sessions.all(key),
        lambda: door.reprove.by_password(PASSWORD, key),
        lambda: door.sign_in.switch(OTHER, key, HOME),
    ):
        with pytest.raises(NotAllowed):
            act()
