"""Whoever must have a second factor sets it up on the way in, by the password, once."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from core.identity.policy import SecondFactor
from core.identity.steps import Entered, NeedsEnrolment, NeedsFactor
from core.shared.errors import SignInRefused
from tests.core.fakes.door import HOME, Door
from tests.core.fakes.steps import with_app, with_passkey
from tests.core.fakes.world import NOW, TENANT

CHANNEL = uuid4()


def enrolling(door: Door, **more: Any) -> str:
    step = door.tries(**more)
    assert isinstance(step, NeedsEnrolment), step
    return step.ticket


def test_whoever_must_have_one_sets_it_up_and_is_in(door: Door) -> None:
    person = door.person()
    door.asks(second_factor=SecondFactor.REQUIRED)
    secret, enrolled = with_app(door, enrolling(door))
    assert isinstance(enrolled.step, Entered)
    assert enrolled.step.session.methods == ("password", "totp")
    assert len(enrolled.backup_codes) == 10
    assert door.world.tables(TENANT).members[person].protected_at == NOW
    door.clock.forward(seconds=30)
    step = door.tries()
    assert isinstance(step, NeedsFactor)
    code = door.totp.code(secret, door.clock.now())
    assert isinstance(door.sign_in.by_code(step.ticket, "totp", code, HOME), Entered)


def test_a_passkey_or_a_phone_will_do_as_well(door: Door) -> None:
    person = door.person("ayse")
    door.person("bora")
    door.asks(second_factor=SecondFactor.REQUIRED, sms_channel=CHANNEL)
    _, enrolled = with_passkey(door, enrolling(door), person)
    assert isinstance(enrolled.step, Entered)
    waits = enrolling(door, email="bora@deniz.example")
    ticket = door.enrolment.begin_sms("+905321234567", waits)
    enrolled = door.enrolment.confirm_sms(ticket, door.code_sent(), waits, HOME)
    assert isinstance(enrolled.step, Entered)


def test_the_sign_in_goes_on_once(door: Door) -> None:
    door.person()
    door.asks(second_factor=SecondFactor.REQUIRED)
    waits = enrolling(door)
    with_app(door, waits)
    with pytest.raises(SignInRefused):
        door.enrolment.begin_totp(waits)


def test_of_two_who_know_the_password_one_sets_up_the_first_factor(door: Door) -> None:
    """The other's half-done set-up comes to nothing, also if it was begun before."""
    person = door.person()
    door.asks(second_factor=SecondFactor.REQUIRED)
    one, two = enrolling(door), enrolling(door)
    ticket, secret, _ = door.enrolment.begin_totp(two)
    with_app(door, one)
    with pytest.raises(SignInRefused):
        door.enrolment.confirm_totp(ticket, door.totp.code(secret, NOW), "x", two, HOME)
    assert len(door.world.tables(person).factors) == 1


def test_a_ticket_of_another_kind_sets_nothing_up(door: Door) -> None:
    door.app(door.person())
    step = door.tries()
    assert isinstance(step, NeedsFactor)
    for ticket in (step.ticket, "", "x"):
        with pytest.raises(SignInRefused):
            door.enrolment.begin_totp(ticket)
