"""Proving oneself once more, looking after one's sessions, and going over to another seller."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.identity.policy import SecondFactor
from core.identity.sessions import GRACE
from core.identity.steps import Entered, NeedsFactor
from core.shared.actor import RECENT, prove
from core.shared.errors import NotAllowed, NotFound, ProofNeeded, SignInRefused, TooManyTries
from tests.core.fakes.door import HOME, PASSWORD, Door, connection, identity
from tests.core.fakes.world import OTHER, TENANT


def by_sso(door: Door, person: UUID, tenant: UUID = TENANT) -> Entered:
    more: dict[str, Any] = {"remember": False, "client": HOME}
    entered = door.sign_in.vouched(person, tenant, identity(), connection(), **more)
    assert isinstance(entered, Entered)
    return entered


def later(door: Door, entered: Entered) -> Entered:
    """When the proof of the sign-in is no longer a recent one."""
    door.clock.forward(RECENT)
    with pytest.raises(ProofNeeded):
        prove(door.actor(entered), door.clock.now())
    return entered


# --- proving again -------------------------------------------------------------------------------


def test_by_the_password(door: Door) -> None:
    door.person()
    entered = later(door, door.enters())
    door.reprove.by_password(PASSWORD, door.actor(entered))
    prove(door.actor(entered), door.clock.now())
    assert door.audited()[-1] == "session.proven"


def test_by_a_code(door: Door) -> None:
    person = door.person()
    secret = door.app(person)
    door.asks(second_factor=SecondFactor.OFF)
    entered = later(door, door.enters())
    code = door.totp.code(secret, door.clock.now())
    again = door.reprove.by_code("totp", code, door.actor(entered))
    assert again.session.methods == ("password", "totp")
    prove(door.actor(entered), door.clock.now())
    with pytest.raises(SignInRefused):
        door.reprove.by_code("totp", code, door.actor(entered))
    backup = door.codes(person)[0]
    again = door.reprove.by_code("backup_code", backup, door.actor(entered))
    assert again.session.methods == ("password", "totp", "backup_code")


def test_by_a_passkey(door: Door) -> None:
    holds = door.passkey(door.person())
    door.asks(second_factor=SecondFactor.OFF)
    entered = later(door, door.enters())
    ticket, options = door.reprove.options(door.actor(entered))
    assert options["allowed"] == [holds.name.hex()]
    again = door.reprove.by_passkey(ticket, holds.signs(options), door.actor(entered))
    assert again.session.methods == ("password", "passkey")
    prove(door.actor(entered), door.clock.now())
    with pytest.raises(SignInRefused):
        door.reprove.by_passkey(ticket, holds.signs(options), door.actor(entered))


def test_the_refresh_token_is_exchanged_with_the_proof(door: Door) -> None:
    """One that was stolen before is worth nothing, and its use is noticed."""
    door.person()
    entered = later(door, door.enters())
    raised = door.reprove.by_password(PASSWORD, door.actor(entered))
    assert raised.refresh != entered.refresh
    door.clock.forward(minutes=1)
    assert door.renew(raised.refresh, HOME)
    door.clock.forward(GRACE)
    with pytest.raises(SignInRefused):
        door.renew(entered.refresh, HOME)
    assert door.session(entered).ended_why == "refresh_token_reused"


@pytest.mark.parametrize("method", ["password", "totp", "backup_code", "sms", "magic"])
def test_wrong_proofs_are_guesses_and_logged(door: Door, method: str) -> None:
    door.app(door.person())
    door.asks(second_factor=SecondFactor.OFF)
    actor = door.actor(door.enters())

    def wrong() -> None:
        if method == "password":
            door.reprove.by_password("wrong", actor)
        else:
            door.reprove.by_code(method, "000000", actor)

    for _ in range(5):
        with pytest.raises(SignInRefused):
            wrong()
    with pytest.raises(TooManyTries):
        wrong()
    reason = "wrong_password" if method == "password" else "wrong_second_factor"
    assert door.refused() == [reason] * 5 + ["locked"]


def test_a_signed_in_guesser_locks_the_device_and_not_the_person(door: Door) -> None:
    door.person()
    actor = door.actor(door.enters())
    for _ in range(5):
        with pytest.raises(SignInRefused):
            door.reprove.by_password("wrong", actor)
    assert door.enters()


def test_a_challenge_belongs_to_the_session_that_asked(door: Door) -> None:
    holds = door.passkey(door.person())
    door.asks(second_factor=SecondFactor.OFF)
    mine, other = door.actor(door.enters()), door.actor(door.enters())
    ticket, options = door.reprove.options(mine)
    with pytest.raises(SignInRefused):
        door.reprove.by_passkey(ticket, holds.signs(options), other)
    sign_in_ticket, options = door.sign_in.passkey_options(None)
    with pytest.raises(SignInRefused):
        door.reprove.by_passkey(sign_in_ticket, holds.signs(options), mine)
    more: dict[str, Any] = {"tenant": None, "remember": False, "client": HOME}
    entered = door.sign_in.by_passkey(sign_in_ticket, holds.signs(options), **more)
    assert isinstance(entered, Entered), "and it is still good for what it was made for"


def test_a_session_that_is_over_is_not_raised(door: Door) -> None:
    door.person()
    entered = door.enters()
    actor = door.actor(entered)
    door.sign_out(entered.refresh, None)
    with pytest.raises(NotAllowed):
        door.reprove.by_password(PASSWORD, actor)


def test_whoever_has_no_password_does_not_prove_one(door: Door) -> None:
    person = door.person(password=None, email_verified_at=None)
    actor = door.actor(by_sso(door, person))
    for password in ("", PASSWORD):
        with pytest.raises(SignInRefused):
            door.reprove.by_password(password, actor)


# --- one's sessions ------------------------------------------------------------------------------


def test_a_person_sees_their_sessions_that_live(door: Door) -> None:
    door.person("ayse", TENANT, OTHER)
    door.person("bora")
    door.asks(idle_minutes=15)
    old = door.enters(tenant=TENANT)
    door.clock.forward(minutes=15)
    first = door.enters(tenant=TENANT)
    door.clock.forward(minutes=1)
    second = door.enters(tenant=TENANT)
    door.enters(tenant=OTHER)
    door.enters("bora@deniz.example")
    shown = door.own_sessions.all(door.actor(first))
    assert [s.id for s in shown] == [second.session.id, first.session.id]
    assert old.session.id not in {s.id for s in shown}


def test_one_session_is_revoked(door: Door) -> None:
    door.person()
    used, lost = door.enters(), door.enters()
    assert door.own_sessions.revoke(lost.session.id, door.actor(used)) == 1
    assert door.own_sessions.revoke(lost.session.id, door.actor(used)) == 0
    assert door.session(lost).ended_why == "revoked"
    assert door.audited()[-1] == "session.ended"
    with pytest.raises(SignInRefused):
        door.renew(lost.refresh, HOME)


def test_nobody_revokes_somebody_elses(door: Door) -> None:
    door.person("ayse")
    door.person("bora")
    mine, theirs = door.enters(), door.enters("bora@deniz.example")
    for id in (theirs.session.id, uuid4()):
        with pytest.raises(NotFound):
            door.own_sessions.revoke(id, door.actor(mine))
    assert door.session(theirs).ended_at is None


def test_all_but_this_one_end_at_every_seller(door: Door) -> None:
    door.person("ayse", TENANT, OTHER)
    used, here = door.enters(tenant=TENANT), door.enters(tenant=TENANT)
    there = door.enters(tenant=OTHER)
    assert door.own_sessions.revoke(None, door.actor(used)) == 2
    assert [door.session(e).ended_why for e in (used, here, there)] == [
        None,
        "revoked",
        "revoked",
    ]


def test_a_providers_word_ends_nothing_at_another_seller(door: Door) -> None:
    person = door.person("ayse", TENANT, OTHER)
    used, here = by_sso(door, person), door.enters(tenant=TENANT)
    there = door.enters(tenant=OTHER)
    assert door.own_sessions.revoke(None, door.actor(used)) == 1
    assert door.session(here).ended_why == "revoked"
    assert door.session(there).ended_at is None


# --- another seller ------------------------------------------------------------------------------


def test_whoever_works_for_two_goes_over_by_the_same_proof(door: Door) -> None:
    door.person("ayse", TENANT, OTHER)
    here = door.enters(tenant=TENANT)
    door.clock.forward(minutes=1)
    there = door.sign_in.switch(OTHER, door.actor(here), HOME)
    assert isinstance(there, Entered)
    assert (there.tenant, there.session.methods) == (OTHER, ("password",))
    assert there.session.proven_at == here.session.proven_at, "it is no new proof"
    assert door.session(here).ended_at is None


def test_the_other_sellers_policy_is_met(door: Door) -> None:
    person = door.person("ayse", TENANT, OTHER)
    door.app(person)
    door.asks(TENANT, second_factor=SecondFactor.OFF)
    here = door.enters(tenant=TENANT)
    assert isinstance(door.sign_in.switch(OTHER, door.actor(here), HOME), NeedsFactor)
    door.asks(OTHER, local=False, break_glass=uuid4())
    with pytest.raises(SignInRefused):
        door.sign_in.switch(OTHER, door.actor(here), HOME)


def test_a_proof_is_not_carried_longer_than_the_other_seller_lets_a_session_last(
    door: Door,
) -> None:
    door.person("ayse", TENANT, OTHER)
    door.asks(TENANT, remember_days=30)
    door.asks(OTHER, absolute_minutes=60)
    here = door.enters(tenant=TENANT, remember=True)
    door.clock.forward(timedelta(minutes=60))
    with pytest.raises(ProofNeeded):
        door.sign_in.switch(OTHER, door.actor(here), HOME)
    door.reprove.by_password(PASSWORD, door.actor(here))
    assert isinstance(door.sign_in.switch(OTHER, door.actor(here), HOME), Entered)


def test_a_providers_word_does_not_reach_another_seller(door: Door) -> None:
    person = door.person("ayse", TENANT, OTHER)
    here = by_sso(door, person)
    with pytest.raises(ProofNeeded):
        door.sign_in.switch(OTHER, door.actor(here), HOME)
    door.reprove.by_password(PASSWORD, door.actor(here))
    there = door.sign_in.switch(OTHER, door.actor(here), HOME)
    assert isinstance(there, Entered)
    assert there.session.methods == ("password",)
    assert there.session.connection is None


def test_a_code_after_a_providers_word_does_not_either(door: Door) -> None:
    """A factor that was set up on a provider's word must not open other sellers by itself."""
    person = door.person("ayse", TENANT, OTHER)
    secret = door.app(person)
    here = by_sso(door, person)
    code = door.totp.code(secret, door.clock.now())
    door.reprove.by_code("totp", code, door.actor(here))
    with pytest.raises(ProofNeeded):
        door.sign_in.switch(OTHER, door.actor(here), HOME)
    with pytest.raises(ProofNeeded):
        door.enrolment.begin_passkey(door.actor(here))


def test_nobody_goes_over_to_a_seller_that_is_none_of_theirs(door: Door) -> None:
    door.person()
    with pytest.raises(SignInRefused):
        door.sign_in.switch(OTHER, door.actor(door.enters()), HOME)
