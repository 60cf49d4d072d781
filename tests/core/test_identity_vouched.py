"""After single sign-on: the seller's door opens, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from core.identity.own import prove_own
from core.identity.policy import Fence, SecondFactor
from core.identity.steps import Entered, NeedsEnrolment, Step
from core.shared.actor import Actor, prove
from core.shared.errors import NotFromHere, ProofNeeded, SignInRefused, TooManyTries
from tests.core.fakes.door import HOME, Door, connection, identity
from tests.core.fakes.steps import asked, by_app
from tests.core.fakes.world import NOW, OTHER, TENANT

STEP = timedelta(seconds=30)


def vouched(door: Door, person: UUID) -> Step:
    return door.sign_in.vouched(
        person, TENANT, identity(), connection(), remember=False, client=HOME
    )


def test_a_providers_word_opens_the_seller_and_proves_nothing_of_ones_own(door: Door) -> None:
    person = door.person(password=None, email_verified_at=None)
    door.asks(local=False, break_glass=uuid4())
    entered = vouched(door, person)
    assert isinstance(entered, Entered)
    session = door.session(entered)
    assert (session.methods, session.proven_at) == (("sso",), None)
    assert (session.sso_subject, session.sso_session) == ("subject-1", "sid-1")
    assert door.world.tables(TENANT).members[person].protected_at == NOW


def test_a_fresh_word_is_a_proof_for_this_seller_and_for_nothing_of_ones_own(door: Door) -> None:
    person = door.person()
    word = replace(identity(), fresh=True)
    entered = door.sign_in.vouched(person, TENANT, word, connection(), remember=False, client=HOME)
    assert isinstance(entered, Entered)
    actor = Actor(TENANT, "person", str(person), session=entered.session.id, proven_at=NOW)
    assert entered.session.proven_at == NOW
    prove(actor, NOW)
    with pytest.raises(ProofNeeded):
        prove_own(actor, door.means)
    with pytest.raises(ProofNeeded):
        door.sign_in.switch(OTHER, actor, HOME)


@pytest.mark.parametrize("after", [False, True])
def test_a_second_factor_after_sso_is_asked_where_the_policy_says_so(
    door: Door, after: bool
) -> None:
    person = door.person()
    secret = door.app(person)
    door.asks(second_factor=SecondFactor.REQUIRED, second_factor_after_sso=after)
    step = vouched(door, person)
    if not after:
        assert isinstance(step, Entered)
        return
    entered = by_app(door, asked(step).ticket, secret)
    assert isinstance(entered, Entered)
    session = door.session(entered)
    assert session.methods == ("sso", "totp")
    assert (session.sso_subject, session.connection is not None) == ("subject-1", True)


def test_a_provider_lets_nobody_set_up_a_factor_that_other_sellers_would_ask_for(
    door: Door,
) -> None:
    both = door.person("ayse", TENANT, OTHER)
    here = door.person("bora")
    new = door.person("can", TENANT, OTHER, password=None, email_verified_at=None)
    door.asks(second_factor=SecondFactor.REQUIRED, second_factor_after_sso=True)
    with pytest.raises(SignInRefused):
        vouched(door, both)
    assert door.refused() == ["identity_provider"]
    assert isinstance(vouched(door, here), NeedsEnrolment)
    assert isinstance(vouched(door, new), NeedsEnrolment)


def test_sso_does_not_care_about_a_lock_but_about_fence_membership_and_ban(door: Door) -> None:
    person = door.person()
    for _ in range(5):
        with pytest.raises(SignInRefused):
            door.tries(password="wrong")
    assert isinstance(vouched(door, person), Entered)
    door.asks(people=Fence(countries=("FR",)))
    with pytest.raises(NotFromHere):
        vouched(door, person)
    with pytest.raises(SignInRefused):
        vouched(door, uuid4())
    door.bans()
    with pytest.raises(TooManyTries):
        vouched(door, person)


def test_a_known_device_survives_the_second_step(door: Door) -> None:
    secret = door.app(door.person())
    entered = by_app(door, asked(door.tries()).ticket, secret)
    assert isinstance(entered, Entered)
    door.clock.forward(STEP)
    client = replace(HOME, device=entered.session.device)
    step = asked(door.tries(client=client))
    code = door.totp.code(secret, door.clock.now())
    again = door.sign_in.by_code(step.ticket, "totp", code, client)
    assert isinstance(again, Entered)
    assert again.session.device == entered.session.device
