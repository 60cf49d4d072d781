"""The second step: codes of an app, of paper and of a phone, each good for one sign-in."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from core.identity.policy import Fence, SecondFactor
from core.identity.steps import Entered, NeedsChoice
from core.identity.tickets import LIFETIMES, Purpose
from core.shared.errors import NotFromHere, SignInRefused, TooManyTries
from core.shared.ids import OPERATOR
from tests.core.fakes.door import AWAY, HOME, Door
from tests.core.fakes.steps import asked, by_app
from tests.core.fakes.world import NOW, OTHER, TENANT

CHANNEL = uuid4()
STEP = timedelta(seconds=30)


def test_password_and_code_together_are_in(door: Door) -> None:
    person = door.person()
    secret = door.app(person)
    step = asked(door.tries())
    assert step.methods == ("totp",)
    assert door.world.tables(TENANT).sessions == {}
    entered = by_app(door, step.ticket, secret)
    assert isinstance(entered, Entered)
    assert entered.session.methods == ("password", "totp")
    assert door.world.tables(TENANT).members[person].protected_at == NOW


def test_a_code_is_taken_once(door: Door) -> None:
    secret = door.app(door.person())
    first, second = asked(door.tries()), asked(door.tries())
    assert isinstance(by_app(door, first.ticket, secret), Entered)
    with pytest.raises(SignInRefused):
        by_app(door, second.ticket, secret)
    assert door.refused() == ["wrong_second_factor"]


def test_after_a_code_no_earlier_one_is_taken(door: Door) -> None:
    secret = door.app(door.person())
    assert isinstance(by_app(door, asked(door.tries()).ticket, secret, ahead=1), Entered)
    step = asked(door.tries())
    for ahead in (1, 0, -1):
        with pytest.raises(SignInRefused):
            by_app(door, step.ticket, secret, ahead)
    door.clock.forward(STEP * 2)
    assert isinstance(by_app(door, step.ticket, secret), Entered)


def test_a_ticket_opens_one_session(door: Door) -> None:
    secret = door.app(door.person())
    step = asked(door.tries())
    by_app(door, step.ticket, secret)
    door.clock.forward(STEP)
    with pytest.raises(SignInRefused):
        by_app(door, step.ticket, secret)


def test_a_refused_ticket_does_not_use_the_code_up(door: Door) -> None:
    secret = door.app(door.person())
    old = asked(door.tries())
    door.clock.forward(LIFETIMES[Purpose.SECOND_FACTOR])
    with pytest.raises(SignInRefused):
        by_app(door, old.ticket, secret)
    assert isinstance(by_app(door, asked(door.tries()).ticket, secret), Entered)


def test_five_wrong_codes_use_the_ticket_up_and_lock_the_guesser_out(door: Door) -> None:
    secret = door.app(door.person())
    step = asked(door.tries())
    for _ in range(5):
        with pytest.raises(SignInRefused):
            door.sign_in.by_code(step.ticket, "totp", "not it", HOME)
    with pytest.raises(SignInRefused):  # the ticket is gone
        by_app(door, step.ticket, secret)
    with pytest.raises(TooManyTries):  # and so is the way to another one
        door.tries()


def test_knowing_the_password_buys_no_more_codes_to_guess(door: Door) -> None:
    """Beginning anew does not forgive: only being in does."""
    door.app(door.person())
    for number in range(5):
        step = asked(door.tries())
        with pytest.raises(SignInRefused):
            door.sign_in.by_code(step.ticket, "totp", f"{number:06}", HOME)
    with pytest.raises(TooManyTries):
        door.tries()


def test_a_wrong_code_is_in_the_sellers_log(door: Door) -> None:
    person = door.person()
    door.app(person)
    step = asked(door.tries())
    with pytest.raises(SignInRefused):
        door.sign_in.by_code(step.ticket, "totp", "000000", AWAY)
    [attempt] = door.world.tables(TENANT).attempts.values()
    assert (attempt.person, attempt.ip, attempt.reason.value) == (
        person,
        "198.51.100.9",
        "wrong_second_factor",
    )


def test_a_method_that_was_not_offered_is_none(door: Door) -> None:
    person = door.person()
    door.app(person)
    step = asked(door.tries())
    code = door.codes(person)[0]
    for method in ("backup_code", "sms", "password"):
        with pytest.raises(SignInRefused):
            door.sign_in.by_code(step.ticket, method, code, HOME)


def test_policy_and_fence_are_judged_once_more_at_the_second_step(door: Door) -> None:
    secret = door.app(door.person())
    step = asked(door.tries())
    door.asks(people=Fence(networks=("203.0.113.0/24",)))
    with pytest.raises(NotFromHere):
        by_app(door, step.ticket, secret)


def test_the_code_counts_for_the_seller_that_asked(door: Door) -> None:
    secret = door.app(door.person("ayse", TENANT, OTHER))
    choice = door.tries()
    assert isinstance(choice, NeedsChoice)
    step = asked(door.sign_in.choose(choice.ticket, OTHER, HOME))
    entered = by_app(door, step.ticket, secret)
    assert isinstance(entered, Entered)
    assert entered.tenant == OTHER


# --- backup codes ----------------------------------------------------------------------------


@pytest.mark.parametrize("typed", [str, str.upper, lambda c: c.replace("-", " ")])
def test_a_backup_code_opens_once_however_it_is_typed(door: Door, typed: type) -> None:
    person = door.person()
    door.app(person)
    code = typed(door.codes(person)[3])
    step = asked(door.tries())
    assert step.methods == ("totp", "backup_code")
    entered = door.sign_in.by_code(step.ticket, "backup_code", code, HOME)
    assert isinstance(entered, Entered)
    assert entered.session.methods == ("password", "backup_code")
    again = asked(door.tries())
    with pytest.raises(SignInRefused):
        door.sign_in.by_code(again.ticket, "backup_code", code, HOME)


def test_the_person_is_told_that_a_backup_code_was_used(door: Door) -> None:
    person = door.person()
    door.app(person)
    codes = door.codes(person)
    step = asked(door.tries())
    door.sign_in.by_code(step.ticket, "backup_code", codes[0], HOME)
    assert door.kinds(person) == ["backup_code_used"]
    assert "Codes left: 9" in door.read(person)["text"]
    [used] = [e for e in door.world.tables(person).audit if e.event_type == "backup_code.used"]
    assert used.after == {"left": 9}
    assert codes[0] not in repr(door.world.tables(person))


def test_ten_codes_of_120_random_bits_are_kept_as_hashes(door: Door) -> None:
    person = door.person()
    codes = door.codes(person)
    assert len(set(codes)) == 10
    assert all(len(code.replace("-", "")) == 24 for code in codes)
    kept = repr(door.world.tables(person))
    assert not any(code in kept for code in codes)


# --- codes to a phone ------------------------------------------------------------------------


def test_a_code_goes_to_the_phone_and_opens(door: Door) -> None:
    person = door.person()
    number = door.phone(person)
    door.asks(sms_channel=CHANNEL)
    step = asked(door.tries())
    assert step.methods == ("sms",)
    door.sign_in.text_code(step.ticket, HOME)
    [letter] = door.letters(TENANT)
    assert (letter.channel, letter.medium.value, letter.kind) == (CHANNEL, "phone", "code")
    assert door.read(TENANT)["to"] == number
    entered = door.sign_in.by_code(step.ticket, "sms", door.code_sent(), HOME)
    assert isinstance(entered, Entered)
    assert entered.session.methods == ("password", "sms")


def test_sent_again_it_is_the_same_code_and_it_belongs_to_its_sign_in(door: Door) -> None:
    door.phone(door.person())
    door.asks(sms_channel=CHANNEL)
    first, other = asked(door.tries()), asked(door.tries())
    door.sign_in.text_code(first.ticket, HOME)
    code = door.code_sent()
    door.sign_in.text_code(first.ticket, HOME)
    assert door.code_sent() == code
    with pytest.raises(SignInRefused):
        door.sign_in.by_code(other.ticket, "sms", code, HOME)


def test_a_phone_is_not_flooded(door: Door) -> None:
    door.phone(door.person())
    door.asks(sms_channel=CHANNEL)
    step = asked(door.tries())
    for _ in range(20):
        door.sign_in.text_code(step.ticket, HOME)
    assert len(door.letters(TENANT)) == 5


def test_asking_for_a_code_by_a_bad_ticket_says_and_does_nothing(door: Door) -> None:
    door.app(door.person())
    door.sign_in.text_code("x", HOME)
    door.sign_in.text_code(asked(door.tries()).ticket, HOME)
    assert door.letters(TENANT) == door.letters(OPERATOR) == []


def test_a_phone_is_no_factor_where_the_seller_sends_no_codes(door: Door) -> None:
    door.phone(door.person())
    assert door.enters().session.methods == ("password",)


def test_no_factor_is_set_up_beside_one_that_does_not_serve_here(door: Door) -> None:
    """A password alone would be enough everywhere if it could bring a factor of its own."""
    person = door.person()
    door.phone(person)
    door.asks(second_factor=SecondFactor.REQUIRED)
    assert asked(door.tries()).methods == ()
    codes = door.codes(person)
    step = asked(door.tries())
    assert step.methods == ("backup_code",)
    assert isinstance(door.sign_in.by_code(step.ticket, "backup_code", codes[0], HOME), Entered)
