"""The groups of a seller's directory are its teams here.

A group whose name the seller's single sign-on maps to a role gives that role to those whom the
directory puts into it. Whom a colleague has put into the team by hand gets no role by that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.directory_roles import Giving
from core.identity.means import Means
from core.identity.provisioning import SCOPE, Taken, filed
from core.shared.actor import Actor, allow
from core.shared.errors import Conflict, Invalid, NotFound
from core.shared.work import Work
from core.tenancy.members import Member, MemberFilter, MemberState, Team
from core.tenancy.power import owners

NAME_LENGTH = 256
_PAGE = 500


@dataclass(frozen=True, slots=True)
class FiledGroup:
    """What the directory says of a group."""

    name: str
    external_id: str | None
    members: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Group:
    team: Team
    members: Sequence[UUID]
    """By address; without those who were invited and have not come yet."""

    @property
    def mark(self) -> str:
        """Another one where the group is another."""
        said = [self.team.name, self.team.external_id or "", *sorted(map(str, self.members))]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Groups:
    means: Means

    def all(self, actor: Actor) -> Sequence[Group]:
        """By name."""
        allow(actor, SCOPE)
        with self.means.works(actor.tenant) as work:
            teams = work.teams.all()
            inside: dict[UUID, list[UUID]] = {team.id: [] for team in teams}
            for member in _members(MemberFilter(), work):
                for team in member.teams:
                    inside.setdefault(team, []).append(member.id)
        return [Group(team, inside[team.id]) for team in teams]

    def get(self, id: UUID, actor: Actor) -> Group:
        allow(actor, SCOPE)
        with self.means.works(actor.tenant) as work:
            return _group(_found(id, work), work)

    def create(self, id: UUID, wanted: FiledGroup, actor: Actor) -> Group:
        """Taken where there is a team of this name."""
        allow(actor, SCOPE)
        _check(wanted)
        now = self.means.clock.now()
        team = Team(id, wanted.name, now, wanted.external_id)
        with self.means.works(actor.tenant) as work:
            owners(work)
            _check_free(team, work)
            work.teams.add(team)
            _tell("team.added", None, team, actor, work, now)
            _Filling(team, actor, work, now).fill(wanted.members, wanted.members)
            made = _group(team, work)
            work.commit()
        return made

    def change(
        self, id: UUID, wanted: FiledGroup, said: Collection[UUID], seen: str | None, actor: Actor
    ) -> Group:
        """`said` are those whom the directory names as members now, whether they are new or not.
        With `seen` Conflict unless that is the mark of the group that stands."""
        allow(actor, SCOPE)
        _check(wanted)
        now = self.means.clock.now()
        with self.means.works(actor.tenant) as work:
            owners(work)
            before = _found(id, work)
            if seen not in (None, _group(before, work).mark):
                raise Conflict("the group was changed meanwhile")
            after = replace(before, name=wanted.name, external_id=wanted.external_id)
            if after.name != before.name:
                _Filling(before, actor, work, now).take_role(wanted.members)
                said = wanted.members  # it vouches for everybody in it, under the new name
            _keep(before, after, actor, work, now)
            _Filling(after, actor, work, now).fill(wanted.members, said)
            made = _group(after, work)
            work.commit()
        return made

    def remove(self, id: UUID, seen: str | None, actor: Actor) -> None:
        """Its members stay members, without the role that it gave."""
        allow(actor, SCOPE)
        now = self.means.clock.now()
        with self.means.works(actor.tenant) as work:
            owners(work)
            team = _found(id, work)
            if seen not in (None, _group(team, work).mark):
                raise Conflict("the group was changed meanwhile")
            _Filling(team, actor, work, now).fill(frozenset(), ())
            work.teams.remove(id)
            _tell("team.removed", team, None, actor, work, now)
            work.commit()


class _Filling:
    """One team, and who is in it."""

    def __init__(self, team: Team, actor: Actor, work: Work, now: datetime) -> None:
        self._team, self._actor, self._work, self._now = team, actor, work, now
        self._giving = Giving.of(work)
        self._role = self._giving.by_group.get(team.name)
        self._others = {each.id: each.name for each in work.teams.all() if each.id != team.id}

    def fill(self, wanted: Collection[UUID], said: Collection[UUID]) -> None:
        """Let the wanted be in it and nobody else; give its role to those who were said, and take
        it from those who go."""
        standing = {m.id: m for m in _members(MemberFilter(team=self._team.id), self._work)}
        for id in sorted(standing.keys() - set(wanted)):
            self._save(standing[id], self._out(standing[id]))
        for id in sorted(set(wanted)):
            member = standing.get(id) or _member(id, self._work)
            self._save(member, self._in(member, id in said or id not in standing))

    def take_role(self, wanted: Collection[UUID]) -> None:
        """From those who stay in it: its name is about to be another's."""
        for member in _members(MemberFilter(team=self._team.id), self._work):
            if member.id in wanted:
                self._save(member, replace(member, roles=self._without(member)))

    def _in(self, member: Member, said: bool) -> Member:
        teams = tuple(dict.fromkeys((*member.teams, self._team.id)))
        roles = member.roles
        if self._role is not None and said and member.managed:
            roles = self._giving.added(roles, self._role)
        return replace(member, teams=teams, roles=roles)

    def _out(self, member: Member) -> Member:
        teams = tuple(team for team in member.teams if team != self._team.id)
        return replace(member, teams=teams, roles=self._without(member))

    def _without(self, member: Member) -> tuple[str, ...]:
        """Its role stays where another group gives it too."""
        others = (self._others.get(team, "") for team in member.teams)
        given = {self._giving.by_group.get(name) for name in others}
        if self._role is None or not member.managed or self._role in given:
            return member.roles
        return self._giving.taken(member.roles, self._role)

    def _save(self, before: Member, after: Member) -> None:
        if after == before:
            return
        after = replace(after, updated_at=self._now, version=before.version + 1)
        self._work.members.save(after)
        told = AuditEvent(
            "member.changed",
            self._actor,
            "member",
            str(after.id),
            self._now,
            before=filed(before),
            after=filed(after),
        )
        self._work.audit.add(told)


