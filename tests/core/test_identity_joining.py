"""Invitations: a link to a mailbox makes a membership, and an account where there is none."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from core.identity.steps import Entered, NeedsChoice
from core.identity.tickets import LIFETIMES, Purpose
from core.shared.actor import Actor
from core.shared.errors import Conflict, Invalid, NotFound, SignInRefused
from core.tenancy.inviting import Invite, Inviting
from core.tenancy.members import MemberState
from core.tenancy.tenant import TenantKind
from tests.core.fakes.door import HOME, Door
from tests.core.fakes.world import NOW, OTHER, TENANT

BORA = "bora@deniz.example"
PASSWORD = "dogru at pil zimba"
SCOPES = frozenset({"members.write", "inbox.read", "inbox.write", "inbox.all", "agents.read"})
OWNER = Actor(TENANT, "person", str(uuid4()), SCOPES, proven_at=NOW)


def invited(door: Door, email: str = BORA, **more: Any) -> str:
    """Answers the link's token, which the mailbox alone sees."""
    Inviting(door.means).invite(door.means.ids(), Invite(email, ("agent",), **more), OWNER)
    assert door.read(TENANT)["to"] == email
    return door.link(TENANT)


def test_a_stranger_joins_with_a_new_account(door: Door) -> None:
    person, seller = door.passwords.join(invited(door), "Bora", PASSWORD, HOME)
    assert seller == TENANT
    entered = door.tries(BORA)
    assert isinstance(entered, Entered)
    assert entered.session.person == person
    member = door.world.tables(TENANT).members[person]
    assert (member.state, member.name, member.roles) == (MemberState.ACTIVE, "Bora", ("agent",))
    assert len(door.world.tables(TENANT).members) == 1, "the invitation itself is gone"
    assert door.audited(TENANT)[1:] == ["member.joined", "session.opened"]


def test_the_account_is_the_persons_own_realm(door: Door) -> None:
    person, _ = door.passwords.join(invited(door), "Bora", PASSWORD, HOME)
    realm = door.world.tables(person)
    assert realm.tenant["self"].kind is TenantKind.PERSON
    assert realm.account["self"].email_verified_at == NOW
    assert door.audited(person) == ["account.opened"]
    assert PASSWORD not in repr(realm)


def test_whoever_has_an_account_joins_with_it(door: Door) -> None:
    person = door.person("bora", OTHER)
    assert door.passwords.join(invited(door), None, None, HOME) == (person, TENANT)
    assert isinstance(door.tries(BORA), NeedsChoice)


def test_a_known_persons_password_is_not_changed_by_joining(door: Door) -> None:
    door.person("bora", OTHER)
    door.passwords.join(invited(door), "Bora", "another long password", HOME)
    with pytest.raises(SignInRefused):
        door.tries(BORA, password="another long password")


def test_an_invitation_is_taken_once(door: Door) -> None:
    link = invited(door)
    door.passwords.join(link, "Bora", PASSWORD, HOME)
    with pytest.raises(NotFound):
        door.passwords.join(link, "Bora", PASSWORD, HOME)
    with pytest.raises(NotFound):
        door.passwords.invitation(link)


def test_an_invitation_is_over_after_a_week(door: Door) -> None:
    link = invited(door)
    door.clock.forward(LIFETIMES[Purpose.INVITATION])
    with pytest.raises(NotFound):
        door.passwords.join(link, "Bora", PASSWORD, HOME)


def test_a_withdrawn_invitation_is_over(door: Door) -> None:
    link = invited(door)
    door.world.tables(TENANT).members.clear()
    with pytest.raises(NotFound):
        door.passwords.join(link, "Bora", PASSWORD, HOME)


def test_whoever_was_interrupted_joins_with_the_account_that_is_there(door: Door) -> None:
    """The account is made first; the invitation is still good after a crash between the two."""
    link, person = invited(door), door.person("bora", OTHER)
    door.world.tables(OTHER).members.clear()
    assert door.passwords.join(link, "Bora", PASSWORD, HOME) == (person, TENANT)


def test_a_member_is_not_made_twice(door: Door) -> None:
    person = door.person("bora")
    door.becomes(person, email="bora.work@deniz.example")
    with pytest.raises(Conflict):
        door.passwords.join(invited(door), None, None, HOME)
    states = [m.state for m in door.world.tables(TENANT).members.values()]
    assert sorted(states) == ["active", "invited"], "and the invitation stays open"


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [
        ("", PASSWORD, "name"),
        (None, PASSWORD, "name"),
        ("Bora", None, "password"),
        ("Bora", "short", "password"),
        ("Bora", "bora123456789", "password"),
        ("Bora", "fenerbahce1907", "password"),
    ],
)
def test_a_new_account_needs_a_name_and_a_password_that_will_do(
    door: Door, name: str | None, password: str | None, field: str
) -> None:
    link = invited(door)
    with pytest.raises(Invalid) as refused:
        door.passwords.join(link, name, password, HOME)
    assert list(refused.value.problems) == [field]
    assert door.world.emails == {}
    assert door.passwords.join(link, "Bora", PASSWORD, HOME)


def test_where_people_come_by_sso_alone_no_password_is_asked(door: Door) -> None:
    door.asks(local=False, break_glass=uuid4())
    link = invited(door, name="Bora")
    assert door.passwords.invitation(link)["password_length"] is None
    person, _ = door.passwords.join(link, None, None, HOME)
    assert door.account(person).password is None


@pytest.mark.parametrize("known", [False, True])
def test_the_page_of_an_invitation_shows_whose_it_is(door: Door, known: bool) -> None:
    if known:
        door.person("bora", OTHER)
    shown = door.passwords.invitation(invited(door, name="Bora"))
    assert shown == {
        "seller": "Deniz",
        "email": BORA,
        "member_name": "Bora",
        "known": known,
        "password_length": 12,
    }


def test_two_who_open_an_account_for_one_address_do_not_both_get_it(door: Door) -> None:
    """The second one looked before the first was done."""
    link = invited(door)
    door.world.emails[BORA] = UUID(int=1)
    door.directory.blind = True
    with pytest.raises(Conflict):
        door.passwords.join(link, "Bora", PASSWORD, HOME)
    assert door.world.emails[BORA] == UUID(int=1)
    [member] = door.world.tables(TENANT).members.values()
    assert member.state is MemberState.INVITED
