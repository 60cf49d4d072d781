"""A lost second factor: mailbox and password together give it up, and everybody is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from core.identity.policy import SecondFactor
from core.identity.recovery import COOL
from core.identity.steps import Entered, NeedsEnrolment, NeedsFactor
from core.identity.tickets import LIFETIMES, Purpose
from core.policies.roles import OWNER, PERMISSIONS
from core.shared.actor import Actor
from core.shared.errors import (
    Conflict,
    NotAllowed,
    NotFound,
    ProofNeeded,
    SignInRefused,
    TooManyTries,
)
from core.shared.ids import OPERATOR
from tests.core.fakes.door import AWAY, HOME, PASSWORD, Door
from tests.core.fakes.world import NOW, OTHER, TENANT

AYSE = "ayse@deniz.example"
BOSS = Actor(TENANT, "person", str(uuid4()), frozenset(PERMISSIONS), proven_at=NOW)
NEW = "yeni bir sabah oldu"


def link(door: Door, person: UUID) -> str:
    door.recovery.ask(AYSE)
    return door.link(person)


def test_link_and_password_together_take_the_factors_away(door: Door) -> None:
    person = door.person()
    door.app(person)
    door.codes(person)
    door.recovery.finish(link(door, person), PASSWORD, AWAY)
    realm = door.world.tables(person)
    assert (realm.factors, realm.backup_codes) == ({}, {})
    assert door.enters()


def test_sign_in_asks_for_a_new_one_where_the_seller_requires_it(door: Door) -> None:
    person = door.person()
    door.app(person)
    door.asks(second_factor=SecondFactor.REQUIRED)
    assert isinstance(door.tries(), NeedsFactor)
    door.recovery.finish(link(door, person), PASSWORD, HOME)
    assert isinstance(door.tries(), NeedsEnrolment)


def test_all_sessions_end_and_no_seller_counts_them_as_protected(door: Door) -> None:
    person = door.person("ayse", TENANT, OTHER)
    door.app(person)
    sessions = [door.enters_by_app(person, seller) for seller in (TENANT, OTHER)]
    door.recovery.finish(link(door, person), PASSWORD, HOME)
    assert {door.session(e).ended_why for e in sessions} == {"credentials_changed"}
    for seller in (TENANT, OTHER):
        assert door.world.tables(seller).members[person].protected_at is None


def test_the_person_and_every_sellers_log_and_owners_are_told(door: Door) -> None:
    person = door.person("ayse", TENANT, OTHER)
    door.app(person)
    door.person("owner", TENANT, roles=(OWNER,))
    door.recovery.finish(link(door, person), PASSWORD, HOME)
    assert door.kinds(person) == ["recovery", "recovered"]
    assert door.kinds(TENANT) == ["member_recovered"]
    told = door.read(TENANT)
    assert told["to"] == "owner@deniz.example"
    assert "Ayse (ayse@deniz.example)" in told["text"]
    assert door.kinds(OTHER) == []
    for realm in (person, TENANT, OTHER):
        assert "recovery.done" in door.audited(realm)


def test_an_owner_is_not_told_of_themselves(door: Door) -> None:
    person = door.person(roles=(OWNER,))
    door.app(person)
    door.recovery.finish(link(door, person), PASSWORD, HOME)
    assert door.kinds(TENANT) == []


def test_the_link_alone_does_nothing_and_the_password_is_not_guessed_by_it(door: Door) -> None:
    person = door.person()
    door.app(person)
    there = link(door, person)
    for password in ("wrong", "", None, "wrong", "wrong"):
        with pytest.raises(SignInRefused):
            door.recovery.finish(there, password, AWAY)
    with pytest.raises(TooManyTries):
        door.recovery.finish(there, PASSWORD, AWAY)
    assert len(door.world.tables(person).factors) == 1
    assert door.refused() == ["wrong_password"] * 5 + ["locked"]


def test_a_mailbox_alone_is_never_enough(door: Door) -> None:
    """Not by setting a new password through it first, either: that password must age a day."""
    person = door.person()
    door.app(person)
    door.passwords.forgot(AYSE, AWAY)
    door.passwords.reset(door.link(person), NEW, AWAY)
    with pytest.raises(Conflict):
        door.recovery.finish(link(door, person), NEW, AWAY)
    assert len(door.world.tables(person).factors) == 1
    door.clock.forward(COOL)
    door.recovery.finish(link(door, person), NEW, HOME)
    assert door.world.tables(person).factors == {}


def test_a_link_works_once_and_in_time(door: Door) -> None:
    person = door.person()
    door.app(person)
    first, second, third = (link(door, person) for _ in range(3))
    door.recovery.finish(first, PASSWORD, HOME)
    for used in (first, second):
        with pytest.raises(NotFound):
            door.recovery.finish(used, PASSWORD, HOME)
    door.clock.forward(LIFETIMES[Purpose.RECOVERY])
    with pytest.raises(NotFound):
        door.recovery.finish(third, PASSWORD, HOME)


def test_a_first_step_that_was_done_before_goes_on_no_more(door: Door) -> None:
    person = door.person()
    secret = door.app(person)
    step = door.tries()
    assert isinstance(step, NeedsFactor)
    door.recovery.finish(link(door, person), PASSWORD, HOME)
    code = door.totp.code(secret, door.clock.now())
    with pytest.raises(SignInRefused):
        door.sign_in.by_code(step.ticket, "totp", code, HOME)


def test_nobody_learns_whether_an_address_is_known(door: Door) -> None:
    door.person()
    spent = []
    for email in (AYSE, "nobody@deniz.example"):
        door.world.opened.clear()
        door.recovery.ask(email)
        spent.append(len(door.world.opened))
    assert spent[0] == spent[1]
    assert [letter.state.value for letter in door.letters(OPERATOR)] == ["dead"]


def test_nobodys_mailbox_is_flooded(door: Door) -> None:
    person = door.person()
    for _ in range(9):
        door.recovery.ask(AYSE)
    ready = [letter for letter in door.letters(person) if letter.state == "ready"]
    assert len(ready) == 5


# --- by an administrator -------------------------------------------------------------------------


def test_an_administrator_starts_it_and_the_mailbox_gets_the_link(door: Door) -> None:
    person = door.person()
    door.app(person)
    door.recovery.by_administrator(person, BOSS)
    assert door.read(person)["to"] == AYSE
    assert door.audited(TENANT) == ["recovery.begun"]
    assert len(door.world.tables(person).factors) == 1, "nothing is given up yet"
    door.recovery.finish(door.link(person), PASSWORD, HOME)
    assert door.world.tables(person).factors == {}


def test_an_administrator_shortens_the_wait_but_not_the_password(door: Door) -> None:
    person = door.person(password_changed_at=NOW - timedelta(hours=1))
    door.app(person)
    with pytest.raises(Conflict):
        door.recovery.finish(link(door, person), PASSWORD, HOME)
    door.recovery.by_administrator(person, BOSS)
    with pytest.raises(SignInRefused):
        door.recovery.finish(door.link(person), "wrong", HOME)
    door.recovery.finish(door.link(person), PASSWORD, HOME)


def test_whoever_has_no_password_needs_an_administrator(door: Door) -> None:
    person = door.person(password=None)
    door.app(person)
    with pytest.raises(SignInRefused):
        door.recovery.finish(link(door, person), None, HOME)
    door.recovery.by_administrator(person, BOSS)
    door.recovery.finish(door.link(person), None, HOME)
    assert door.world.tables(person).factors == {}


def test_who_may_start_it(door: Door) -> None:
    person, owner = door.person("ayse"), door.person("owner", roles=(OWNER,))
    lesser = replace(BOSS, scopes=frozenset({"security.write"}))
    with pytest.raises(NotAllowed):
        door.recovery.by_administrator(person, replace(BOSS, scopes=frozenset()))
    with pytest.raises(NotAllowed):
        door.recovery.by_administrator(owner, lesser)
    with pytest.raises(ProofNeeded):
        door.recovery.by_administrator(person, replace(BOSS, proven_at=None))
    with pytest.raises(NotFound):
        door.recovery.by_administrator(uuid4(), BOSS)
    with pytest.raises(NotFound):
        door.recovery.by_administrator(door.person("can", OTHER), BOSS)


def test_no_link_goes_to_a_mailbox_that_was_never_proven(door: Door) -> None:
    person = door.person(email_verified_at=None)
    with pytest.raises(Conflict):
        door.recovery.by_administrator(person, BOSS)
    assert door.letters(person) == []


def test_enough_is_still_asked_for_after_it(door: Door) -> None:
    person = door.person()
    door.app(person)
    door.recovery.finish(link(door, person), PASSWORD, HOME)
    assert isinstance(door.tries(), Entered)
    with pytest.raises(SignInRefused):
        door.tries(password="wrong")
