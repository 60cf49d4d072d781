"""When sessions end by themselves, whatever is done with them and with the policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.identity.policy import ABSOLUTE_MINUTES, IDLE_MINUTES, REMEMBER_DAYS, SignInPolicy
from core.identity.sessions import Ended, Session, ended, lives, until
from tests.core.fakes.laws import law
from tests.core.fakes.world import NOW

POLICIES = st.builds(
    SignInPolicy,
    idle_minutes=st.sampled_from(IDLE_MINUTES),
    absolute_minutes=st.sampled_from(ABSOLUTE_MINUTES),
    remember_days=st.sampled_from(REMEMBER_DAYS),
)
MINUTE = timedelta(minutes=1)


def session(remembered: bool) -> Session:
    whose = UUID(int=1), UUID(int=2), UUID(int=3)
    return Session(*whose, ("password",), NOW, NOW, b"", remembered=remembered)


class Lasting(RuleBasedStateMachine):
    """A session is used, left alone, and ended, while its seller changes its mind."""

    @initialize(policy=POLICIES, remembered=st.booleans())
    def begins(self, policy: SignInPolicy, remembered: bool) -> None:
        self.now, self.policy, self.session = NOW, policy, session(remembered)

    @rule(minutes=st.one_of(st.integers(1, 120), st.integers(1, 100 * 24 * 60)))
    def time_passes(self, minutes: int) -> None:
        self.now += MINUTE * minutes

    @rule()
    def it_is_used(self) -> None:
        if lives(self.session, self.policy, self.now):
            self.session = replace(self.session, last_seen_at=self.now)

    @rule(policy=POLICIES)
    def the_policy_changes(self, policy: SignInPolicy) -> None:
        self.policy = policy

    @rule(why=st.sampled_from(Ended))
    def it_ends(self, why: Ended) -> None:
        before = self.session
        self.session = ended(before, why, self.now)
        if before.ended_at is not None:
            assert self.session == before, "the first reason stays"

    @invariant()
    def what_has_ended_does_not_live(self) -> None:
        assert not (self.session.ended_at and lives(self.session, self.policy, self.now))

    @invariant()
    def it_lives_no_longer_than_the_policy_of_this_moment_says(self) -> None:
        if not lives(self.session, self.policy, self.now):
            return
        age, idle = self.now - self.session.created_at, self.now - self.session.last_seen_at
        if self.session.remembered and self.policy.remember_days:
            assert age < timedelta(days=self.policy.remember_days)
        else:
            assert age < MINUTE * self.policy.absolute_minutes
            assert idle < MINUTE * self.policy.idle_minutes

    @invariant()
    def it_lives_until_it_is_told_to_end(self) -> None:
        if self.session.ended_at is None:
            end = until(self.session, self.policy)
            assert lives(self.session, self.policy, self.now) == (self.now < end)


Lasting.TestCase.settings = settings(law, max_examples=100, stateful_step_count=25)
test_sessions_end_in_time = Lasting.TestCase


@law
@given(
    policy=POLICIES,
    shorter=st.integers(0, 10**6),
    remembered=st.booleans(),
    moment=st.integers(0, 91 * 24 * 60),
)
def test_a_shorter_timeout_never_lengthens_a_session(
    policy: SignInPolicy, shorter: int, remembered: bool, moment: int
) -> None:
    now: datetime = NOW + MINUTE * moment
    less = replace(
        policy,
        idle_minutes=max(policy.idle_minutes - shorter, IDLE_MINUTES.start),
        absolute_minutes=max(policy.absolute_minutes - shorter, ABSOLUTE_MINUTES.start),
    )
    made = session(remembered)
    assert lives(made, policy, now) or not lives(made, less, now)


@law
@given(policy=POLICIES)
def test_who_wished_to_be_remembered_is_not_where_it_is_offered_no_more(
    policy: SignInPolicy,
) -> None:
    none = replace(policy, remember_days=0)
    assert until(session(remembered=True), none) == until(session(remembered=False), policy)
