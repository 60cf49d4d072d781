"""Inviting people by their address: a member who has not come yet, a one-time link, a letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.account import fold_email
from core.identity.means import Means
from core.identity.sealing import ready
from core.identity.tickets import SECRET, Purpose, Token, ticket
from core.identity.write_letter import write_letter
from core.policies.roles import permissions_of
from core.shared.actor import Actor, allow
from core.shared.errors import Conflict, NotFound
from core.shared.work import Work
from core.tenancy.membering import shown
from core.tenancy.members import Member, MemberState
from core.tenancy.power import check_roles, check_teams, give, owners, reach


@dataclass(frozen=True, slots=True)
class Invite:
    email: str
    roles: tuple[str, ...]
    name: str = ""
    teams: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Inviting:
    """The link is in the letter alone: neither the inviter nor the log ever sees it."""

    means: Means

    def invite(self, id: UUID, command: Invite, actor: Actor) -> Member:
        """Conflict when the address is a member's already, invited or not; the same id twice is
        one invitation."""
        allow(actor, "members.write")
        email, now = fold_email(command.email), self.means.clock.now()
        ready(actor.tenant, self.means)
        with self.means.works(actor.tenant) as work:
            owners(work)
            if standing := work.members.get(id):
                return standing
            own = work.roles.all()
            check_roles(command.roles, own)
            check_teams(command.teams, work)
            give(permissions_of(command.roles, own), actor, now)
            roles, teams = tuple(dict.fromkeys(command.roles)), tuple(dict.fromkeys(command.teams))
            name, invited = command.name.strip(), MemberState.INVITED
            member = Member(id, email, name, invited, roles, now, now, teams)
            work.members.add(member)
            self._send(member, "member.invited", actor, work, now)
            work.commit()
        return member

    def again(self, id: UUID, actor: Actor) -> Member:
        """A new link and letter; the link of before opens nothing any more."""
        allow(actor, "members.write")
        now = self.means.clock.now()
        ready(actor.tenant, self.means)
        with self.means.works(actor.tenant) as work:
            owners(work)
            member = _invited(id, work)
            give(permissions_of(member.roles, work.roles.all()), actor, now)
            self._send(member, "member.invited_again", actor, work, now)
            work.commit()
        return member

    def withdraw(self, id: UUID, actor: Actor) -> None:
        """The link opens nothing any more, and whoever it was for is no member."""
        allow(actor, "members.write")
        now = self.means.clock.now()
        with self.means.works(actor.tenant) as work:
            owners(work)
            member = _invited(id, work)
            reach(member, work.roles.all(), actor)
            work.tickets.drop(Purpose.INVITATION, member=str(id))
            work.members.remove(id)
            told = AuditEvent(
                "invitation.withdrawn", actor, "member", str(id), now, before=shown(member)
            )
            work.audit.add(told)
            work.commit()

    def _send(self, member: Member, event: str, actor: Actor, work: Work, now: datetime) -> None:
        work.tickets.drop(Purpose.INVITATION, member=str(member.id))
        token = Token(work.tenant_id, self.means.ids(), self.means.random(SECRET))
        data = {"member": str(member.id), "email": member.email}
        work.tickets.add(ticket(token, Purpose.INVITATION, data, now))
        seller = work.tenants.get()
        write_letter(
            "invitation",
            to=member.email,
            language=seller.language,
            facts={"seller": seller.name, "token": str(token)},
            work=work,
            means=self.means,
        )
        told = AuditEvent(event, actor, "member", str(member.id), now, after=shown(member))
        work.audit.add(told)


def _invited(id: UUID, work: Work) -> Member:
    member = work.members.get(id, lock=True)
    if member is None:
        raise NotFound("there is no such invitation")
    if member.state is not MemberState.INVITED:
        raise Conflict("this invitation was taken")
    return member
