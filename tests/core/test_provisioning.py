"""A seller's directory: who it lets in, whom it takes out, and what it can give nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identity.provisioning import Taken
from core.identity.sessions import Ended
from core.identity.tickets import Purpose, Ticket
from core.policies.roles import OWNER, PERMISSIONS, permissions_of
from core.shared.actor import RECENT, SCOPES, Actor
from core.shared.errors import Conflict, Invalid, NotAllowed, NotFound
from core.tenancy.members import Member, MemberState, Role
from core.tenancy.tenant import TenantKind
from tests.core.fakes.directory import Directory, filed, signed_in
from tests.core.fakes.house import House
from tests.core.fakes.people import hire
from tests.core.fakes.world import NOW

SUSPENDED, INVITED = MemberState.SUSPENDED, MemberState.INVITED


@pytest.fixture
def directory(house: House) -> Directory:
    return Directory(house)


# --- who is let in ---------------------------------------------------------------------------


def test_whoever_is_provisioned_is_an_agent_whom_the_directory_manages(
    house: House, directory: Directory
) -> None:
    ali = directory.create("ali", external_id="e-1", given_name="Ali", family_name="Can")
    assert (ali.state, ali.roles, ali.managed) == (MemberState.ACTIVE, ("agent",), True)
    assert (ali.external_id, ali.user_name) == ("e-1", "ali@deniz.example")
    assert house.audited() == ["member.provisioned"]


def test_their_account_claims_no_address(house: House, directory: Directory) -> None:
    ali = directory.create("ali")
    own = house.world.tables(ali.id)
    assert own.tenant["self"].kind is TenantKind.PERSON
    [account] = own.account.values()
    assert (account.email, account.email_verified_at) == (ali.email, None)
    assert house.world.emails == {}


def test_the_rules_of_single_sign_on_say_what_the_provisioned_become(directory: Directory) -> None:
    directory.connects(roles=("auditor", OWNER, "gone"))
    assert directory.create("ali").roles == ("auditor",)


def test_names_and_addresses_are_kept_as_they_are_compared(directory: Directory) -> None:
    ali = directory.create("ali", user_name="ALI", email=" Ali@Deniz.example ", name="")
    assert (ali.user_name, ali.email, ali.name) == ("ali", "ali@deniz.example", "ali")


@pytest.mark.parametrize(
    "same",
    [
        {"user_name": "else", "email": "ALI@deniz.example"},
        {"user_name": "ALI@deniz.example"},
        {"external_id": "e-1"},
    ],
)
def test_nobody_is_a_member_twice(directory: Directory, same: dict[str, str]) -> None:
    directory.create("ali", external_id="e-1")
    with pytest.raises(Taken):
        directory.create("veli", **same)
    veli = directory.create("veli")
    with pytest.raises(Taken):
        directory.change(veli, **same)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"user_name": ""}, "user_name"),
        ({"name": "a" * 201}, "name"),
        ({"external_id": "e" * 256}, "external_id"),
    ],
)
def test_what_cannot_be_is_refused_by_field(
    directory: Directory, wrong: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        directory.create("ali", **wrong)
    assert list(refused.value.problems) == [field]


def test_who_was_invited_has_come_and_the_link_opens_nothing(
    house: House, directory: Directory
) -> None:
    guest = hire(house, "guest", "supervisor", state=INVITED)
    data = {"member": str(guest.id)}
    link = Ticket(uuid4(), Purpose.INVITATION, b"", data, NOW, NOW + RECENT)
    house.tables.tickets[link.id] = link
    came = directory.create("guest")
    assert (came.id, came.state, came.roles) == (guest.id, MemberState.ACTIVE, ("supervisor",))
    assert house.tables.tickets[link.id].expires_at <= NOW
    assert house.audited() == ["member.joined"]


def test_an_invited_owner_stays_one_whom_no_directory_manages(
    house: House, directory: Directory
) -> None:
    hire(house, "guest", OWNER, state=INVITED)
    came = directory.create("guest")
    assert (came.roles, came.managed) == ((OWNER,), False)


def test_who_was_invited_and_has_not_come_is_not_on_the_roll(
    house: House, directory: Directory
) -> None:
    guest, ali = hire(house, "guest", "agent", state=INVITED), directory.create("ali")
    assert [m.id for m in directory.people.roll(directory.actor).members] == [ali.id]
    with pytest.raises(NotFound):
        directory.change(guest, active=False)


# --- who is taken out ------------------------------------------------------------------------


def test_who_is_no_longer_active_is_out_in_the_same_moment(
    house: House, directory: Directory
) -> None:
    ali, veli = directory.create("ali"), directory.create("veli")
    his, other = [signed_in(house, ali.id) for _ in range(3)], signed_in(house, veli.id)
    after = directory.change(ali, active=False)
    assert after.state is SUSPENDED
    sessions = house.tables.sessions
    assert {sessions[s.id].ended_why for s in his} == {Ended.PROVIDER}
    assert sessions[other.id].ended_at is None
    told = house.tables.audit[-1]
    assert (told.event_type, told.actor) == ("member.suspended", directory.actor)
    assert (told.before["state"], told.after["state"]) == ("active", "suspended")


def test_who_is_removed_is_out_and_gone(house: House, directory: Directory) -> None:
    ali = directory.create("ali")
    session = signed_in(house, ali.id)
    directory.remove(ali)
    assert ali.id not in house.tables.members
    assert house.tables.sessions[session.id].ended_why is Ended.PROVIDER
    assert house.audited() == ["member.provisioned", "member.removed"]


def test_a_change_that_changes_nothing_is_none(house: House, directory: Directory) -> None:
    ali = directory.create("ali")
    assert directory.change(ali) == ali
    assert house.audited() == ["member.provisioned"]


def test_nobody_overwrites_what_they_have_not_seen(directory: Directory) -> None:
    ali = directory.create("ali")
    directory.change(ali, name="Ali Can")
    with pytest.raises(Conflict, match="meanwhile"):
        directory.people.change(ali.id, filed("ali"), ali.version, directory.actor)
    with pytest.raises(Conflict, match="meanwhile"):
        directory.people.remove(ali.id, ali.version, directory.actor)


@pytest.mark.parametrize("how", ["suspend", "remove"])
def test_the_last_owner_stays(house: House, directory: Directory, how: str) -> None:
    owner = hire(house, "deniz", OWNER)
    act: Callable[[], object] = (
        (lambda: directory.change(owner, active=False))
        if how == "suspend"
        else (lambda: directory.remove(owner))
    )
    with pytest.raises(Conflict, match="last active owner"):
        act()
    hire(house, "can", OWNER)
    act()


# --- what a directory can give nobody --------------------------------------------------------


def test_an_owner_who_comes_back_is_none(house: House, directory: Directory) -> None:
    hire(house, "can", OWNER)
    owner = hire(house, "deniz", OWNER, "supervisor")
    directory.change(owner, active=False)
    back = directory.change(owner, active=True)
    assert (back.state, back.roles) == (MemberState.ACTIVE, ("agent",))
    assert house.audited() == ["member.suspended", "member.reactivated"]


def test_an_owner_who_comes_back_is_none_even_where_another_role_may_as_much(
    house: House, directory: Directory
) -> None:
    house.tables.roles["boss"] = Role("boss", "Boss", PERMISSIONS)
    directory.connects(role_claim="groups", role_map={"bosses": "boss"})
    away = hire(house, "deniz", OWNER, state=SUSPENDED)
    assert directory.change(away, active=True).roles == ("agent",)


def test_who_comes_back_has_the_former_roles_that_the_directory_could_give(
    house: House, directory: Directory
) -> None:
    directory.connects(role_claim="groups", role_map={"leads": "supervisor"})
    ali = hire(house, "ali", "auditor", "developer", "agent", state=SUSPENDED)
    assert directory.change(ali, active=True).roles == ("auditor", "agent")


def test_whoever_may_more_than_it_gives_keeps_their_address(
    house: House, directory: Directory
) -> None:
    """Or a directory's key would be worth an owner's: by the address they are known to single
    sign-on."""
    owner, boss = hire(house, "deniz", OWNER), hire(house, "boss", "supervisor")
    ali = hire(house, "ali", "agent")
    for member in (owner, boss):
        with pytest.raises(NotAllowed, match="address"):
            directory.change(member, email="thief@deniz.example")
        assert directory.change(member, name="Deniz").email == member.email
    assert directory.change(ali, email="ali.can@deniz.example").email == "ali.can@deniz.example"


def test_an_owner_is_not_managed_by_it(house: House, directory: Directory) -> None:
    owner, ali = hire(house, "deniz", OWNER), hire(house, "ali", "agent")
    assert not directory.change(owner, external_id="e-1").managed
    assert directory.change(ali, external_id="e-2").managed


def test_everything_needs_the_scope(house: House, directory: Directory) -> None:
    ali = directory.create("ali")
    group = directory.group("Gece", ali)
    directory.actor = Actor(
        directory.actor.tenant, "person", "p", frozenset(SCOPES) - {"directory.write"}
    )
    acts: list[Callable[[], object]] = [
        lambda: directory.people.roll(directory.actor),
        lambda: directory.create("veli"),
        lambda: directory.change(ali, active=False),
        lambda: directory.remove(ali),
        lambda: directory.groups.all(directory.actor),
        lambda: directory.groups.get(group.team.id, directory.actor),
        lambda: directory.group("Gündüz"),
        lambda: directory.fill(group),
        lambda: directory.groups.remove(group.team.id, None, directory.actor),
    ]
    for act in acts:
        with pytest.raises(NotAllowed, match=r"directory\.write"):
            act()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["off", "on", "remove", "group", "empty", "rename", "create"]),
            st.integers(0, 3),
        ),
        max_size=20,
    )
)
def test_whatever_a_directory_does_nobody_rises_above_what_it_gives(
    acts: list[tuple[str, int]],
) -> None:
    house = House()
    directory = Directory(house)
    directory.connects(
        role_claim="groups", role_map={"leads": "supervisor", "bosses": OWNER, "devs": "developer"}
    )
    people = [
        hire(house, f"p{n}", role) for n, role in enumerate([OWNER, OWNER, "agent", "auditor"])
    ]
    group = directory.group("leads")
    names = iter("abcdefghijklmnopqrstuvwxyz")
    gives = permissions_of(["agent", "supervisor", "developer"], {})
    had = {m.id: permissions_of(m.roles, {}) for m in people}
    for act, n in acts:
        try:
            _do(act, people[n], directory, group, next(names))
        except (Conflict, NotFound, Invalid):
            continue
        for member in house.tables.members.values():
            now = permissions_of(member.roles, {})
            assert now <= had.get(member.id, frozenset()) | gives
            assert OWNER not in member.roles or member.id in {p.id for p in people[:2]}
    active = [m for m in house.tables.members.values() if m.state is MemberState.ACTIVE]
    assert any(OWNER in m.roles for m in active)


def _do(act: str, person: Member, directory: Directory, group: object, name: str) -> None:
    stands = directory.house.tables.members.get(person.id)
    if act == "create":
        directory.create(f"new{name}")
    elif stands is None:
        return
    elif act in ("off", "on"):
        directory.change(person, active=act == "on")
    elif act == "remove":
        directory.remove(person)
    elif act == "rename":
        directory.fill(group, person, name=f"{name}-bosses")  # type: ignore[arg-type]
        directory.fill(group, person, name="bosses")  # type: ignore[arg-type]
    else:
        directory.fill(group, *([person] if act == "group" else []))  # type: ignore[arg-type]


def test_a_role_that_is_gone_is_given_to_nobody(house: House, directory: Directory) -> None:
    gives = {"roles": ("agent", "clerk"), "role_map": {"leads": "clerk"}}
    directory.connects(role_claim="groups", **gives)
    ali = directory.create("ali")
    directory.group("leads", ali)
    assert house.tables.members[ali.id].roles == ("agent",)


def test_a_connection_that_is_off_gives_nothing(house: House, directory: Directory) -> None:
    made = directory.connects(
        roles=("auditor",), role_claim="groups", role_map={"leads": "supervisor"}
    )
    house.tables.connections[made.id] = replace(made, enabled=False)
    ali = directory.create("ali")
    directory.group("leads", ali)
    assert house.tables.members[ali.id].roles == ("agent",)
