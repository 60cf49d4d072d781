"""The tokens of one session, in any order, at any time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.identity.sessions import GRACE
from core.identity.tickets import Token
from core.shared.errors import SignInRefused
from tests.core.fakes.door import HOME, Door
from tests.core.fakes.laws import law
from tests.core.fakes.world import TENANT


class Family(RuleBasedStateMachine):
    """Everything that can be done with the tokens of one session, in any order, at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.door = Door()
        self.door.person()
        self.door.asks(idle_minutes=60, absolute_minutes=24 * 60)
        self.entered = self.door.enters()
        self.tokens = [self.entered.refresh]
        self.over = False
        self.seen = self.rotated = self.born = self.door.clock.now()

    @property
    def now(self) -> Any:
        return self.door.clock.now()

    @property
    def expired(self) -> bool:
        return self.now >= min(self.seen + timedelta(hours=1), self.born + timedelta(hours=24))

    @rule(span=st.sampled_from([1, 9, 10, 60, 1800, 3599, 3600, 7200]))
    def time_passes(self, span: int) -> None:
        self.door.clock.forward(seconds=span)

    @precondition(lambda self: not self.over and not self.expired)
    @rule()
    def the_last_token_is_exchanged(self) -> None:
        fresh = self.door.renew(self.tokens[-1], HOME)
        assert fresh.refresh not in self.tokens
        self.tokens.append(fresh.refresh)
        self.seen = self.rotated = self.now

    @precondition(lambda self: len(self.tokens) > 1)
    @rule(data=st.data())
    def an_older_token_is_offered(self, data: st.DataObject) -> None:
        which = data.draw(st.integers(0, len(self.tokens) - 2))
        with pytest.raises(SignInRefused):
            self.door.renew(self.tokens[which], HOME)
        last = which == len(self.tokens) - 2
        forgiven = last and self.now - self.rotated < GRACE
        if self.expired or not forgiven:
            self.over = True

    @rule(generation=st.integers(0, 40))
    def a_forged_one_is_offered(self, generation: int) -> None:
        if generation < len(self.tokens) - 1:
            return  # it looks like an old one, and ends the session as that would
        token = Token(TENANT, self.entered.session.id, b"x" * 32)
        with pytest.raises(SignInRefused):
            self.door.renew(f"{token}.{generation}", HOME)

    @precondition(lambda self: self.over or self.expired)
    @rule()
    def what_is_over_stays_over(self) -> None:
        with pytest.raises(SignInRefused):
            self.door.renew(self.tokens[-1], HOME)
        self.over = True

    @rule()
    def the_person_signs_out(self) -> None:
        if len(self.tokens) > 3:
            self.door.sign_out(self.tokens[-1], None)
            self.over = True

    @invariant()
    def it_is_as_it_should_be(self) -> None:
        session = self.door.session(self.entered)
        assert session.generation == len(self.tokens) - 1
        if self.over:
            assert session.ended_at is not None
        elif not self.expired:
            assert session.ended_at is None


Family.TestCase.settings = settings(law, max_examples=50, stateful_step_count=30)
test_a_token_family_keeps_its_promises = Family.TestCase
