"""Signing in by password: who gets in, and what everybody else learns, which is nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.identity.tickets import parse
from core.shared.errors import Invalid, SignInRefused
from core.shared.ids import OPERATOR
from core.tenancy.members import MemberState
from tests.core.fakes.door import AWAY, HOME, PASSWORD, Door
from tests.core.fakes.world import NOW, OTHER, TENANT

AYSE = "ayse@deniz.example"


def test_whoever_knows_the_password_is_in(door: Door) -> None:
    person = door.person()
    entered = door.enters()
    session = door.session(entered)
    assert entered.tenant == TENANT
    assert (session.person, session.methods) == (person, ("password",))
    assert (session.ip, session.country, session.user_agent) == ("192.0.2.7", "TR", "Firefox")
    assert session.proven_at == NOW
    [event] = door.world.tables(TENANT).audit
    assert event.event_type == "session.opened"
    assert event.after == {"methods": ["password"], "country": "TR"}


def test_an_address_is_found_however_it_is_cased(door: Door) -> None:
    door.person()
    assert door.enters(" AYSE@Deniz.Example ")


def test_nothing_secret_is_kept_of_a_sign_in(door: Door) -> None:
    person = door.person()
    entered = door.enters()
    token = parse(entered.refresh.rpartition(".")[0])
    assert token is not None
    kept = repr([door.world.tables(r) for r in (TENANT, OTHER, OPERATOR, person)])
    assert PASSWORD not in kept
    assert entered.refresh not in kept
    assert repr(token.secret) not in kept


def test_every_sign_in_is_a_session_of_its_own_with_a_fresh_token(door: Door) -> None:
    door.person()
    first, second = door.enters(), door.enters()
    assert first.session.id != second.session.id
    assert first.refresh != second.refresh


def test_an_old_hash_is_made_anew(door: Door) -> None:
    person = door.person()
    door.hasher.today = "newer"
    door.enters()
    assert (door.account(person).password or "").startswith("newer:")
    assert door.enters()


# --- whoever is not let in -----------------------------------------------------------------


def suspended(door: Door) -> None:
    door.becomes(door.person(), state=MemberState.SUSPENDED)


def fired(door: Door) -> None:
    door.world.tables(TENANT).members.pop(door.person())


def closed(door: Door) -> None:
    door.person(password=None)


def sso_alone(door: Door) -> None:
    door.person()
    door.asks(local=False, break_glass=uuid4())


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "nobody has the address": (lambda d: None, {}, "unknown_account"),
    "the password is wrong": (lambda d: d.person(), {"password": "x"}, "wrong_password"),
    "there is no password": (closed, {"password": ""}, "wrong_password"),
    "the account was closed": (lambda d: d.person(closed_at=NOW), {}, "unknown_account"),
    "the address was never proven": (
        lambda d: d.person(email_verified_at=None),
        {},
        "unknown_account",
    ),
    "the member is suspended": (suspended, {}, "not_a_member"),
    "the member is gone": (fired, {}, "not_a_member"),
    "it is another seller": (lambda d: d.person(), {"tenant": OTHER}, "not_a_member"),
    "there is no such seller": (lambda d: d.person(), {"tenant": uuid4()}, "not_a_member"),
    "people come by SSO alone": (sso_alone, {}, "sso_only"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_whatever_is_wrong_the_answer_is_the_same(door: Door, why: str) -> None:
    make, more, _ = REFUSED[why]
    make(door)
    with pytest.raises(SignInRefused) as refused:
        door.tries(**more)
    assert str(refused.value) == "this sign-in is refused"
    assert door.world.tables(TENANT).sessions == {}


@pytest.mark.parametrize("why", REFUSED)
def test_every_refusal_is_one_attempt_and_one_event(door: Door, why: str) -> None:
    make, more, reason = REFUSED[why]
    make(door)
    with pytest.raises(SignInRefused):
        door.tries(**more)
    attempts = [a for t in door.world.tenants.values() for a in t.attempts.values()]
    events = [e for t in door.world.tenants.values() for e in t.audit]
    assert [(a.reason.value, a.email, a.ip) for a in attempts] == [(reason, AYSE, "192.0.2.7")]
    assert [e.event_type for e in events] == ["sign_in.refused"]
    assert AYSE not in repr(events)


def test_known_and_unknown_addresses_cost_the_same(door: Door) -> None:
    """As many works, questions and argon2 verifications, in the same order."""
    person = door.person()
    spent = []
    for email in (AYSE, "nobody@deniz.example"):
        door.world.opened.clear()
        door.directory.asked.clear()
        door.hasher.verified = 0
        with pytest.raises(SignInRefused):
            door.tries(email, password="wrong")
        whose = {person: "person", TENANT: "seller", OPERATOR: "operator"}
        kinds = [whose[realm] for realm in door.world.opened]
        spent.append((len(kinds), tuple(door.directory.asked), door.hasher.verified))
    assert spent[0] == spent[1]
    assert spent[0][2] == 1


def test_a_sellers_log_holds_its_own_people_and_nobody_else(door: Door) -> None:
    """What strangers try belongs to the house, and so do people of another seller."""
    door.person("ayse")
    door.person("bora", OTHER)
    for email in (AYSE, "bora@deniz.example", "nobody@deniz.example"):
        with pytest.raises(SignInRefused):
            door.tries(email, password="wrong", tenant=TENANT)
    assert door.refused(TENANT) == ["wrong_password"]
    assert door.refused(OTHER) == []
    assert door.refused(OPERATOR) == ["wrong_password", "unknown_account"]


def test_a_seller_hears_nothing_of_people_who_are_none_of_its_own(door: Door) -> None:
    """Not even that their password was right."""
    door.person("bora", OTHER)
    with pytest.raises(SignInRefused):
        door.tries("bora@deniz.example", tenant=TENANT)
    assert door.refused(TENANT) == []
    assert door.refused(OPERATOR) == ["not_a_member"]


def test_a_suspended_member_is_not_even_asked_for_more(door: Door) -> None:
    person = door.person()
    door.app(person)
    door.becomes(person, state=MemberState.SUSPENDED)
    with pytest.raises(SignInRefused):
        door.tries(tenant=TENANT)


def test_a_suspended_members_right_password_is_told_to_the_seller(door: Door) -> None:
    suspended(door)
    with pytest.raises(SignInRefused):
        door.tries(tenant=TENANT)
    assert door.refused(TENANT) == ["not_a_member"]


def test_what_is_no_address_is_invalid_and_nothing_is_asked(door: Door) -> None:
    with pytest.raises(Invalid):
        door.tries("ayse")
    assert door.world.opened == []


# --- devices ---------------------------------------------------------------------------------


def test_a_new_device_is_told_but_not_the_very_first(door: Door) -> None:
    person = door.person()
    first = door.enters()
    assert first.new_device
    assert door.kinds(person) == []
    assert door.enters(client=replace(HOME, device=first.session.device)).new_device is False
    assert door.kinds(person) == []
    assert door.enters(client=AWAY).new_device
    assert door.kinds(person) == ["new_device"]
    letter = door.read(person)
    assert letter["to"] == AYSE
    assert "198.51.100.9 (DE)" in letter["text"]
    assert door.audited(person) == ["device.added", "device.added"]


def test_a_device_that_the_person_was_never_seen_on_gets_an_id_of_ours(door: Door) -> None:
    """Whoever plants a cookie does not make their own machine a known one."""
    door.person()
    planted = uuid4()
    entered = door.enters(client=replace(HOME, device=planted))
    assert entered.session.device != planted


def test_a_device_is_known_to_the_person_who_was_seen_on_it_alone(door: Door) -> None:
    door.person("ayse")
    door.person("bora")
    device = door.enters("ayse@deniz.example").session.device
    shared = door.enters("bora@deniz.example", client=replace(HOME, device=device))
    assert shared.new_device
    assert shared.session.device != device


def test_a_member_is_seen_and_is_not_changed_by_it(door: Door) -> None:
    person = door.person()
    door.clock.forward(timedelta(hours=1))
    door.enters()
    member = door.world.tables(TENANT).members[person]
    assert (member.last_seen_at, member.protected_at) == (door.clock.now(), None)
    assert member.version == 1
