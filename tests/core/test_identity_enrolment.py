"""Second factors: set up by whoever has proven all that protects the account, and given up."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core.identity.factors import FactorKind
from core.identity.policy import SecondFactor
from core.identity.set_up import WRONG
from core.identity.steps import Entered, NeedsFactor
from core.identity.tickets import LIFETIMES, Purpose
from core.shared.errors import Conflict, Invalid, NotFound, ProofNeeded, SignInRefused, TooManyTries
from tests.core.fakes.door import HOME, Authenticator, Door
from tests.core.fakes.steps import with_app, with_passkey
from tests.core.fakes.world import NOW, OTHER, TENANT

CHANNEL = uuid4()


# --- by somebody who is signed in --------------------------------------------------------------


def test_an_app_is_set_up_by_its_first_code(door: Door) -> None:
    person = door.person()
    actor = door.actor(door.enters())
    ticket, secret, uri = door.enrolment.begin_totp(actor)
    assert uri == f"otpauth://totp/Invekto:ayse@deniz.example?secret={secret}"
    assert door.world.tables(person).factors == {}
    code = door.totp.code(secret, NOW)
    enrolled = door.enrolment.confirm_totp(ticket, code, " Telefon ", actor, HOME)
    assert (enrolled.factor.kind, enrolled.factor.name) == (FactorKind.TOTP, "Telefon")
    assert enrolled.step is None
    assert len(enrolled.backup_codes) == 10
    assert secret not in repr(door.world.tables(person))


def test_the_code_of_the_set_up_opens_nothing(door: Door) -> None:
    door.person()
    secret, _ = with_app(door, door.actor(door.enters()))
    step = door.tries()
    assert isinstance(step, NeedsFactor)
    with pytest.raises(SignInRefused):
        door.sign_in.by_code(step.ticket, "totp", door.totp.code(secret, NOW), HOME)
    door.clock.forward(seconds=30)
    code = door.totp.code(secret, door.clock.now())
    assert isinstance(door.sign_in.by_code(step.ticket, "totp", code, HOME), Entered)


def test_a_wrong_code_sets_nothing_up_and_five_end_it(door: Door) -> None:
    person = door.person()
    actor = door.actor(door.enters())
    ticket, secret, _ = door.enrolment.begin_totp(actor)
    for _ in range(5):
        with pytest.raises(Invalid, match="code"):
            door.enrolment.confirm_totp(ticket, "000000", "x", actor, HOME)
    with pytest.raises(NotFound):
        door.enrolment.confirm_totp(ticket, door.totp.code(secret, NOW), "x", actor, HOME)
    assert door.world.tables(person).factors == {}


def test_a_set_up_is_done_once_and_in_time(door: Door) -> None:
    door.person()
    actor = door.actor(door.enters())
    ticket, secret, _ = door.enrolment.begin_totp(actor)
    door.enrolment.confirm_totp(ticket, door.totp.code(secret, NOW), "x", actor, HOME)
    with pytest.raises(NotFound):
        door.enrolment.confirm_totp(ticket, door.totp.code(secret, NOW), "x", actor, HOME)
    ticket, secret, _ = door.enrolment.begin_totp(actor)
    door.clock.forward(LIFETIMES[Purpose.SET_UP])
    code = door.totp.code(secret, door.clock.now())
    with pytest.raises(NotFound):
        door.enrolment.confirm_totp(ticket, code, "x", actor, HOME)


def test_a_set_up_belongs_to_the_session_that_began_it(door: Door) -> None:
    door.person("ayse")
    door.person("bora")
    mine, other = door.actor(door.enters()), door.actor(door.enters())
    stranger = door.actor(door.enters("bora@deniz.example"))
    ticket, secret, _ = door.enrolment.begin_totp(mine)
    code = door.totp.code(secret, NOW)
    for who in (other, stranger):
        with pytest.raises(NotFound):
            door.enrolment.confirm_totp(ticket, code, "x", who, HOME)


def test_a_set_up_is_confirmed_as_what_it_was_begun_as(door: Door) -> None:
    door.person()
    actor = door.actor(door.enters())
    ticket, _, _ = door.enrolment.begin_totp(actor)
    with pytest.raises(NotFound):
        door.enrolment.confirm_sms(ticket, "123456", actor, HOME)
    with pytest.raises(NotFound):
        door.enrolment.confirm_passkey(ticket, {}, "x", actor, HOME)


def test_a_passkey_is_set_up_and_opens(door: Door) -> None:
    person = door.person()
    actor = door.actor(door.enters())
    holds, enrolled = with_passkey(door, actor, person)
    assert enrolled.factor.kind is FactorKind.PASSKEY
    assert len(enrolled.backup_codes) == 10
    ticket, options = door.sign_in.passkey_options(None)
    signed = holds.signs(options)
    entered = door.sign_in.by_passkey(ticket, signed, tenant=None, remember=False, client=HOME)
    assert isinstance(entered, Entered)


def test_the_browser_is_told_which_passkeys_are_there_already(door: Door) -> None:
    person = door.person()
    actor = door.actor(door.enters())
    holds, _ = with_passkey(door, actor, person)
    _, options = door.enrolment.begin_passkey(actor)
    assert options["excluded"] == [holds.name.hex()]


def test_a_passkey_that_signed_another_challenge_is_none(door: Door) -> None:
    person = door.person()
    actor = door.actor(door.enters())
    ticket, _ = door.enrolment.begin_passkey(actor)
    _, other = door.enrolment.begin_passkey(actor)
    created = Authenticator(person).creates(other)
    with pytest.raises(Invalid) as refused:
        door.enrolment.confirm_passkey(ticket, created, "x", actor, HOME)
    assert refused.value.problems == WRONG[FactorKind.PASSKEY], "never the library's words"


def test_a_phone_is_set_up_by_the_code_it_got(door: Door) -> None:
    person = door.person()
    door.asks(sms_channel=CHANNEL)
    actor = door.actor(door.enters())
    ticket = door.enrolment.begin_sms("+905321234567", actor)
    letter = door.letters(TENANT)[-1]
    assert (letter.channel, door.read(TENANT)["to"]) == (CHANNEL, "+905321234567")
    enrolled = door.enrolment.confirm_sms(ticket, door.code_sent(), actor, HOME)
    assert (enrolled.factor.kind, enrolled.factor.name) == (FactorKind.SMS, "…4567")
    assert "5321234567" not in repr(door.world.tables(person))
    step = door.tries()
    assert isinstance(step, NeedsFactor)
    door.sign_in.text_code(step.ticket, HOME)
    assert door.read(TENANT)["to"] == "+905321234567"


@pytest.mark.parametrize("phone", ["05321234567", "+90 532", "+0532", "+9053212345678901", "x"])
def test_what_is_no_number_gets_no_code(door: Door, phone: str) -> None:
    door.person()
    door.asks(sms_channel=CHANNEL)
    with pytest.raises(Invalid):
        door.enrolment.begin_sms(phone, door.actor(door.enters()))


def test_no_code_is_sent_where_the_seller_has_no_channel_or_the_phone_had_enough(
    door: Door,
) -> None:
    door.person()
    actor = door.actor(door.enters())
    with pytest.raises(Conflict):
        door.enrolment.begin_sms("+905321234567", actor)
    door.asks(sms_channel=CHANNEL)
    for _ in range(5):
        door.enrolment.begin_sms("+905321234567", actor)
    with pytest.raises(TooManyTries):
        door.enrolment.begin_sms("+905321234567", actor)
    assert len(door.letters(TENANT)) == 5


def test_backup_codes_come_with_the_first_factor_alone(door: Door) -> None:
    person = door.person()
    actor = door.actor(door.enters())
    _, first = with_app(door, actor)
    _, second = with_passkey(door, actor, person)
    assert (len(first.backup_codes), second.backup_codes) == (10, ())


def test_a_new_factor_is_told_logged_and_ends_the_other_sessions(door: Door) -> None:
    person = door.person("ayse", TENANT, OTHER)
    used = door.enters(tenant=TENANT)
    there = door.enters(tenant=OTHER)
    with_app(door, door.actor(used))
    assert door.session(used).ended_at is None
    assert door.session(there).ended_why == "credentials_changed"
    assert door.kinds(person)[-1] == "factor_added"
    assert "Telefon" in door.read(person)["text"]
    [event] = [e for e in door.world.tables(person).audit if e.event_type == "factor.added"]
    assert event.after == {"kind": "totp", "name": "Telefon"}


# --- who may -----------------------------------------------------------------------------------


def test_dangerous_acts_need_a_proof_of_late(door: Door) -> None:
    door.person()
    entered = door.enters()
    with_app(door, door.actor(entered))
    door.clock.forward(minutes=10)
    actor = door.actor(entered)
    [factor], _ = door.enrolment.factors(actor)
    for act in (
        lambda: door.enrolment.begin_totp(actor),
        lambda: door.enrolment.begin_passkey(actor),
        lambda: door.enrolment.new_backup_codes(actor),
        lambda: door.enrolment.remove(factor.id, actor),
    ):
        with pytest.raises(ProofNeeded):
            act()


def test_a_seller_that_asks_for_no_factor_is_no_way_round_one(door: Door) -> None:
    """By the password alone one neither adds a factor to the account nor takes one away."""
    person = door.person("ayse", TENANT, OTHER)
    door.app(person)
    door.asks(TENANT, second_factor=SecondFactor.OFF)
    actor = door.actor(door.enters(tenant=TENANT))
    [factor], _ = door.enrolment.factors(actor)
    for act in (
        lambda: door.enrolment.begin_totp(actor),
        lambda: door.enrolment.begin_passkey(actor),
        lambda: door.enrolment.new_backup_codes(actor),
        lambda: door.enrolment.remove(factor.id, actor),
    ):
        with pytest.raises(ProofNeeded):
            act()


def test_having_added_a_factor_the_session_may_go_on_to_the_next(door: Door) -> None:
    person = door.person()
    entered = door.enters()
    with_app(door, door.actor(entered))
    assert door.session(entered).methods == ("password", "totp")
    with_passkey(door, door.actor(entered), person)
