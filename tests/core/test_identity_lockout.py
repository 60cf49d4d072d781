"""Guessing is slow for guessers, and the one who is guessed at still comes in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.identity.known import know
from core.identity.lockout import ACCOUNT, NETWORK, Lockout, Rule, failed, taken_back, wait
from core.identity.tries import Locked, Tries, Try, account_key, network_key
from core.shared.errors import SignInRefused, TooManyTries
from core.shared.ids import OPERATOR
from tests.core.fakes.door import AWAY, HOME, Door
from tests.core.fakes.laws import law
from tests.core.fakes.world import NOW, TENANT

AYSE = "ayse@deniz.example"
DAY = timedelta(hours=24)


def guess(door: Door, times: int = 1, email: str = AYSE) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            door.tries(email, password="wrong", client=AWAY)


def locked_for(door: Door, email: str = AYSE) -> float:
    with pytest.raises(TooManyTries) as told:
        door.tries(email, client=AWAY)
    return told.value.seconds


# --- who waits, and how long -------------------------------------------------------------------


def test_five_wrong_passwords_lock_for_a_quarter_of_an_hour(door: Door) -> None:
    door.person()
    guess(door, 5)
    assert locked_for(door) == 15 * 60
    door.clock.forward(minutes=14, seconds=59)
    assert locked_for(door) == 1
    door.clock.forward(seconds=1)
    assert door.enters(client=AWAY)


def test_every_further_lock_is_twice_as_long_up_to_four_hours(door: Door) -> None:
    door.person()
    minutes = []
    for _ in range(7):
        guess(door, 5)
        seconds = locked_for(door)
        minutes.append(seconds / 60)
        door.clock.forward(seconds=seconds)
    assert minutes == [15, 30, 60, 120, 240, 240, 240]


def test_an_address_that_nobody_has_locks_in_the_same_way(door: Door) -> None:
    door.person()
    nobody = "nobody@deniz.example"
    for email in (AYSE, nobody):
        guess(door, 5, email)
    assert locked_for(door) == locked_for(door, nobody)
    assert door.refused(TENANT)[-1] == door.refused(OPERATOR)[-1] == "locked"


def test_what_is_locked_is_not_even_looked_at(door: Door) -> None:
    door.person()
    guess(door, 5)
    door.hasher.verified = 0
    locked_for(door)
    assert door.hasher.verified == 0


def test_asking_while_it_is_locked_does_not_prolong_it(door: Door) -> None:
    door.person()
    guess(door, 5)
    for _ in range(100):
        locked_for(door)
    door.clock.forward(minutes=15)
    assert door.enters(client=AWAY)


def test_coming_in_forgives_what_was_mistyped(door: Door) -> None:
    door.person()
    for _ in range(10):
        guess(door, 4)
        assert door.enters(client=AWAY)


def test_after_a_day_without_a_failure_everything_is_forgotten(door: Door) -> None:
    door.person()
    for _ in range(3):
        guess(door, 5)
        door.clock.forward(seconds=locked_for(door))
    door.clock.forward(DAY)
    guess(door, 5)
    assert locked_for(door) == 15 * 60


def test_the_victim_comes_in_from_a_known_device_whatever_others_do(door: Door) -> None:
    door.person()
    home = replace(HOME, device=door.enters().session.device)
    guess(door, 5)
    locked_for(door)
    assert door.enters(client=home)
    assert locked_for(door), "and that opens nothing to the guessers"


def test_a_stolen_device_locks_itself_and_nobody_else(door: Door) -> None:
    door.person()
    home = replace(HOME, device=door.enters().session.device)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            door.tries(password="wrong", client=home)
    with pytest.raises(TooManyTries):
        door.tries(client=home)
    assert door.enters(client=AWAY)


def test_a_network_that_guesses_at_many_is_banned(door: Door) -> None:
    door.person()
    door.bans()
    with pytest.raises(TooManyTries) as told:
        door.tries()
    assert told.value.seconds == 15 * 60
    assert door.refused()[-1] == "network_banned"
    assert door.enters(client=AWAY)
    door.clock.forward(minutes=15)
    assert door.enters()


def test_an_account_of_ones_own_buys_one_guess_at_a_time(door: Door) -> None:
    """Signing in eases the network of one failure beside its own, and no more."""
    door.person()
    for number in range(NETWORK.tries - 1):
        with pytest.raises(SignInRefused):
            door.tries(f"x{number}@deniz.example", password="wrong")
    for number in range(3):
        assert door.enters()
        with pytest.raises(SignInRefused):
            door.tries(f"y{number}@deniz.example", password="wrong")
    with pytest.raises(SignInRefused):
        door.tries("z@deniz.example", password="wrong")
    with pytest.raises(TooManyTries):
        door.tries()


def test_an_office_that_mistypes_now_and_then_is_never_banned(door: Door) -> None:
    door.person()
    for number in range(NETWORK.tries * 2):
        with pytest.raises(SignInRefused):
            door.tries(f"x{number}@deniz.example", password="mistyped")
        assert door.enters()


def test_fifty_at_once_are_no_better_than_five_one_after_another(door: Door) -> None:
    """Each counts before it is looked at."""
    this, admitted = Try(None, account_key(AYSE, None)), 0
    for _ in range(50):
        try:
            Tries(door.means).begin(this)
            admitted += 1
        except Locked:
            pass
    assert admitted == 5


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ],
)
def test_a_subscriber_is_one_network(one: str, other: str, same: bool) -> None:
    assert (network_key(one) == network_key(other)) is same


@pytest.mark.parametrize("unknown", [None, "", "unix:", "1.2.3"])
def test_what_is_no_address_is_no_network(unknown: str | None) -> None:
    assert network_key(unknown) is None


def test_an_address_that_was_never_proven_is_held_against_its_account_alone(door: Door) -> None:
    """Else a seller's provider could lock out whoever really has the address."""
    person = door.person(email_verified_at=None)
    with door.world(person) as own:
        this = know(own, HOME).guess(HOME)
    assert this.who != account_key(AYSE, None)


