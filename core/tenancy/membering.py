"""What becomes of a member: changed, suspended, let in again, removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.sessions import Ended, SessionFilter
from core.policies.roles import OWNER, permissions_of
from core.shared.actor import Actor, allow
from core.shared.errors import Conflict, Invalid, NotFound
from core.shared.work import Work, Works
from core.tenancy.members import Member, MemberState
from core.tenancy.power import check_roles, check_teams, give, owners, reach, spare_owner
from ports.clock import Clock


@dataclass(frozen=True, slots=True)
class MemberChange:
    """None leaves it as it is."""

    name: str | None = None
    roles: tuple[str, ...] | None = None
    teams: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True)
class Membering:
    works: Works
    clock: Clock

    def change(self, id: UUID, wanted: MemberChange, seen: int, actor: Actor) -> Member:
        """Change what is wanted; Conflict unless `seen` is the version that stands."""
        if wanted.name is not None and not wanted.name.strip():
            raise Invalid({"name": "is required"})
        now = self.clock.now()

        def changed(member: Member, work: Work) -> Member:
            if member.version != seen:
                raise Conflict("the member was changed meanwhile")
            roles = tuple(dict.fromkeys(wanted.roles if wanted.roles is not None else member.roles))
            teams = tuple(dict.fromkeys(wanted.teams if wanted.teams is not None else member.teams))
            own = work.roles.all()
            if wanted.roles is not None:
                check_roles(roles, own)
                give(permissions_of(set(roles) - set(member.roles), own), actor, now)
            check_teams(set(teams) - set(member.teams), work)
            name = member.name if wanted.name is None else wanted.name.strip()
            return replace(member, name=name, roles=roles, teams=teams)

        return self._alter(id, "member.changed", changed, actor, now)

    def suspend(self, id: UUID, actor: Actor) -> Member:
        """They can no longer come in, and whoever is in is out at once."""

        def suspended(member: Member, _: Work) -> Member:
            _check_joined(member)
            return replace(member, state=MemberState.SUSPENDED)

        return self._alter(id, "member.suspended", suspended, actor, self.clock.now())

    def reactivate(self, id: UUID, actor: Actor) -> Member:
        """Let a suspended member in again, with the roles of before."""
        now = self.clock.now()

        def reactivated(member: Member, work: Work) -> Member:
            _check_joined(member)
            if member.state is MemberState.SUSPENDED:
                give(permissions_of(member.roles, work.roles.all()), actor, now)
            return replace(member, state=MemberState.ACTIVE)

        return self._alter(id, "member.reactivated", reactivated, actor, now)

    def remove(self, id: UUID, actor: Actor) -> None:
        """Their membership and sessions end; their account is their own."""
        allow(actor, "members.write")
        now = self.clock.now()
        with self.works(actor.tenant) as work:
            standing, member = self._found(id, actor, work)
            _check_joined(member)
            if _owns(member):
                spare_owner(id, standing, work)
            work.sessions.end(SessionFilter(person=id), Ended.MEMBERSHIP, now)
            work.members.remove(id)
            work.audit.add(
                AuditEvent("member.removed", actor, "member", str(id), now, before=shown(member))
            )
            work.commit()

    def _alter(
        self,
        id: UUID,
        event: str,
        change: Callable[[Member, Work], Member],
        actor: Actor,
        now: datetime,
    ) -> Member:
        """The change and its audit event in one transaction; nothing where nothing changes."""
        allow(actor, "members.write")
        with self.works(actor.tenant) as work:
            standing, before = self._found(id, actor, work)
            after = change(before, work)
            if after == before:
                return before
            if _owns(before) and not _owns(after):
                spare_owner(id, standing, work)
            after = replace(after, updated_at=now, version=before.version + 1)
            work.members.save(after)
            if after.state is MemberState.SUSPENDED:
                work.sessions.end(SessionFilter(person=id), Ended.MEMBERSHIP, now)
            told = {"before": shown(before), "after": shown(after)}
            work.audit.add(AuditEvent(event, actor, "member", str(id), now, **told))
            work.commit()
        return after

    def _found(self, id: UUID, actor: Actor, work: Work) -> tuple[Sequence[Member], Member]:
        """The locked owners, and the member, who must not stand above the actor."""
        standing = owners(work)
        member = work.members.get(id, lock=True)
        if member is None:
            raise NotFound("there is no such member")
        reach(member, work.roles.all(), actor)
        return standing, member


def _check_joined(member: Member) -> None:
    if member.state is MemberState.INVITED:
        raise Conflict("nobody has taken this invitation yet: it can be withdrawn")


def _owns(member: Member) -> bool:
    return member.state is MemberState.ACTIVE and OWNER in member.roles


def shown(member: Member) -> Mapping[str, Any]:
    """What the audit log holds of a member."""
    return {
        "email": member.email,
        "name": member.name,
        "state": member.state.value,
        "roles": list(member.roles),
        "teams": [str(team) for team in member.teams],
    }
