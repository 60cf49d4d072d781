"""The seller's teams: who works together. A team permits nothing by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from core.audit.events import AuditEvent
from core.shared.actor import Actor, allow
from core.shared.errors import Invalid, NotFound
from core.shared.work import Work, Works
from core.tenancy.members import Team

NAME_LENGTH = 80


def add_team(id: UUID, name: str, actor: Actor, *, works: Works, now: datetime) -> Team:
    """Conflict when there is one of this name."""
    allow(actor, "members.write")
    team = Team(id, _checked(name), now)
    with works(actor.tenant) as work:
        work.teams.add(team)
        work.audit.add(
            AuditEvent("team.added", actor, "team", str(id), now, after={"name": team.name})
        )
        work.commit()
    return team


def rename_team(id: UUID, name: str, actor: Actor, *, works: Works, now: datetime) -> Team:
    """Conflict when another one has this name."""
    allow(actor, "members.write")
    name = _checked(name)
    with works(actor.tenant) as work:
        before = _found(id, work)
        after = replace(before, name=name)
        work.teams.save(after)
        work.audit.add(
            AuditEvent(
                "team.changed",
                actor,
                "team",
                str(id),
                now,
                before={"name": before.name},
                after={"name": after.name},
            )
        )
        work.commit()
    return after


def remove_team(id: UUID, actor: Actor, *, works: Works, now: datetime) -> None:
    """Its members stay members."""
    allow(actor, "members.write")
    with works(actor.tenant) as work:
        team = _found(id, work)
        work.teams.remove(id)
        work.audit.add(
            AuditEvent("team.removed", actor, "team", str(id), now, before={"name": team.name})
        )
        work.commit()


def _found(id: UUID, work: Work) -> Team:
    for team in work.teams.all():
        if team.id == id:
            return team
    raise NotFound("there is no such team")


def _checked(name: str) -> str:
    if not 0 < len(name.strip()) <= NAME_LENGTH:
        raise Invalid({"name": f"has 1 to {NAME_LENGTH} characters"})
    return name.strip()