# --- laws --------------------------------------------------------------------------------------

RULES = st.sampled_from([ACCOUNT, NETWORK])


@law
@given(rule=RULES, right=st.lists(st.booleans(), max_size=NETWORK.tries))
def test_tries_at_once_end_as_if_only_the_wrong_ones_had_been(
    rule: Rule, right: list[bool]
) -> None:
    right = right[: rule.tries]
    lockout = Lockout("k")
    for _ in right:
        lockout = failed(lockout, rule, NOW)
    for _ in filter(None, right):
        lockout = taken_back(lockout, rule, 1, NOW)
    wrong = len(right) - sum(right)
    assert (wait(lockout, NOW) is not None) == (wrong == rule.tries)
    assert wrong == rule.tries or (lockout.failures, lockout.locks) == (wrong, 0)


@law
@given(rule=RULES, locks=st.integers(0, 1000), count=st.integers(1, 3))
def test_taking_back_never_ends_a_lock_that_was_there_before(
    rule: Rule, locks: int, count: int
) -> None:
    """Who is locked does not try, so nothing of theirs is taken back later than the lock lasts."""
    lockout = Lockout("k", 0, locks + 1, NOW, NOW + rule.lock)
    later = NOW + rule.lock
    assert taken_back(lockout, rule, count, later) == lockout


class Guessing(RuleBasedStateMachine):
    """Somebody guesses at an account as they please, its owner mistypes and comes in."""

    def __init__(self) -> None:
        super().__init__()
        self.door = Door()
        self.door.person()
        self.home = replace(HOME, device=self.door.enters().session.device)
        self.wrong: list[datetime] = []
        """When guesses were looked at."""
        self.longest = 0.0

    @rule(times=st.integers(1, 8))
    def guesses(self, times: int) -> None:
        for _ in range(times):
            try:
                self.door.tries(password="wrong", client=AWAY)
            except SignInRefused:
                self.wrong.append(self.door.clock.now())
            except TooManyTries as told:
                self.longest = max(self.longest, told.seconds)

    @rule()
    def waits_as_told(self) -> None:
        """Whoever waits as long as they were told is looked at."""
        try:
            self.door.tries(password="wrong", client=AWAY)
        except TooManyTries as told:
            self.door.clock.forward(seconds=told.seconds)
            with pytest.raises(SignInRefused):
                self.door.tries(password="wrong", client=AWAY)
        except SignInRefused:
            pass
        self.wrong.append(self.door.clock.now())

    @rule(minutes=st.integers(1, 26 * 60))
    def time_passes(self, minutes: int) -> None:
        self.door.clock.forward(minutes=minutes)

    @rule(mistyped=st.integers(0, ACCOUNT.tries - 1))
    def the_owner_comes_in_at_home(self, mistyped: int) -> None:
        for _ in range(mistyped):
            with pytest.raises(SignInRefused):
                self.door.tries(password="mistyped", client=self.home)
        assert self.door.enters(client=self.home)

    @invariant()
    def guesses_are_few(self) -> None:
        """5 at once, then 5 a lock: after 15, 30, 60, 120 minutes, then every 4 hours. With the
        fresh start after a quiet day, never more than 60 in any 24 hours."""
        now = self.door.clock.now()
        assert sum(now - at < DAY for at in self.wrong) <= 60

    @invariant()
    def nobody_waits_for_ever(self) -> None:
        assert self.longest <= ACCOUNT.longest.total_seconds()


Guessing.TestCase.settings = settings(law, max_examples=30, stateful_step_count=30)
test_guessing_is_slow_and_the_owner_comes_in = Guessing.TestCase
