"""Giving people power and taking it away: who may, and that no seller loses its last owner."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from core.policies.roles import BUILT_IN, OWNER, permissions_of
from core.shared.actor import Actor, prove
from core.shared.errors import Conflict, Invalid, NotAllowed
from core.shared.work import Work
from core.tenancy.members import Member, Role

LEADS_FURTHER = frozenset({"members.write", "security.write", "keys.write"})
"""Permissions by which one comes to others."""


def check_roles(names: Sequence[str], own: Mapping[str, Role]) -> None:
    """Invalid for no role at all, or one that the seller does not have."""
    if set(names) - BUILT_IN.keys() - own.keys():
        raise Invalid({"roles": "holds a role that does not exist"})
    if not names:
        raise Invalid({"roles": "at least one is required"})


def check_teams(ids: Collection[UUID], work: Work) -> None:
    if set(ids) - {team.id for team in work.teams.all()}:
        raise Invalid({"teams": "holds a team that does not exist"})


def give(permissions: Collection[str], actor: Actor, now: datetime) -> None:
    """Return if the actor may let somebody have these, else raise NotAllowed or ProofNeeded.

    Nobody gives what they do not hold. What leads further is given only by a person who has
    proven themselves lately: a stolen session must not make itself another owner.
    """
    beyond = sorted(set(permissions) - actor.scopes)
    if beyond:
        raise NotAllowed(f"you do not hold {', '.join(beyond)} yourself")
    if not LEADS_FURTHER.isdisjoint(permissions):
        prove(actor, now)


def reach(member: Member, own: Mapping[str, Role], actor: Actor) -> None:
    """NotAllowed when the member may do more than the actor: nobody disposes of those above."""
    if not permissions_of(member.roles, own) <= actor.scopes:
        raise NotAllowed("this member may do more than you may yourself")


def owners(work: Work) -> Sequence[Member]:
    """The active owners, locked. Whatever gives or takes power begins with this: so it happens one
    after another in a seller, and nobody waits for somebody who waits for them."""
    return work.members.with_role(OWNER)


def spare_owner(id: UUID, standing: Sequence[Member], work: Work) -> None:
    """Conflict unless the seller can do without this owner; `standing` are the locked ones."""
    if [owner.id for owner in standing] == [id]:
        raise Conflict("this is the last active owner: make somebody else an owner first")
    policy = work.policy.get().policy
    if not policy.local and policy.break_glass == id:
        raise Conflict("the sign-in policy names this owner as its break glass: name another first")
