"""Passkeys: by themselves, or as the second step. No lock of the account keeps them out."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from core.identity.attempts import Refusal
from core.identity.policy import SecondFactor
from core.identity.refusing import Refusing, Tried
from core.identity.steps import Entered, NeedsChoice, NeedsFactor, Step
from core.identity.tickets import LIFETIMES, Purpose
from core.shared.errors import SignInRefused, TooManyTries
from core.shared.ids import OPERATOR
from tests.core.fakes.door import HOME, Authenticator, Door
from tests.core.fakes.world import NOW, OTHER, TENANT


def alone(door: Door, holds: Authenticator, *, tenant: UUID | None = None, **said: Any) -> Step:
    ticket, options = door.sign_in.passkey_options(None)
    return door.sign_in.by_passkey(
        ticket, holds.signs(options, **said), tenant=tenant, remember=False, client=HOME
    )


def second(door: Door, ticket: str, holds: Authenticator, **said: Any) -> Step:
    challenge, options = door.sign_in.passkey_options(ticket)
    signed = holds.signs(options, **said)
    return door.sign_in.by_passkey(challenge, signed, tenant=None, remember=True, client=HOME)


def test_a_passkey_is_enough_by_itself(door: Door) -> None:
    person = door.person(password=None)
    key = door.passkey(person)
    door.asks(second_factor=SecondFactor.REQUIRED)
    entered = alone(door, key)
    assert isinstance(entered, Entered)
    assert (entered.session.person, entered.session.methods) == (person, ("passkey",))
    assert entered.session.proven_at == NOW
    assert door.world.tables(TENANT).members[person].protected_at == NOW


def test_whoever_works_for_two_sellers_chooses_after_a_passkey_as_well(door: Door) -> None:
    key = door.passkey(door.person("ayse", TENANT, OTHER))
    step = alone(door, key)
    assert isinstance(step, NeedsChoice)
    entered = door.sign_in.choose(step.ticket, TENANT, HOME)
    assert isinstance(entered, Entered)
    assert entered.session.methods == ("passkey",)
    assert isinstance(alone(door, key, tenant=OTHER), Entered)


def test_as_the_second_step_it_follows_the_first_one(door: Door) -> None:
    key = door.passkey(door.person("ayse", TENANT, OTHER))
    door.asks(OTHER, remember_days=30)
    step = door.tries(tenant=OTHER)
    assert isinstance(step, NeedsFactor)
    assert step.methods == ("passkey",)
    entered = second(door, step.ticket, key)
    assert isinstance(entered, Entered)
    assert (entered.tenant, entered.session.methods) == (OTHER, ("password", "passkey"))
    assert not entered.session.remembered, "the wish of the first step counts"


def test_a_second_step_allows_this_persons_passkeys_alone(door: Door) -> None:
    person, other = door.person("ayse"), door.person("bora")
    key = door.passkey(person)
    foreign = door.passkey(other)
    foreign.name = b"key-2"
    step = door.tries()
    assert isinstance(step, NeedsFactor)
    _, options = door.sign_in.passkey_options(step.ticket)
    assert options["allowed"] == [key.name.hex()]
    with pytest.raises(SignInRefused):
        second(door, step.ticket, foreign)
    with pytest.raises(SignInRefused):
        second(door, step.ticket, key, person=str(other))
    assert isinstance(second(door, step.ticket, key, person=None), Entered)


def test_a_copy_is_noticed_by_the_counter_of_the_last_sign_in(door: Door) -> None:
    key = door.passkey(door.person())
    assert isinstance(alone(door, key), Entered)
    with pytest.raises(SignInRefused):
        alone(door, key, count=key.count)


WRONG: dict[str, dict[str, Any]] = {
    "another challenge": {"challenge": "00"},
    "another key": {"key": "00"},
    "somebody else's": {"person": str(uuid4())},
    "nobody's": {"person": None},
    "an unknown credential": {"id": "ffff"},
    "a copy whose counter went back": {"count": 0},
}


@pytest.mark.parametrize("why", WRONG)
def test_what_does_not_hold_is_refused_in_the_same_words(door: Door, why: str) -> None:
    key = door.passkey(door.person())
    with pytest.raises(SignInRefused, match="this sign-in is refused"):
        alone(door, key, **WRONG[why])
    attempts = [a for t in door.world.tenants.values() for a in t.attempts.values()]
    assert [a.reason.value for a in attempts] == ["wrong_second_factor"]
    assert attempts[0].detail.startswith("passkey: ")
    assert isinstance(alone(door, key), Entered)


def test_what_a_library_says_is_one_short_line_of_the_log(door: Door) -> None:
    with pytest.raises(SignInRefused):
        Refusing(door.means)(Refusal.SSO, Tried(HOME), "a\x00b\n" + "c" * 500)
    [attempt] = door.world.tables(OPERATOR).attempts.values()
    assert attempt.detail == "ab" + "c" * 198


def test_a_challenge_is_answered_once_also_by_a_wrong_answer(door: Door) -> None:
    key = door.passkey(door.person())
    ticket, options = door.sign_in.passkey_options(None)
    more = {"tenant": None, "remember": False, "client": HOME}
    with pytest.raises(SignInRefused):
        door.sign_in.by_passkey(ticket, key.signs(options, key="00"), **more)
    with pytest.raises(SignInRefused):
        door.sign_in.by_passkey(ticket, key.signs(options), **more)


def test_a_challenge_is_over_after_a_while(door: Door) -> None:
    key = door.passkey(door.person())
    ticket, options = door.sign_in.passkey_options(None)
    door.clock.forward(LIFETIMES[Purpose.CHALLENGE])
    with pytest.raises(SignInRefused):
        door.sign_in.by_passkey(
            ticket, key.signs(options), tenant=None, remember=False, client=HOME
        )


def test_one_first_step_is_followed_once(door: Door) -> None:
    key = door.passkey(door.person())
    step = door.tries()
    assert isinstance(step, NeedsFactor)
    challenges = [door.sign_in.passkey_options(step.ticket) for _ in range(2)]
    outcomes = []
    for ticket, options in challenges:
        try:
            signed = key.signs(options)
            door.sign_in.by_passkey(ticket, signed, tenant=None, remember=False, client=HOME)
            outcomes.append("in")
        except SignInRefused:
            outcomes.append("out")
    assert outcomes == ["in", "out"]


def test_a_challenge_of_a_signed_in_person_opens_no_door(door: Door) -> None:
    key = door.passkey(door.person())
    step = door.tries()
    assert isinstance(step, NeedsFactor)
    entered = second(door, step.ticket, key)
    assert isinstance(entered, Entered)
    ticket, options = door.reprove.options(door.actor(entered))
    with pytest.raises(SignInRefused):
        door.sign_in.by_passkey(
            ticket, key.signs(options), tenant=None, remember=False, client=HOME
        )


def test_a_locked_account_does_not_keep_its_passkey_out(door: Door) -> None:
    key = door.passkey(door.person())
    for _ in range(5):
        with pytest.raises(SignInRefused):
            door.tries(password="wrong")
    with pytest.raises(TooManyTries):
        door.tries()
    assert isinstance(alone(door, key), Entered)


def test_a_banned_network_does(door: Door) -> None:
    key = door.passkey(door.person())
    door.bans()
    with pytest.raises(TooManyTries):
        alone(door, key)
    assert door.refused()[-1] == "network_banned"


@pytest.mark.parametrize("lost", ["closed", "fired"])
def test_a_passkey_of_somebody_who_may_not_come_in_opens_nothing(door: Door, lost: str) -> None:
    person = door.person(closed_at=NOW if lost == "closed" else None)
    key = door.passkey(person)
    if lost == "fired":
        door.world.tables(TENANT).members.clear()
    with pytest.raises(SignInRefused):
        alone(door, key)
