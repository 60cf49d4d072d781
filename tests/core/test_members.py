"""What becomes of members: nobody rises above who lifts them, and no seller loses its owners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identity.policy import SignInPolicy
from core.identity.sessions import Ended, Session
from core.policies.roles import BUILT_IN, OWNER, PERMISSIONS, permissions_of
from core.shared.actor import RECENT, Actor
from core.shared.errors import Conflict, Invalid, NotAllowed, NotFound, ProofNeeded
from core.tenancy.membering import MemberChange, Membering
from core.tenancy.members import Member, MemberState, Role, Team
from core.tenancy.power import LEADS_FURTHER
from tests.core.fakes.house import House
from tests.core.fakes.people import acting, hire, set_up, sign_in
from tests.core.fakes.world import NOW, TENANT

SUSPENDED = MemberState.SUSPENDED
ROLES = st.sets(st.sampled_from(sorted(BUILT_IN)), min_size=1)


def membering(house: House) -> Membering:
    return Membering(house.world, house.clock)


def change(house: House, member: Member, actor: Actor, **wanted: Any) -> Member:
    seen = house.tables.members[member.id].version
    return membering(house).change(member.id, MemberChange(**wanted), seen, actor)


def ended(house: House, session: Session) -> Ended | None:
    with house.world(TENANT) as work:
        found = work.sessions.get(session.id)
    assert found
    return found.ended_why


# --- changing --------------------------------------------------------------------------------


def test_what_is_left_out_stays_and_the_change_is_told_with_before_and_after(house: House) -> None:
    owner, ali = hire(house, "deniz", OWNER), hire(house, "ali", "agent")
    after = change(house, ali, acting(house, owner), roles=("supervisor", "agent"))
    assert (after.name, after.roles, after.version) == ("Ali", ("supervisor", "agent"), 2)
    assert house.tables.members[ali.id] == after
    told = house.tables.audit[-1]
    assert (told.event_type, told.resource_id) == ("member.changed", str(ali.id))
    assert (told.before["roles"], told.after["roles"]) == (["agent"], ["supervisor", "agent"])


def test_a_change_that_changes_nothing_is_none(house: House) -> None:
    owner, ali = hire(house, "deniz", OWNER), hire(house, "ali", "agent")
    assert change(house, ali, acting(house, owner), name="Ali", roles=("agent",)) == ali
    assert house.audited() == []


def test_nobody_overwrites_what_they_have_not_seen(house: House) -> None:
    owner, ali = hire(house, "deniz", OWNER), hire(house, "ali", "agent")
    act = acting(house, owner)
    change(house, ali, act, name="Ali Can")
    with pytest.raises(Conflict, match="meanwhile"):
        membering(house).change(ali.id, MemberChange(name="Ali Cem"), ali.version, act)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"name": "  "}, "name"),
        ({"roles": ()}, "roles"),
        ({"roles": ("queen",)}, "roles"),
        ({"teams": (uuid4(),)}, "teams"),
    ],
)
def test_what_cannot_be_is_refused_by_field(
    house: House, wanted: dict[str, Any], field: str
) -> None:
    owner, ali = hire(house, "deniz", OWNER), hire(house, "ali", "agent")
    with pytest.raises(Invalid) as refused:
        change(house, ali, acting(house, owner), **wanted)
    assert list(refused.value.problems) == [field]


def test_members_are_put_into_teams(house: House) -> None:
    owner, ali = hire(house, "deniz", OWNER), hire(house, "ali", "agent")
    night = Team(house.ids(), "night", NOW)
    house.tables.teams[night.id] = night
    assert change(house, ali, acting(house, owner), teams=(night.id,)).teams == (night.id,)


# --- nobody gives what they do not hold ------------------------------------------------------


@given(giver=ROLES, had=ROLES, gets=ROLES)
def test_a_change_of_roles_passes_exactly_where_the_giver_holds_it_all(
    giver: set[str], had: set[str], gets: set[str]
) -> None:
    house = House()
    hire(house, "first", OWNER)
    hire(house, "second", OWNER)
    ali, boss = hire(house, "ali", *sorted(had)), hire(house, "boss", *sorted(giver))
    actor = acting(house, boss)
    actor = Actor(TENANT, "person", actor.id, actor.scopes | {"members.write"}, proven_at=NOW)
    above = permissions_of(had, {}) - actor.scopes
    beyond = permissions_of(gets - had, {}) - actor.scopes
    if above or beyond:
        with pytest.raises(NotAllowed):
            change(house, ali, actor, roles=tuple(sorted(gets)))
        assert house.tables.members[ali.id] == ali
    else:
        assert set(change(house, ali, actor, roles=tuple(sorted(gets))).roles) == gets


def test_a_role_of_ones_own_gives_no_more_than_the_built_in_ones(house: House) -> None:
    house.tables.roles["clerk"] = Role("clerk", "Clerk", ("members.write", "members.read"))
    house.tables.roles["keyholder"] = Role("keyholder", "Keys", ("keys.write",))
    clerk, ali = hire(house, "clerk", "clerk"), hire(house, "ali", "clerk")
    with pytest.raises(NotAllowed, match=r"keys\.write"):
        change(house, ali, acting(house, clerk), roles=("clerk", "keyholder"))


@pytest.mark.parametrize("act", ["suspend", "remove"])
def test_nobody_disposes_of_those_above(house: House, act: str) -> None:
    hire(house, "first", OWNER)
    owner, clerk = hire(house, "deniz", OWNER), hire(house, "clerk", "agent")
    actor = acting(house, clerk)
    actor = Actor(TENANT, "person", actor.id, actor.scopes | {"members.write"}, proven_at=NOW)
    with pytest.raises(NotAllowed, match="may do more"):
        getattr(membering(house), act)(owner.id, actor)
    with pytest.raises(NotAllowed, match="may do more"):
        change(house, owner, actor, name="Nobody")
    assert house.tables.members[owner.id] == owner


@pytest.mark.parametrize("role", sorted(BUILT_IN))
def test_what_leads_further_is_given_only_after_a_proof(house: House, role: str) -> None:
    owner, ali = hire(house, "deniz", OWNER), hire(house, "ali", "auditor")
    stale = acting(house, owner, proven_at=NOW - RECENT)
    leads = not LEADS_FURTHER.isdisjoint(BUILT_IN[role].permissions)
    if leads:
        with pytest.raises(ProofNeeded):
            change(house, ali, stale, roles=("auditor", role))
    assert change(house, ali, acting(house, owner), roles=("auditor", role))
    assert leads == (role in (OWNER, "developer"))


def test_what_somebody_has_already_is_not_given_to_them(house: House) -> None:
    owner, other = hire(house, "deniz", OWNER), hire(house, "can", OWNER)
    stale = acting(house, owner, proven_at=None)
    assert change(house, other, stale, roles=(OWNER, "agent")).roles == (OWNER, "agent")


def test_members_need_the_scope(house: House) -> None:
    ali = hire(house, "ali", "agent")
    reader = Actor(TENANT, "person", "p", frozenset(PERMISSIONS) - {"members.write"})
    acts: list[Callable[[], object]] = [
        lambda: change(house, ali, reader, name="x"),
        lambda: membering(house).suspend(ali.id, reader),
        lambda: membering(house).reactivate(ali.id, reader),
        lambda: membering(house).remove(ali.id, reader),
    ]
    for act in acts:
        with pytest.raises(NotAllowed, match=r"members\.write"):
            act()


def test_who_is_no_member_is_not_found(house: House) -> None:
    actor, nobody = acting(house, hire(house, "deniz", OWNER)), uuid4()
    acts: list[Callable[[], object]] = [
        lambda: membering(house).change(nobody, MemberChange(name="x"), 1, actor),
        lambda: membering(house).suspend(nobody, actor),
        lambda: membering(house).reactivate(nobody, actor),
        lambda: membering(house).remove(nobody, actor),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()


# --- suspended, let in again, removed --------------------------------------------------------


def test_who_is_suspended_is_out_in_the_same_moment(house: House) -> None:
    owner, ali = hire(house, "deniz", OWNER), hire(house, "ali", "agent")
    his, hers = [sign_in(house, ali) for _ in range(2)], sign_in(house, owner)
    after = membering(house).suspend(ali.id, acting(house, owner))
    assert after.state is SUSPENDED
    assert [ended(house, s) for s in his] == [Ended.MEMBERSHIP] * 2
    assert ended(house, hers) is None
    assert house.audited() == ["member.suspended"]


def test_who_is_let_in_again_has_the_roles_of_before_and_signs_in_anew(house: House) -> None:
    owner, ali = hire(house, "deniz", OWNER), hire(house, "ali", "agent")
    session, act = sign_in(house, ali), acting(house, owner)
    membering(house).suspend(ali.id, act)
    back = membering(house).reactivate(ali.id, act)
    assert (back.state, back.roles) == (MemberState.ACTIVE, ("agent",))
    assert ended(house, session) is Ended.MEMBERSHIP
    assert house.audited() == ["member.suspended", "member.reactivated"]


def test_letting_somebody_in_again_gives_their_roles_anew(house: House) -> None:
    owner = hire(house, "deniz", OWNER)
    other = hire(house, "can", OWNER, state=SUSPENDED)
    with pytest.raises(ProofNeeded):
        membering(house).reactivate(other.id, acting(house, owner, proven_at=None))


def test_whoever_is_removed_is_out_and_gone(house: House) -> None:
    owner, ali = hire(house, "deniz", OWNER), hire(house, "ali", "agent")
    session = sign_in(house, ali)
    membering(house).remove(ali.id, acting(house, owner))
    assert ali.id not in house.tables.members
    assert ended(house, session) is Ended.MEMBERSHIP
    told = house.tables.audit[-1]
    assert (told.event_type, told.before["email"]) == ("member.removed", ali.email)


@pytest.mark.parametrize("act", ["suspend", "reactivate", "remove"])
def test_an_invitation_is_withdrawn_and_nothing_else(house: House, act: str) -> None:
    owner = hire(house, "deniz", OWNER)
    guest = hire(house, "guest", "agent", state=MemberState.INVITED)
    with pytest.raises(Conflict, match="withdrawn"):
        getattr(membering(house), act)(guest.id, acting(house, owner))


# --- the last owner --------------------------------------------------------------------------


def _lose(house: House, how: str, owner: Member, actor: Actor) -> object:
    if how == "demote":
        return change(house, owner, actor, roles=("agent",))
    return getattr(membering(house), how)(owner.id, actor)


@pytest.mark.parametrize("how", ["demote", "suspend", "remove"])
def test_the_last_active_owner_stays_one(house: House, how: str) -> None:
    owner = hire(house, "deniz", OWNER)
    hire(house, "away", OWNER, state=SUSPENDED)
    hire(house, "guest", OWNER, state=MemberState.INVITED)
    with pytest.raises(Conflict, match="last active owner"):
        _lose(house, how, owner, acting(house, owner))
    assert house.tables.members[owner.id] == owner


@pytest.mark.parametrize("how", ["demote", "suspend", "remove"])
def test_an_owner_may_go_where_another_one_stays(house: House, how: str) -> None:
    owner, other = hire(house, "deniz", OWNER), hire(house, "can", OWNER)
    _lose(house, how, other, acting(house, owner))
    with pytest.raises(Conflict):
        _lose(house, how, owner, acting(house, owner))


@pytest.mark.parametrize("how", ["demote", "suspend", "remove"])
def test_the_break_glass_owner_stays_while_sso_alone_opens_the_door(house: House, how: str) -> None:
    owner, glass = hire(house, "deniz", OWNER), hire(house, "glass", OWNER)
    set_up(house, SignInPolicy(local=False, break_glass=glass.id))
    with pytest.raises(Conflict, match="break glass"):
        _lose(house, how, glass, acting(house, owner))
    set_up(house, SignInPolicy(break_glass=glass.id))
    _lose(house, how, glass, acting(house, owner))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["demote", "suspend", "remove", "promote", "reactivate"]),
            st.integers(0, 3),
            st.integers(0, 3),
        ),
        max_size=25,
    )
)
def test_whatever_owners_do_to_each_other_one_is_left(acts: list[tuple[str, int, int]]) -> None:
    house = House()
    people = [hire(house, f"p{n}", OWNER) for n in range(4)]
    for how, by, to in acts:
        author, target = (house.tables.members.get(people[n].id) for n in (by, to))
        if author is None or target is None or author.state is SUSPENDED:
            continue
        house.clock.forward(seconds=1)
        actor = acting(house, author, proven_at=house.clock.now())
        try:
            if how == "promote":
                change(house, target, actor, roles=(OWNER,))
            else:
                _lose(house, how, target, actor)
        except (Conflict, NotAllowed):
            pass
        left = [m for m in house.tables.members.values() if OWNER in m.roles]
        assert any(m.state is MemberState.ACTIVE for m in left)
