"""Nobody becomes a person with credentials of their own by a provider's word alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from core.identity.policy import SecondFactor
from core.identity.sso import Connection
from core.identity.sso_sign_in import NeedsLink
from core.identity.steps import Entered, NeedsEnrolment, NeedsFactor
from core.shared.errors import SignInRefused, TooManyTries
from tests.core.fakes.door import HOME, PASSWORD
from tests.core.fakes.sso import SAID, SsoDoor
from tests.core.fakes.world import TENANT


@pytest.fixture
def door() -> SsoDoor:
    return SsoDoor()


@pytest.fixture
def sso(door: SsoDoor) -> Connection:
    return door.connect()


def asked(door: SsoDoor, sso: Connection) -> str:
    """The ticket of somebody who must prove that it is them."""
    step = door.comes(sso)
    assert isinstance(step, NeedsLink), step
    return step.ticket


def links(door: SsoDoor) -> dict[tuple[UUID, str], UUID]:
    return {key: link.person for key, link in door.world.tables().links.items()}


def test_the_password_makes_the_link_and_opens_a_session(door: SsoDoor, sso: Connection) -> None:
    ayse = door.person()
    step = door.sso.link(asked(door, sso), PASSWORD, HOME)
    assert isinstance(step, Entered)
    session = door.session(step)
    assert session.person == ayse
    assert session.methods == ("sso", "password")
    assert session.proven_at == door.clock.now()
    assert (session.connection, session.sso_subject, session.sso_session) == (sso.id, "u-1", "s-1")
    assert links(door) == {(sso.id, "u-1"): ayse}
    assert door.audited().count("sso.linked") == 1


def test_from_then_on_the_providers_word_is_enough(door: SsoDoor, sso: Connection) -> None:
    ayse = door.person()
    door.sso.link(asked(door, sso), PASSWORD, HOME)
    door.providers.says = replace(SAID, email=None, email_verified=False)
    step = door.comes(sso)
    assert isinstance(step, Entered)
    assert door.session(step).person == ayse
    assert door.session(step).proven_at is None


def test_a_second_factor_is_asked_for_before_the_link_is_made(
    door: SsoDoor, sso: Connection
) -> None:
    """A stolen password and a faithless provider together are still not enough."""
    ayse = door.person()
    secret = door.app(ayse)
    step = door.sso.link(asked(door, sso), PASSWORD, HOME)
    assert isinstance(step, NeedsFactor)
    assert (links(door), door.world.tables().sessions) == ({}, {})
    code = door.totp.code(secret, door.clock.now())
    entered = door.sign_in.by_code(step.ticket, "totp", code, HOME)
    assert isinstance(entered, Entered)
    assert door.session(entered).methods == ("sso", "password", "totp")
    assert links(door) == {(sso.id, "u-1"): ayse}


def test_a_passkey_serves_as_the_second_factor(door: SsoDoor, sso: Connection) -> None:
    ayse = door.person()
    key = door.passkey(ayse)
    step = door.sso.link(asked(door, sso), PASSWORD, HOME)
    assert isinstance(step, NeedsFactor)
    challenge, options = door.sign_in.passkey_options(step.ticket)
    signed = key.signs(options)
    entered = door.sign_in.by_passkey(challenge, signed, tenant=None, remember=False, client=HOME)
    assert isinstance(entered, Entered)
    assert links(door) == {(sso.id, "u-1"): ayse}


def test_where_the_seller_wants_a_second_factor_it_is_set_up_first(
    door: SsoDoor, sso: Connection
) -> None:
    door.person()
    door.asks(second_factor=SecondFactor.REQUIRED)
    assert isinstance(door.sso.link(asked(door, sso), PASSWORD, HOME), NeedsEnrolment)
    assert links(door) == {}


def test_a_seller_that_lets_people_in_by_sso_alone_takes_the_password_for_the_proof(
    door: SsoDoor, sso: Connection
) -> None:
    boss = door.person("boss", roles=("owner",))
    door.asks(local=False, break_glass=boss)
    door.person()
    assert isinstance(door.sso.link(asked(door, sso), PASSWORD, HOME), Entered)


def test_a_wrong_password_links_nothing_and_is_written_down(door: SsoDoor, sso: Connection) -> None:
    ayse = door.person()
    with pytest.raises(SignInRefused):
        door.sso.link(asked(door, sso), "wrong", HOME)
    assert (links(door), door.world.tables().sessions) == ({}, {})
    [attempt] = door.world.tables().attempts.values()
    assert (attempt.reason.value, attempt.person) == ("wrong_password", ayse)


def test_guessing_at_it_locks_as_everywhere(door: SsoDoor, sso: Connection) -> None:
    door.person()
    ticket = asked(door, sso)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            door.sso.link(ticket, "wrong", HOME)
    ticket = asked(door, sso)
    with pytest.raises(TooManyTries):
        door.sso.link(ticket, PASSWORD, HOME)
    with pytest.raises(TooManyTries):
        door.tries()
    door.clock.forward(minutes=15)
    with pytest.raises(SignInRefused):  # the ticket's ten minutes are over
        door.sso.link(ticket, PASSWORD, HOME)


def test_five_wrong_passwords_use_the_ticket_up(door: SsoDoor, sso: Connection) -> None:
    door.person()
    ticket = asked(door, sso)
    for number in range(5):
        client = replace(HOME, ip=f"198.51.100.{number}")
        with pytest.raises(SignInRefused):
            door.sso.link(ticket, "wrong", client)
    door.clock.forward(minutes=9)
    for lockouts in [t.lockouts for t in door.world.tenants.values()]:
        lockouts.clear()
    with pytest.raises(SignInRefused):
        door.sso.link(ticket, PASSWORD, HOME)


def test_a_ticket_works_once(door: SsoDoor, sso: Connection) -> None:
    door.person()
    ticket = asked(door, sso)
    door.sso.link(ticket, PASSWORD, HOME)
    with pytest.raises(SignInRefused):
        door.sso.link(ticket, PASSWORD, HOME)
    assert len(door.world.tables().sessions) == 1


@pytest.mark.parametrize("wait", [timedelta(minutes=10), timedelta(days=1)])
def test_a_ticket_is_good_for_ten_minutes(door: SsoDoor, sso: Connection, wait: timedelta) -> None:
    door.person()
    ticket = asked(door, sso)
    door.clock.forward(wait)
    with pytest.raises(SignInRefused):
        door.sso.link(ticket, PASSWORD, HOME)


def test_no_other_ticket_links_and_none_is_a_crash(door: SsoDoor, sso: Connection) -> None:
    door.person()
    url = door.sso.begin(TENANT, sso.id, remember=False, flow="f", client=HOME)
    for ticket in ("", "nonsense", url.partition("state=")[2], "é", "A" * 5000):
        with pytest.raises(SignInRefused):
            door.sso.link(ticket, PASSWORD, HOME)
    assert links(door) == {}


def test_a_connection_that_was_switched_off_meanwhile_links_nothing(
    door: SsoDoor, sso: Connection
) -> None:
    door.person()
    ticket = asked(door, sso)
    door.world.tables().connections[sso.id] = replace(sso, enabled=False)
    with pytest.raises(SignInRefused):
        door.sso.link(ticket, PASSWORD, HOME)


def test_a_second_window_finds_the_link_made_already(door: SsoDoor, sso: Connection) -> None:
    door.person()
    one, two = asked(door, sso), asked(door, sso)
    assert isinstance(door.sso.link(one, PASSWORD, HOME), Entered)
    assert isinstance(door.sso.link(two, PASSWORD, HOME), Entered)
    assert len(links(door)) == 1
    assert door.audited().count("sso.linked") == 1


def test_a_wish_to_be_remembered_survives_the_proof(door: SsoDoor, sso: Connection) -> None:
    door.person()
    door.asks(remember_days=7)
    step = door.comes(sso, remember=True)
    assert isinstance(step, NeedsLink)
    entered = door.sso.link(step.ticket, PASSWORD, HOME)
    assert isinstance(entered, Entered)
    assert door.session(entered).remembered


def test_somebody_without_credentials_is_asked_for_none(door: SsoDoor, sso: Connection) -> None:
    ayse = door.person(password=None)
    step = door.comes(sso)
    assert isinstance(step, Entered)
    assert door.session(step).person == ayse
