"""Refresh tokens: each is exchanged once, and a copy of an old one ends the session."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.identity.policy import Fence, SecondFactor
from core.identity.sessions import GRACE
from core.identity.steps import Entered
from core.identity.tickets import Token
from core.shared.errors import NotFromHere, SignInRefused
from core.tenancy.members import MemberState
from tests.core.fakes.door import AWAY, HOME, Door
from tests.core.fakes.world import NOW, OTHER, TENANT

SECOND = timedelta(seconds=1)


def renewed(door: Door, refresh: str) -> Entered:
    door.clock.forward(minutes=5)
    return door.renew(refresh, HOME)


def test_the_session_goes_on_with_a_new_token(door: Door) -> None:
    door.person()
    entered = door.enters()
    again = renewed(door, entered.refresh)
    assert again.session.id == entered.session.id
    assert again.refresh != entered.refresh
    assert not again.new_device
    assert renewed(door, again.refresh)


def test_it_is_known_where_the_session_was_seen_last(door: Door) -> None:
    door.person()
    entered = door.enters()
    door.clock.forward(minutes=5)
    door.renew(entered.refresh, AWAY)
    session = door.session(entered)
    assert (session.ip, session.country, session.user_agent) == ("198.51.100.9", "DE", "curl")
    assert (session.created_at, session.last_seen_at) == (NOW, door.clock.now())


def test_a_token_that_was_exchanged_before_ends_the_session(door: Door) -> None:
    """Somebody has a copy: neither of the two goes on."""
    person = door.person()
    entered = door.enters()
    fresh = renewed(door, entered.refresh)
    door.clock.forward(GRACE)
    with pytest.raises(SignInRefused):
        door.renew(entered.refresh, AWAY)
    assert door.session(entered).ended_why == "refresh_token_reused"
    with pytest.raises(SignInRefused):
        door.renew(fresh.refresh, HOME)
    assert door.refused() == ["refresh_token_reused"]
    assert door.audited() == ["session.opened", "sign_in.refused", "session.ended"]
    assert door.kinds(person) == ["reused"]
    assert "Firefox" in door.read(person)["text"]


def test_two_tabs_at_once_are_no_theft(door: Door) -> None:
    door.person()
    entered = door.enters()
    fresh = renewed(door, entered.refresh)
    door.clock.forward(GRACE - SECOND)
    with pytest.raises(SignInRefused):
        door.renew(entered.refresh, HOME)
    assert door.session(entered).ended_at is None
    assert renewed(door, fresh.refresh)
    assert door.refused() == []


@pytest.mark.parametrize("forged", ["secret", "generation", "id", "realm", "later", "noise"])
def test_a_forged_token_opens_nothing_and_ends_nothing(door: Door, forged: str) -> None:
    door.person()
    entered = door.enters()
    text, _, generation = entered.refresh.rpartition(".")
    id = entered.session.id
    offered = {
        "secret": f"{Token(TENANT, id, b'x' * 32)}.0",
        "later": f"{Token(TENANT, id, b'x' * 32)}.7",
        "id": f"{Token(TENANT, uuid4(), b'x' * 32)}.0",
        "realm": f"{Token(OTHER, id, b'x' * 32)}.0",
        "generation": f"{text}.",
        "noise": f"{text}.{generation}0²",
    }[forged]
    with pytest.raises(SignInRefused):
        door.renew(offered, HOME)
    assert door.session(entered).ended_at is None
    assert renewed(door, entered.refresh)


@pytest.mark.parametrize(
    "text", ["", ".", "x", "x.0", "ş.1", "a.b.c", "." * 400, f"{'A' * 128}.{'9' * 5000}"]
)
def test_what_nobody_wrote_opens_nothing(door: Door, text: str) -> None:
    with pytest.raises(SignInRefused):
        door.renew(text, HOME)
    assert door.sign_out(text, None) is None


# --- what the seller decides at this moment --------------------------------------------------


def test_a_suspended_member_is_out(door: Door) -> None:
    person = door.person()
    entered = door.enters()
    door.becomes(person, state=MemberState.SUSPENDED)
    with pytest.raises(SignInRefused):
        renewed(door, entered.refresh)
    assert door.session(entered).ended_why == "membership_ended"


def test_outside_the_fence_a_session_waits(door: Door) -> None:
    door.person()
    entered = door.enters()
    door.asks(people=Fence(networks=("192.0.2.0/24",)))
    with pytest.raises(NotFromHere):
        door.renew(entered.refresh, AWAY)
    assert door.audited()[-1] == "sign_in.fenced"
    assert door.refused() == ["network_not_allowed"]
    assert renewed(door, entered.refresh)


def test_where_people_come_by_sso_alone_local_sessions_do_not_go_on(door: Door) -> None:
    owner = door.person("owner")
    door.person()
    entered, glass = door.enters(), door.enters("owner@deniz.example")
    door.asks(local=False, break_glass=owner)
    with pytest.raises(SignInRefused):
        renewed(door, entered.refresh)
    assert door.refused() == ["sso_only"]
    assert renewed(door, glass.refresh)


@pytest.mark.parametrize(
    ("policy", "remember", "lasts"),
    [
        ({"idle_minutes": 15}, False, timedelta(minutes=15)),
        ({"idle_minutes": 60, "absolute_minutes": 30}, False, timedelta(minutes=30)),
        ({"idle_minutes": 15, "remember_days": 30}, True, timedelta(days=30)),
        ({"idle_minutes": 15, "remember_days": 30}, False, timedelta(minutes=15)),
    ],
)
def test_a_session_lasts_as_long_as_the_policy_lets_it(
    policy: dict[str, Any], remember: bool, lasts: timedelta
) -> None:
    for late in (False, True):
        door = Door()
        door.person()
        door.asks(**policy)
        entered = door.enters(remember=remember)
        door.clock.forward(lasts if late else lasts - SECOND)
        if not late:
            assert door.renew(entered.refresh, HOME)
            continue
        with pytest.raises(SignInRefused):
            door.renew(entered.refresh, HOME)
        assert door.session(entered).ended_why == "expired"


def test_a_policy_that_was_tightened_counts_for_open_sessions(door: Door) -> None:
    door.person()
    entered = door.enters()
    door.clock.forward(minutes=30)
    door.asks(idle_minutes=15)
    with pytest.raises(SignInRefused):
        door.renew(entered.refresh, HOME)
    door.asks(idle_minutes=600)
    with pytest.raises(SignInRefused):
        door.renew(entered.refresh, HOME)


def test_a_second_factor_that_is_required_since_waits_for_the_next_sign_in(door: Door) -> None:
    door.person()
    entered = door.enters()
    door.asks(second_factor=SecondFactor.REQUIRED)
    assert renewed(door, entered.refresh)


# --- signing out -----------------------------------------------------------------------------


def test_signing_out_ends_the_session_of_the_token(door: Door) -> None:
    door.person()
    entered, other = door.enters(), door.enters()
    session = door.sign_out(entered.refresh, None)
    assert session is not None
    assert (session.id, session.ended_why) == (entered.session.id, "signed_out")
    assert door.audited()[-1] == "session.ended"
    with pytest.raises(SignInRefused):
        door.renew(entered.refresh, HOME)
    assert renewed(door, other.refresh)


def test_without_a_token_it_is_the_actors(door: Door) -> None:
    door.person()
    entered = door.enters()
    session = door.sign_out(None, door.actor(entered))
    assert session is not None
    assert session.id == entered.session.id
    assert door.sign_out(None, None) is None


def test_signing_out_twice_changes_nothing(door: Door) -> None:
    door.person()
    entered = door.enters()
    first = door.sign_out(entered.refresh, None)
    door.clock.forward(minutes=1)
    assert door.sign_out(entered.refresh, None) == first
    assert door.audited().count("session.ended") == 1


def test_nobody_is_signed_out_by_a_forged_token(door: Door) -> None:
    door.person()
    entered = door.enters()
    assert door.sign_out(f"{Token(TENANT, entered.session.id, b'x' * 32)}.0", None) is None
    assert door.session(entered).ended_at is None