def _members(only: MemberFilter, work: Work) -> Sequence[Member]:
    found, cursor = list[Member](), None
    while True:
        page = work.members.list(only, cursor=cursor, limit=_PAGE)
        found += [m for m in page.items if m.state is not MemberState.INVITED]
        if (cursor := page.cursor) is None:
            return found


def _member(id: UUID, work: Work) -> Member:
    member = work.members.get(id, lock=True)
    if member is None or member.state is MemberState.INVITED:
        raise Invalid({"members": "holds somebody who is no user"})
    return member


def _group(team: Team, work: Work) -> Group:
    return Group(team, [m.id for m in _members(MemberFilter(team=team.id), work)])


def _found(id: UUID, work: Work) -> Team:
    for team in work.teams.all():
        if team.id == id:
            return team
    raise NotFound("there is no such group")


def _check(wanted: FiledGroup) -> None:
    if not 0 < len(wanted.name) <= NAME_LENGTH:
        raise Invalid({"name": f"has 1 to {NAME_LENGTH} characters"})


def _check_free(team: Team, work: Work) -> None:
    for other in work.teams.all():
        same = other.external_id is not None and other.external_id == team.external_id
        if other.id != team.id and (other.name == team.name or same):
            raise Taken("there is a group of this name or external id already")


def _keep(before: Team, after: Team, actor: Actor, work: Work, now: datetime) -> None:
    if after != before:
        _check_free(after, work)
        work.teams.save(after)
        _tell("team.changed", before, after, actor, work, now)


def _tell(
    event: str,
    before: Team | None,
    after: Team | None,
    actor: Actor,
    work: Work,
    now: datetime,
) -> None:
    id = str((after or before).id)  # type: ignore[union-attr]
    was, is_ = (
        {"name": t.name, "external_id": t.external_id} if t else None for t in (before, after)
    )
    work.audit.add(AuditEvent(event, actor, "team", id, now, before=was, after=is_))
