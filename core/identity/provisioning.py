"""A seller's own directory keeps its people here: who is in, who is out, and under which name.

It says who works for the seller, never who owns the seller's account: it makes nobody an owner, and
gives nobody an address by whom more is opened than the directory itself may give. Whoever it takes
out is out at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.account import fold_email
from core.identity.directory_roles import Giving
from core.identity.means import Means
from core.identity.open_realm import open_realm
from core.identity.sessions import Ended, SessionFilter
from core.identity.tickets import Purpose
from core.policies.roles import OWNER
from core.shared.actor import Actor, allow
from core.shared.errors import Conflict, Invalid, NotAllowed, NotFound
from core.shared.work import Work
from core.tenancy.membering import shown
from core.tenancy.members import Member, MemberFilter, MemberState, Team
from core.tenancy.power import owners, spare_owner

SCOPE = "directory.write"
_PAGE = 500
_LONGEST = {
    "user_name": 254,
    "name": 200,
    "given_name": 100,
    "family_name": 100,
    "external_id": 255,
}


class Taken(Conflict):
    """Somebody else has this name, address or external id."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What the directory says of somebody."""

    user_name: str
    email: str
    name: str
    given_name: str | None = None
    family_name: str | None = None
    external_id: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Roll:
    """Whom the directory sees, by address: not those who were invited and have not come yet."""

    members: Sequence[Member]
    teams: Sequence[Team]


@dataclass(frozen=True, slots=True)
class Provisioning:
    means: Means

    def roll(self, actor: Actor, known_by: Mapping[str, str] | None = None) -> Roll:
        """Everybody. With `known_by` (`id`, `user_name`, `external_id` or `email`) only those who
        may be meant by it: a look-up by key, and not yet an answer."""
        allow(actor, SCOPE)
        with self.means.works(actor.tenant) as work:
            found = _everybody(work) if known_by is None else _meant(known_by, work)
            return Roll([m for m in found if _is_in(m)], work.teams.all())

    def create(self, id: UUID, wanted: Filed, actor: Actor) -> Member:
        """Taken where the person is a member already. Who was invited by this address has come."""
        allow(actor, SCOPE)
        wanted, now = _checked(wanted), self.means.clock.now()
        with self.means.works(actor.tenant) as work:
            owners(work)
            invited = _invited(wanted.email, work)
            _check_free(wanted, invited, work)
            if invited is None:
                member = _new(id, wanted, Giving.of(work).roles, now)
                work.members.add(member)
                _tell("member.provisioned", None, member, actor, work, now)
            else:
                member = _arrived(invited, wanted, actor, work, now)
            seller = work.tenants.get()
            work.commit()
        open_realm(member, seller, self.means)
        return member

    def change(self, id: UUID, wanted: Filed, seen: int, actor: Actor) -> Member:
        """Conflict unless `seen` is the version that stands, and where the seller would lose its
        last owner. Who is no longer active is out at once: every session ends with it."""
        allow(actor, SCOPE)
        wanted, now = _checked(wanted), self.means.clock.now()
        with self.means.works(actor.tenant) as work:
            standing = owners(work)
            before = _found(id, work)
            if before.version != seen:
                raise Conflict("the member was changed meanwhile")
            _check_free(wanted, before, work)
            after = _as_filed(before, wanted, Giving.of(work))
            if after == before:
                return before
            if _acts_as_owner(before) and after.state is not MemberState.ACTIVE:
                spare_owner(id, standing, work)
            after = _saved(before, after, actor, work, now)
            work.commit()
        return after

    def remove(self, id: UUID, seen: int | None, actor: Actor) -> None:
        """Membership and sessions end; the account is the person's own. With `seen` only while that
        version stands."""
        allow(actor, SCOPE)
        now = self.means.clock.now()
        with self.means.works(actor.tenant) as work:
            standing = owners(work)
            member = _found(id, work)
            if seen not in (None, member.version):
                raise Conflict("the member was changed meanwhile")
            if _acts_as_owner(member):
                spare_owner(id, standing, work)
            work.sessions.end(SessionFilter(person=id), Ended.PROVIDER, now)
            work.members.remove(id)
            told = AuditEvent("member.removed", actor, "member", str(id), now, before=filed(member))
            work.audit.add(told)
            work.commit()


def filed(member: Member) -> Mapping[str, Any]:
    """What the audit log holds of whom a directory keeps."""
    kept = ("user_name", "external_id", "managed")
    return {**shown(member), **{name: getattr(member, name) for name in kept}}


def _everybody(work: Work) -> Sequence[Member]:
    found, cursor = list[Member](), None
    while True:
        page = work.members.list(MemberFilter(), cursor=cursor, limit=_PAGE)
        found += page.items
        if (cursor := page.cursor) is None:
            return found


