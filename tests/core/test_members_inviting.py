"""Inviting by address: one letter, one link, and whoever was not meant gets nothing by it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identity.letters import Letter, Medium
from core.identity.means import Means
from core.identity.tickets import LIFETIMES, Purpose, Ticket, Token, parse
from core.policies.roles import BUILT_IN, OWNER, PERMISSIONS, permissions_of
from core.shared.actor import Actor
from core.shared.errors import Conflict, Invalid, NotAllowed, NotFound, ProofNeeded
from core.tenancy.inviting import Invite, Inviting
from core.tenancy.members import Member, MemberState, Team
from core.tenancy.power import LEADS_FURTHER
from tests.core.fakes.house import House
from tests.core.fakes.people import acting, hire
from tests.core.fakes.world import NOW, TENANT

UNUSED = cast(Any, None)


def inviting(house: House) -> Inviting:
    return Inviting(
        Means(
            house.world,
            UNUSED,
            UNUSED,
            UNUSED,
            UNUSED,
            UNUSED,
            house.vault,
            house.clock,
            house.ids,
            lambda count: house.ids().bytes * (count // 16),
            "https://house.example",
        )
    )


def invite(house: House, actor: Actor, email: str = "can@ege.example", **more: Any) -> Member:
    command = Invite(email, more.pop("roles", ("agent",)), **more)
    return inviting(house).invite(house.ids(), command, actor)


def letters(house: House) -> list[Letter]:
    return list(house.tables.letters.values())


def link(house: House, number: int = -1) -> Token:
    """The token in one of the letters."""
    letter = letters(house)[number]
    text = str(house.vault.open(TENANT, letter.id, letter.sealed)["text"])
    [token] = {t for t in map(parse, re.findall(r"[\w-]{86}", text)) if t}
    return token


def opened(house: House, token: Token, after: timedelta = timedelta()) -> Ticket | None:
    with house.world(token.realm) as work:
        return work.tickets.look(token.id, token.digest, Purpose.INVITATION, NOW + after)


@pytest.fixture
def me(house: House) -> Actor:
    return acting(house, hire(house, "deniz", OWNER))


def test_an_invitation_is_a_member_who_has_not_come_a_ticket_and_a_letter(
    house: House, me: Actor
) -> None:
    night = Team(house.ids(), "night", NOW)
    house.tables.teams[night.id] = night
    guest = invite(house, me, " Can@Ege.example ", name=" Can ", teams=(night.id,))
    assert (guest.email, guest.name, guest.state) == ("can@ege.example", "Can", "invited")
    assert (guest.roles, guest.teams) == (("agent",), (night.id,))
    assert house.tables.members[guest.id] == guest
    [letter] = letters(house)
    assert (letter.medium, letter.kind) == (Medium.MAIL, "invitation")
    assert house.vault.open(TENANT, letter.id, letter.sealed)["to"] == "can@ege.example"
    ticket = opened(house, link(house))
    assert ticket
    assert ticket.data == {"member": str(guest.id), "email": "can@ege.example"}
    assert link(house).realm == TENANT


def test_the_link_stands_in_the_letter_alone(house: House, me: Actor) -> None:
    invite(house, me)
    [told] = house.tables.audit
    assert told.event_type == "member.invited"
    secret = str(link(house))
    assert secret not in repr(told) + repr(house.tables.tickets) + repr(letters(house))


def test_the_link_opens_for_seven_days(house: House, me: Actor) -> None:
    invite(house, me)
    week = LIFETIMES[Purpose.INVITATION]
    assert opened(house, link(house), week - timedelta(seconds=1))
    assert opened(house, link(house), week) is None


@pytest.mark.parametrize("state", list(MemberState))
def test_an_address_that_is_a_members_is_not_invited(
    house: House, me: Actor, state: MemberState
) -> None:
    ali = hire(house, "ali", "agent", state=state)
    with pytest.raises(Conflict):
        invite(house, me, ali.email.upper())
    assert letters(house) == []


def test_the_same_id_twice_is_one_invitation(house: House, me: Actor) -> None:
    id, command = house.ids(), Invite("can@ege.example", ("agent",))
    first, second = (inviting(house).invite(id, command, me) for _ in range(2))
    assert first == second
    assert len(letters(house)) == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "\uff43an@ege.example"}, "email"),
        ({"roles": ()}, "roles"),
        ({"roles": ("queen",)}, "roles"),
        ({"teams": (uuid4(),)}, "teams"),
    ],
)
def test_what_cannot_be_is_refused_by_field(
    house: House, me: Actor, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        invite(house, me, **more)
    assert list(refused.value.problems) == [field]
    assert letters(house) == []


# --- again, and withdrawn --------------------------------------------------------------------


def test_inviting_again_kills_the_link_of_before(house: House, me: Actor) -> None:
    guest = invite(house, me)
    first = link(house)
    assert inviting(house).again(guest.id, me) == guest
    second = link(house)
    assert first != second
    assert opened(house, first) is None
    assert opened(house, second)
    assert house.audited() == ["member.invited", "member.invited_again"]


def test_a_withdrawn_invitation_leaves_nobody_and_opens_nothing(house: House, me: Actor) -> None:
    guest, other = invite(house, me), invite(house, me, "ada@ege.example")
    inviting(house).withdraw(guest.id, me)
    assert guest.id not in house.tables.members
    assert opened(house, link(house, 0)) is None
    assert opened(house, link(house, 1)), "another's invitation stands"
    assert other.id in house.tables.members
    told = house.tables.audit[-1]
    assert (told.event_type, told.before["email"]) == ("invitation.withdrawn", guest.email)


@pytest.mark.parametrize("act", ["again", "withdraw"])
def test_who_has_come_is_no_guest_any_more(house: House, me: Actor, act: str) -> None:
    ali = hire(house, "ali", "agent")
    with pytest.raises(Conflict):
        getattr(inviting(house), act)(ali.id, me)
    with pytest.raises(NotFound):
        getattr(inviting(house), act)(uuid4(), me)
    assert house.tables.members[ali.id] == ali


# --- who may ---------------------------------------------------------------------------------


@given(
    holds=st.sets(st.sampled_from(PERMISSIONS)),
    roles=st.sets(st.sampled_from(sorted(BUILT_IN)), min_size=1),
    proven=st.booleans(),
)
def test_nobody_invites_anybody_above_themselves(
    holds: set[str], roles: set[str], proven: bool
) -> None:
    house = House()
    scopes = frozenset(holds | {"members.write"})
    actor = Actor(TENANT, "person", str(UUID(int=1)), scopes, proven_at=NOW if proven else None)
    gives = permissions_of(roles, {})
    if not gives <= scopes:
        with pytest.raises(NotAllowed):
            invite(house, actor, roles=tuple(roles))
    elif not proven and not LEADS_FURTHER.isdisjoint(gives):
        with pytest.raises(ProofNeeded):
            invite(house, actor, roles=tuple(roles))
    else:
        assert invite(house, actor, roles=tuple(roles)).state is MemberState.INVITED
        return
    assert house.tables.members == {}
    assert letters(house) == []


def test_nobody_sends_or_withdraws_an_invitation_to_those_above(house: House, me: Actor) -> None:
    guest = invite(house, me, roles=(OWNER,))
    clerk = replace(me, scopes=frozenset({"members.write"}))
    for act in (inviting(house).again, inviting(house).withdraw):
        with pytest.raises(NotAllowed):
            act(guest.id, clerk)
    assert len(letters(house)) == 1


def test_inviting_needs_the_scope(house: House, me: Actor) -> None:
    guest = invite(house, me)
    reader = replace(me, scopes=frozenset(PERMISSIONS) - {"members.write"})
    acts: list[Callable[[], object]] = [
        lambda: invite(house, reader, "ada@ege.example"),
        lambda: inviting(house).again(guest.id, reader),
        lambda: inviting(house).withdraw(guest.id, reader),
    ]
    for act in acts:
        with pytest.raises(NotAllowed, match=r"members\.write"):
            act()
