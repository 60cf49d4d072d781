"""A seller's directory before a house of fakes."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID, uuid4

from core.identity.means import Means
from core.identity.provisioned_groups import FiledGroup, Group, Groups
from core.identity.provisioning import Filed, Provisioning
from core.identity.sessions import Session
from core.identity.sso import Connection, Rules, SsoKind
from core.shared.actor import Actor
from core.tenancy.members import Member, Team
from tests.core.fakes.house import House
from tests.core.fakes.world import NOW, TENANT

_UNUSED = cast(Any, None)


class Directory:
    """Says who works for the seller, by a key that may do nothing else."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.actor = Actor(TENANT, "api_key", "directory", frozenset({"directory.write"}))
        means = Means(
            house.world,
            *[_UNUSED] * 5,
            house.vault,
            house.clock,
            house.ids,
            lambda count: b"r" * count,
            "https://house.example",
        )
        self.people, self.groups = Provisioning(means), Groups(means)

    def create(self, who: str, /, **more: Any) -> Member:
        return self.people.create(self.house.ids(), filed(who, **more), self.actor)

    def change(self, member: Member, **more: Any) -> Member:
        """What is left out stays."""
        stands = self.house.tables.members[member.id]
        given = {
            "user_name": stands.user_name or stands.email,
            "email": stands.email,
            "name": stands.name,
            "given_name": stands.given_name,
            "family_name": stands.family_name,
            "external_id": stands.external_id,
            "active": stands.state == "active",
        }
        return self.people.change(member.id, Filed(**{**given, **more}), stands.version, self.actor)

    def remove(self, member: Member) -> None:
        self.people.remove(member.id, None, self.actor)

    def group(self, name: str, *members: Member) -> Group:
        return self.groups.create(self.house.ids(), wanted(name, *members), self.actor)

    def fill(self, group: Group, *members: Member, name: str = "", said: Any = None) -> Group:
        """Let these be in it; `said` are those whom the request names, all of them by default."""
        named = [m.id for m in (members if said is None else said)]
        filling = wanted(name or group.team.name, *members)
        return self.groups.change(group.team.id, filling, named, None, self.actor)

    def connects(self, **rules: Any) -> Connection:
        """The seller's single sign-on, with its rules."""
        id = uuid4()
        made = Connection(
            id, SsoKind.OIDC, "Giriş", True, "https://id.example", "c", {}, b"", Rules(**rules),
            NOW, NOW,
        )  # fmt: skip
        self.house.tables.connections[id] = made
        return made


def filed(who: str, /, **more: Any) -> Filed:
    address = f"{who}@deniz.example"
    return Filed(**{"user_name": address, "email": address, "name": who.title(), **more})


def wanted(name: str, *members: Member) -> FiledGroup:
    return FiledGroup(name, None, frozenset(m.id for m in members))


def signed_in(house: House, person: UUID) -> Session:
    session = Session(house.ids(), person, uuid4(), ("password",), NOW, NOW, b"digest")
    house.tables.sessions[session.id] = session
    return session


def team(house: House, name: str) -> Team:
    made = Team(house.ids(), name, NOW)
    house.tables.teams[made.id] = made
    return made