def _meant(known_by: Mapping[str, str], work: Work) -> Sequence[Member]:
    """Whoever was never named by the directory has their address for a name."""
    members, found = work.members, list[Member | None]()
    for key, value in known_by.items():
        match key:
            case "id":
                found.append(members.get(UUID(value)))
            case "external_id":
                found.append(members.by_external_id(value))
            case "user_name":
                found += [members.by_user_name(value.lower()), members.by_email(value.lower())]
            case "email":
                found.append(members.by_email(value.lower()))
    return list({member.id: member for member in found if member}.values())


def _checked(wanted: Filed) -> Filed:
    """Tidied; Invalid by field."""
    problems = {}
    for field, longest in _LONGEST.items():
        if len(getattr(wanted, field) or "") > longest:
            problems[field] = f"has at most {longest} characters"
    if not wanted.user_name:
        problems["user_name"] = "is required"
    if problems:
        raise Invalid(problems)
    email = fold_email(wanted.email)
    name = wanted.name or email.partition("@")[0]
    return replace(wanted, user_name=wanted.user_name.lower(), email=email, name=name)


def _check_free(wanted: Filed, own: Member | None, work: Work) -> None:
    taken = [
        work.members.by_email(wanted.email),
        work.members.by_user_name(wanted.user_name),
        work.members.by_external_id(wanted.external_id) if wanted.external_id else None,
    ]
    if any(member and (own is None or member.id != own.id) for member in taken):
        raise Taken("there is a member of this name, address or external id already")


def _new(id: UUID, wanted: Filed, roles: tuple[str, ...], now: datetime) -> Member:
    state = MemberState.ACTIVE if wanted.active else MemberState.SUSPENDED
    return Member(
        id,
        wanted.email,
        wanted.name,
        state,
        roles,
        now,
        now,
        managed=True,
        external_id=wanted.external_id,
        user_name=wanted.user_name,
        given_name=wanted.given_name,
        family_name=wanted.family_name,
    )


def _invited(email: str, work: Work) -> Member | None:
    member = work.members.by_email(email)
    return member if member is not None and member.state is MemberState.INVITED else None


def _arrived(invited: Member, wanted: Filed, actor: Actor, work: Work, now: datetime) -> Member:
    """With the roles of the invitation, whose link opens nothing any more."""
    work.tickets.drop(Purpose.INVITATION, member=str(invited.id))
    after = _new(invited.id, wanted, invited.roles, now)
    after = replace(
        after,
        teams=invited.teams,
        created_at=invited.created_at,
        managed=OWNER not in invited.roles,
        version=invited.version + 1,
    )
    work.members.save(after)
    _tell("member.joined", invited, after, actor, work, now)
    return after


def _as_filed(member: Member, wanted: Filed, giving: Giving) -> Member:
    """From now on the directory manages them, and their roles; but nobody's ownership."""
    if wanted.email != member.email and not giving.covers(member.roles):
        raise NotAllowed("this member may do more than a directory gives: keep their address")
    state, roles = member.state, member.roles
    if not wanted.active:
        state = MemberState.SUSPENDED
    elif state is MemberState.SUSPENDED:
        state, roles = MemberState.ACTIVE, giving.kept(roles)
    return replace(
        member,
        email=wanted.email,
        name=wanted.name,
        state=state,
        roles=roles,
        managed=member.managed or OWNER not in roles,
        external_id=wanted.external_id,
        user_name=wanted.user_name,
        given_name=wanted.given_name,
        family_name=wanted.family_name,
    )


def _saved(before: Member, after: Member, actor: Actor, work: Work, now: datetime) -> Member:
    after = replace(after, updated_at=now, version=before.version + 1)
    work.members.save(after)
    event = "member.changed"
    if after.state is not before.state:
        event = "member.reactivated"
        if after.state is MemberState.SUSPENDED:
            event = "member.suspended"
            work.sessions.end(SessionFilter(person=after.id), Ended.PROVIDER, now)
    _tell(event, before, after, actor, work, now)
    return after


def _found(id: UUID, work: Work) -> Member:
    member = work.members.get(id, lock=True)
    if member is None or not _is_in(member):
        raise NotFound("there is no such user")
    return member


def _is_in(member: Member) -> bool:
    return member.state is not MemberState.INVITED


def _acts_as_owner(member: Member) -> bool:
    return member.state is MemberState.ACTIVE and OWNER in member.roles


def _tell(
    event: str, before: Member | None, after: Member, actor: Actor, work: Work, now: datetime
) -> None:
    was = filed(before) if before else None
    told = AuditEvent(event, actor, "member", str(after.id), now, before=was, after=filed(after))
    work.audit.add(told)
