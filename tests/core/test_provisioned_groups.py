"""A directory's groups are teams, and some of them give a role."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core.identity.provisioned_groups import FiledGroup
from core.identity.provisioning import Taken
from core.policies.roles import OWNER
from core.shared.errors import Conflict, Invalid, NotFound
from core.tenancy.members import Member, MemberState
from tests.core.fakes.directory import Directory, team, wanted
from tests.core.fakes.house import House
from tests.core.fakes.people import hire


@pytest.fixture
def directory(house: House) -> Directory:
    made = Directory(house)
    made.connects(role_claim="groups", role_map={"leads": "supervisor", "chiefs": "supervisor",
                                                 "bosses": OWNER, "books": "auditor"})  # fmt: skip
    return made


def roles(house: House, member: Member) -> tuple[str, ...]:
    return house.tables.members[member.id].roles


def test_a_group_is_a_team_and_its_members_are_in_it(house: House, directory: Directory) -> None:
    ali, veli = directory.create("ali"), directory.create("veli")
    group = directory.group("Gece", ali)
    assert house.tables.teams[group.team.id].name == "Gece"
    assert house.tables.members[ali.id].teams == (group.team.id,)
    after = directory.fill(group, veli)
    assert list(after.members) == [veli.id]
    assert house.tables.members[ali.id].teams == ()
    assert house.audited()[2:] == [
        "team.added",
        "member.changed",
        "member.changed",
        "member.changed",
    ]


def test_a_team_of_the_sellers_is_a_group(house: House, directory: Directory) -> None:
    night = team(house, "Gece")
    ali = hire(house, "ali", "agent", teams=(night.id,))
    [group] = directory.groups.all(directory.actor)
    assert (group.team, list(group.members)) == (night, [ali.id])
    assert directory.groups.get(night.id, directory.actor) == group


def test_a_mapped_group_gives_its_role_instead_of_the_usual_one_and_takes_it_back(
    house: House, directory: Directory
) -> None:
    ali = directory.create("ali")
    group = directory.group("leads", ali)
    assert roles(house, ali) == ("supervisor",)
    directory.fill(group)
    assert roles(house, ali) == ("agent",)


def test_a_role_stays_while_another_group_gives_it(house: House, directory: Directory) -> None:
    ali = directory.create("ali")
    leads, chiefs = directory.group("leads", ali), directory.group("chiefs", ali)
    directory.fill(leads)
    assert roles(house, ali) == ("supervisor",)
    directory.groups.remove(chiefs.team.id, None, directory.actor)
    assert roles(house, ali) == ("agent",)


def test_roles_that_somebody_gave_by_hand_stay(house: House, directory: Directory) -> None:
    ali = hire(house, "ali", "developer", "agent", managed=True)
    group = directory.group("books", ali)
    assert roles(house, ali) == ("developer", "auditor")
    directory.fill(group)
    assert roles(house, ali) == ("developer",)


def test_a_second_group_takes_nothing_away(house: House, directory: Directory) -> None:
    ali = hire(house, "ali", "supervisor", "agent", managed=True)
    directory.group("books", ali)
    assert roles(house, ali) == ("supervisor", "agent", "auditor")


def test_no_group_makes_an_owner_or_unmakes_one(house: House, directory: Directory) -> None:
    ali, owner = directory.create("ali"), hire(house, "deniz", OWNER)
    bosses = directory.group("bosses", ali, owner)
    assert (roles(house, ali), roles(house, owner)) == (("agent",), (OWNER,))
    directory.fill(bosses)
    assert roles(house, owner) == (OWNER,)


def test_whom_the_directory_does_not_manage_it_gives_no_role(
    house: House, directory: Directory
) -> None:
    ali = hire(house, "ali", "auditor")
    group = directory.group("leads", ali)
    assert roles(house, ali) == ("auditor",)
    assert house.tables.members[ali.id].teams == (group.team.id,)


def test_whom_a_colleague_put_into_the_team_gets_the_role_when_the_directory_says_so(
    house: House, directory: Directory
) -> None:
    """Putting somebody into a team needs less than giving a role."""
    leads = team(house, "leads")
    ali = hire(house, "ali", "agent", managed=True, teams=(leads.id,))
    veli = directory.create("veli")
    group = directory.groups.get(leads.id, directory.actor)
    directory.fill(group, ali, veli, said=[veli])
    assert (roles(house, ali), roles(house, veli)) == (("agent",), ("supervisor",))
    directory.fill(group, ali, veli, said=[ali])
    assert roles(house, ali) == ("supervisor",)


def test_a_new_name_gives_another_role(house: House, directory: Directory) -> None:
    ali = directory.create("ali")
    group = directory.group("leads", ali)
    directory.fill(group, ali, name="books")
    assert roles(house, ali) == ("auditor",)
    directory.fill(group, ali, name="readers")
    assert roles(house, ali) == ("agent",)


def test_members_stay_when_their_group_goes(house: House, directory: Directory) -> None:
    ali = directory.create("ali")
    group = directory.group("leads", ali)
    directory.groups.remove(group.team.id, None, directory.actor)
    assert (house.tables.members[ali.id].teams, roles(house, ali)) == ((), ("agent",))
    with pytest.raises(NotFound):
        directory.groups.get(group.team.id, directory.actor)


def test_who_was_invited_stays_in_the_team_unseen(house: House, directory: Directory) -> None:
    leads = team(house, "leads")
    guest = hire(house, "guest", "agent", state=MemberState.INVITED, teams=(leads.id,))
    group = directory.groups.get(leads.id, directory.actor)
    assert list(group.members) == []
    directory.fill(group)
    assert house.tables.members[guest.id].teams == (leads.id,)
    with pytest.raises(Invalid):
        directory.fill(group, guest)


def test_names_are_given_once(directory: Directory) -> None:
    first, other = directory.group("Gece"), directory.group("Gündüz")
    with pytest.raises(Taken):
        directory.group("Gece")
    with pytest.raises(Taken):
        directory.fill(other, name="Gece")
    same = FiledGroup("Üçüncü", "g-1", frozenset())
    directory.groups.create(uuid4(), same, directory.actor)
    with pytest.raises(Taken):
        directory.groups.change(first.team.id, same, (), None, directory.actor)


@pytest.mark.parametrize("name", ["", "g" * 257])
def test_a_group_has_a_name_of_some_length(directory: Directory, name: str) -> None:
    with pytest.raises(Invalid):
        directory.group(name)


def test_nobody_overwrites_a_group_that_they_have_not_seen(directory: Directory) -> None:
    ali = directory.create("ali")
    group = directory.group("Gece")
    directory.fill(group, ali)
    with pytest.raises(Conflict, match="meanwhile"):
        directory.groups.change(group.team.id, wanted("Gece"), (), group.mark, directory.actor)
    with pytest.raises(Conflict, match="meanwhile"):
        directory.groups.remove(group.team.id, group.mark, directory.actor)
