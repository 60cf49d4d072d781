"""Roles of the seller's own and its teams."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identity.policy import SecondFactor, SignInPolicy
from core.identity.sso import Connection, Rules, SsoKind
from core.policies.roles import BUILT_IN, OWNER, PERMISSIONS, permissions_of
from core.shared.actor import RECENT, SCOPES, Actor
from core.shared.errors import Conflict, Invalid, NotAllowed, NotFound, ProofNeeded
from core.tenancy.members import MemberState, Role
from core.tenancy.own_roles import SetRole, remove_role, set_role
from core.tenancy.own_teams import add_team, remove_team, rename_team
from tests.core.fakes.house import House
from tests.core.fakes.people import acting, hire, set_up
from tests.core.fakes.world import NOW, TENANT

OWNS = Actor(TENANT, "person", "p", frozenset(PERMISSIONS), proven_at=NOW)
MODEST = Actor(TENANT, "person", "p", frozenset({"members.write"}), proven_at=NOW)


def make(house: House, *permissions: str, seen: int = 0, **more: Any) -> Role:
    given_ = {"name": "packing", "title": "Packing desk", "actor": OWNS, **more}
    command = SetRole(given_["name"], given_["title"], permissions)
    return set_role(command, seen, given_["actor"], works=house.world, now=NOW)


def drop(house: House, name: str = "packing", actor: Actor = OWNS) -> None:
    remove_role(name, actor, works=house.world, now=NOW)


def test_a_role_of_ones_own_permits_what_it_is_made_of(house: House) -> None:
    role = make(house, "inbox.write", "inbox.read")
    assert role == Role("packing", "Packing desk", ("inbox.read", "inbox.write"), NOW, 1)
    own = {"packing": role}
    assert permissions_of(("packing", "auditor"), own) == {
        "inbox.read", "inbox.write", *BUILT_IN["auditor"].permissions,
    }  # fmt: skip
    told = house.tables.audit[-1]
    assert (told.event_type, told.before) == ("role.changed", None)
    assert told.after == {"title": "Packing desk", "permissions": ["inbox.read", "inbox.write"]}


def test_a_change_of_permissions_is_told_with_before_and_after(house: House) -> None:
    make(house, "inbox.read")
    assert make(house, "inbox.read", "agents.read", seen=1).version == 2
    told = house.tables.audit[-1]
    assert told.before["permissions"] == ["inbox.read"]
    assert told.after["permissions"] == ["inbox.read", "agents.read"]


@pytest.mark.parametrize("seen", [0, 2])
def test_nobody_overwrites_a_role_that_they_have_not_seen(house: House, seen: int) -> None:
    make(house, "inbox.read")
    with pytest.raises(Conflict, match="meanwhile"):
        make(house, "agents.read", seen=seen)


@pytest.mark.parametrize(
    ("permissions", "more", "field"),
    [
        ((), {}, "permissions"),
        (("inbox.fly",), {}, "permissions"),
        (("operator",), {}, "permissions"),
        (("directory.write",), {}, "permissions"),
        (("inbox.read",), {"title": " "}, "title"),
        (("inbox.read",), {"name": "Packing"}, "name"),
        (("inbox.read",), {"name": "p"}, "name"),
        *((("inbox.read",), {"name": name}, "name") for name in BUILT_IN),
    ],
)
def test_a_role_that_cannot_be_is_refused_by_field(
    house: House, permissions: tuple[str, ...], more: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        make(house, *permissions, **more)
    assert list(refused.value.problems) == [field]
    assert house.tables.roles == {}


def test_built_in_roles_are_made_of_permissions_that_exist() -> None:
    for role in BUILT_IN.values():
        assert set(role.permissions) <= set(PERMISSIONS) <= SCOPES.keys()
    assert BUILT_IN[OWNER].permissions == PERMISSIONS


@given(
    holds=st.sets(st.sampled_from(PERMISSIONS)),
    had=st.sets(st.sampled_from(PERMISSIONS), min_size=1),
    gets=st.sets(st.sampled_from(PERMISSIONS), min_size=1),
)
def test_nobody_makes_or_changes_a_role_that_may_do_more_than_they(
    holds: set[str], had: set[str], gets: set[str]
) -> None:
    house = House()
    make(house, *had)
    scopes = frozenset(holds | {"members.write"})
    actor = Actor(TENANT, "person", "p", scopes, proven_at=NOW)
    if had | gets <= scopes:
        assert set(make(house, *gets, seen=1, actor=actor).permissions) == gets
    else:
        with pytest.raises(NotAllowed):
            make(house, *gets, seen=1, actor=actor)
        assert set(house.tables.roles["packing"].permissions) == had


def test_a_role_that_leads_further_needs_a_proof(house: House) -> None:
    stale = Actor(TENANT, "person", "p", frozenset(PERMISSIONS), proven_at=NOW - RECENT)
    assert make(house, "inbox.read", actor=stale)
    with pytest.raises(ProofNeeded):
        make(house, "inbox.read", "keys.write", seen=1, actor=stale)


def test_a_role_that_nothing_names_is_removed(house: House) -> None:
    make(house, "inbox.read")
    drop(house)
    assert house.tables.roles == {}
    assert house.audited() == ["role.changed", "role.removed"]
    with pytest.raises(NotFound):
        drop(house)


@pytest.mark.parametrize("state", list(MemberState))
def test_a_role_that_somebody_has_stays(house: House, state: MemberState) -> None:
    make(house, "inbox.read")
    hire(house, "ali", "agent", "packing", state=state)
    with pytest.raises(Conflict, match="members have"):
        drop(house)


def test_a_role_that_the_sign_in_policy_names_stays(house: House) -> None:
    make(house, "inbox.read")
    roles = (OWNER, "packing")
    set_up(house, SignInPolicy(second_factor=SecondFactor.ROLES, second_factor_roles=roles))
    with pytest.raises(Conflict, match="policy"):
        drop(house)


@pytest.mark.parametrize(
    "rules", [Rules(roles=("packing",)), Rules(role_claim="groups", role_map={"desk": "packing"})]
)
def test_a_role_that_single_sign_on_gives_stays(house: House, rules: Rules) -> None:
    make(house, "inbox.read")
    idp = ("https://idp.example", "client")
    given_ = (uuid4(), SsoKind.OIDC, "IdP", True, *idp, {}, b"", rules, NOW, NOW)
    with house.world(TENANT) as work:
        work.sso.add(Connection(*given_))
        work.commit()
    with pytest.raises(Conflict, match="single sign-on"):
        drop(house)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_built_in_role_stays(house: House, name: str) -> None:
    with pytest.raises(Conflict, match="built-in"):
        drop(house, name)


def test_roles_and_teams_need_the_scope(house: House) -> None:
    reader = Actor(TENANT, "person", "p", frozenset(PERMISSIONS) - {"members.write"})
    made = {"works": house.world, "now": NOW}
    for act in (
        lambda: make(house, "inbox.read", actor=reader),
        lambda: drop(house, actor=reader),
        lambda: add_team(uuid4(), "night", reader, **made),
        lambda: rename_team(uuid4(), "night", reader, **made),
        lambda: remove_team(uuid4(), reader, **made),
    ):
        with pytest.raises(NotAllowed, match=r"members\.write"):
            act()


# --- teams -----------------------------------------------------------------------------------


def test_a_team_is_made_renamed_and_removed_and_its_members_stay(house: House) -> None:
    made = {"works": house.world, "now": NOW}
    team = add_team(house.ids(), " night ", MODEST, **made)
    ali = hire(house, "ali", "agent", teams=(team.id,))
    assert rename_team(team.id, "late", MODEST, **made).name == "late"
    remove_team(team.id, MODEST, **made)
    assert house.tables.teams == {}
    assert house.tables.members[ali.id].teams == ()
    told = house.tables.audit
    assert [e.event_type for e in told] == ["team.added", "team.changed", "team.removed"]
    assert (told[1].before, told[1].after) == ({"name": "night"}, {"name": "late"})


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_team_has_a_name(house: House, name: str) -> None:
    with pytest.raises(Invalid, match="name"):
        add_team(house.ids(), name, MODEST, works=house.world, now=NOW)


def test_a_teams_name_is_given_once(house: House) -> None:
    made = {"works": house.world, "now": NOW}
    add_team(house.ids(), "night", MODEST, **made)
    late = add_team(house.ids(), "late", MODEST, **made)
    with pytest.raises(Conflict):
        add_team(house.ids(), "night", MODEST, **made)
    with pytest.raises(Conflict):
        rename_team(late.id, "night", MODEST, **made)


def test_a_team_that_is_not_there_is_not_found(house: House) -> None:
    made = {"works": house.world, "now": NOW + timedelta(days=1)}
    for act in (
        lambda: rename_team(uuid4(), "late", MODEST, **made),
        lambda: remove_team(uuid4(), MODEST, **made),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_member_who_may_write_members_makes_teams(house: House) -> None:
    owner = acting(house, hire(house, "deniz", OWNER))
    assert add_team(house.ids(), "night", owner, works=house.world, now=NOW).name == "night"
