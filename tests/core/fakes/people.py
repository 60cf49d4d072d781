"""The stores of a seller's people: members, roles and teams; and people to fill them with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from core.identity.policy import KeptPolicy, SecondFactor, SignInPolicy
from core.identity.sessions import Session
from core.policies.roles import OWNER, permissions_of
from core.shared.actor import Actor
from core.shared.errors import Conflict
from core.shared.paging import Slice
from core.tenancy.members import Member, MemberFilter, MemberState, Role, Team
from tests.core.fakes.house import House
from tests.core.fakes.stores import Store, page
from tests.core.fakes.world import NOW, TENANT


class Members(Store):
    def get(self, id: UUID, *, lock: bool = False) -> Member | None:
        return self.t.members.get(id)

    def by_email(self, email: str) -> Member | None:
        return next((m for m in self.t.members.values() if m.email == email), None)

    def by_external_id(self, external_id: str) -> Member | None:
        found = (m for m in self.t.members.values() if m.external_id == external_id)
        return next(found, None)

    def by_user_name(self, user_name: str) -> Member | None:
        return next((m for m in self.t.members.values() if m.user_name == user_name), None)

    def list(self, only: MemberFilter, *, cursor: str | None, limit: int) -> Slice[Member]:
        rows = sorted(self.t.members.values(), key=lambda m: m.email)
        return page([m for m in rows if _fits(m, only)], cursor, limit)

    def with_role(self, role: str) -> Sequence[Member]:
        rows = sorted(self.t.members.values(), key=lambda m: m.id)
        return [m for m in rows if m.state is MemberState.ACTIVE and role in m.roles]

    def add(self, member: Member) -> None:
        if member.id in self.t.members or self.by_email(member.email):
            raise Conflict("this is a member already")
        self.t.members[member.id] = member

    def save(self, member: Member) -> None:
        if self.t.members[member.id].version != member.version - 1:
            raise Conflict("the member was changed meanwhile")
        self.t.members[member.id] = member

    def seen(self, id: UUID, now: datetime, *, protected: bool) -> bool:
        member = self.t.members.get(id)
        if member is None or member.state is not MemberState.ACTIVE:
            return False
        protected_at = now if protected else member.protected_at
        self.t.members[id] = replace(member, last_seen_at=now, protected_at=protected_at)
        return True

    def remove(self, id: UUID) -> bool:
        for key in [k for k, link in self.t.links.items() if link.person == id]:
            del self.t.links[key]
        return self.t.members.pop(id, None) is not None


class Roles(Store):
    def all(self) -> Mapping[str, Role]:
        return dict(self.t.roles)

    def save(self, role: Role) -> None:
        before = self.t.roles.get(role.name)
        if (before.version if before else 0) != role.version - 1:
            raise Conflict("the role was changed meanwhile")
        self.t.roles[role.name] = role

    def remove(self, name: str) -> bool:
        return self.t.roles.pop(name, None) is not None


class Teams(Store):
    def all(self) -> Sequence[Team]:
        return sorted(self.t.teams.values(), key=lambda t: t.name)

    def add(self, team: Team) -> None:
        self._check_name(team)
        self.t.teams[team.id] = team

    def save(self, team: Team) -> None:
        self._check_name(team)
        self.t.teams[team.id] = team

    def remove(self, id: UUID) -> bool:
        for member in list(self.t.members.values()):
            left = tuple(t for t in member.teams if t != id)
            self.t.members[member.id] = replace(member, teams=left)
        return self.t.teams.pop(id, None) is not None

    def _check_name(self, team: Team) -> None:
        if any(t.name == team.name and t.id != team.id for t in self.t.teams.values()):
            raise Conflict("there is a team of this name")


def _fits(member: Member, only: MemberFilter) -> bool:
    return (
        only.state in (None, member.state)
        and (only.role is None or only.role in member.roles)
        and (only.team is None or only.team in member.teams)
        and (only.text is None or only.text in f"{member.name.lower()} {member.email}")
    )


STORES: dict[str, Any] = {"members": Members, "roles": Roles, "teams": Teams}


# --- short words for tests -------------------------------------------------------------------


def hire(house: House, name: str, *roles: str, **more: Any) -> Member:
    """A member, active unless `more` says otherwise."""
    given = {"state": MemberState.ACTIVE, "roles": roles, **more}
    made = Member(
        house.ids(), f"{name}@deniz.example", name.title(), created_at=NOW, updated_at=NOW, **given
    )
    house.tables.members[made.id] = made
    return made


def acting(house: House, member: Member, **more: Any) -> Actor:
    """The member, having proven themselves just now."""
    permissions = permissions_of(member.roles, house.tables.roles)
    return Actor(TENANT, "person", str(member.id), permissions, **{"proven_at": NOW, **more})


def set_up(house: House, policy: SignInPolicy) -> KeptPolicy:
    """Let this policy stand."""
    with house.world(TENANT) as work:
        kept = KeptPolicy(policy, work.policy.get().version + 1)
        work.policy.save(kept)
        work.commit()
    return kept


def make_ready(house: House) -> Member:
    """Let the agent act alone; answers the owner by whom it may."""
    set_up(house, SignInPolicy(second_factor=SecondFactor.ROLES, second_factor_roles=(OWNER,)))
    return hire(house, "deniz", OWNER, protected_at=NOW)


def sign_in(
    house: House, member: Member, *methods: str, tenant: UUID = TENANT, **more: Any
) -> Session:
    """A session that is open, unless `more` says otherwise."""
    given = {"created_at": NOW, "last_seen_at": NOW, **more}
    how = methods or ("password",)
    session = Session(house.ids(), member.id, house.ids(), how, refresh_digest=b"d", **given)
    with house.world(tenant) as work:
        work.sessions.add(session)
        work.commit()
    return session
