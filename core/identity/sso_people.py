"""Who a provider's word makes somebody: the rules of the first sign-in, and roles at every one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.sso import Connection, Identity, Link, Rules
from core.identity.tickets import Purpose
from core.policies.roles import BUILT_IN, OWNER
from core.shared.actor import Actor
from core.shared.errors import Conflict
from core.shared.ids import Ids
from core.shared.work import Work
from core.tenancy.membering import shown
from core.tenancy.members import Member, MemberState
from core.tenancy.power import owners, spare_owner


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the seller knows by a provider's word."""

    member: Member | None
    linked: bool
    """By the subject. Otherwise by the address, which is worth less."""


def admits(rules: Rules, identity: Identity) -> bool:
    """Whether the address may come in: where domains are named, a verified one of them alone."""
    if not rules.domains:
        return True
    if identity.email is None or not identity.email_verified:
        return False
    return identity.email.rpartition("@")[2] in rules.domains


def known(work: Work, connection: Connection, identity: Identity) -> Known:
    link = work.sso.link(connection.id, identity.subject)
    if link is not None:
        return Known(work.members.get(link.person), linked=True)
    if not connection.rules.match or identity.email is None or not identity.email_verified:
        return Known(None, linked=False)
    return Known(work.members.by_email(identity.email), linked=False)


def settle(
    work: Work,
    connection: Connection,
    identity: Identity,
    seen: Known,
    actor: Actor,
    ids: Ids,
    now: datetime,
) -> Member | None:
    """The active member whom the identity is from now on; None where the rules let nobody in.

    Conflict when it is not as it was seen: then somebody was quicker, and must be looked at again.
    """
    found = _still(work, connection, identity, seen)
    member = found.member
    if member is None and not found.linked:
        member = _provisioned(work, connection.rules, identity, actor, ids(), now)
    elif member is not None and member.state is MemberState.INVITED and not found.linked:
        member = _joined(work, member, identity, actor, now)
    if member is None or member.state is not MemberState.ACTIVE:
        _still(work, connection, identity, seen)
        return None
    if not found.linked:
        link(work, connection.id, identity.subject, member.id, actor, now)
    return _with_roles(work, connection.rules, identity, member, actor, now)


def link(
    work: Work, connection: UUID, subject: str, person: UUID, actor: Actor, now: datetime
) -> None:
    """The subject is this person from now on; Conflict where it is another one already."""
    known = work.sso.link(connection, subject)
    if known is not None and known.person == person:
        return
    work.sso.add_link(Link(connection, subject, person, now))
    after = {"connection": str(connection), "subject": subject}
    work.audit.add(AuditEvent("sso.linked", actor, "member", str(person), now, after=after))


def _still(work: Work, connection: Connection, identity: Identity, seen: Known) -> Known:
    """What is known now; Conflict where it is not what was seen."""
    now = known(work, connection, identity)
    if (_id(now), now.linked) != (_id(seen), seen.linked):
        raise Conflict("somebody signed in as the same person at this moment")
    return now


def _id(known: Known) -> UUID | None:
    return known.member.id if known.member else None


def _provisioned(
    work: Work, rules: Rules, identity: Identity, actor: Actor, id: UUID, now: datetime
) -> Member | None:
    """A new member, whom the provider manages. Never by an address that was not verified, and not
    beside a member who has the address and may not be matched."""
    email = identity.email
    if not rules.provision or email is None or not identity.email_verified:
        return None
    if work.members.by_email(email) is not None:
        return None
    name = identity.name or email.partition("@")[0]
    roles = _roles(work, rules, identity)
    member = Member(id, email, name, MemberState.ACTIVE, roles, now, now, managed=True)
    work.members.add(member)
    _audit(work, "member.provisioned", None, member, actor, now)
    return member


def _joined(work: Work, invited: Member, identity: Identity, actor: Actor, now: datetime) -> Member:
    """Who was invited has come by SSO: the link in the letter opens nothing any more."""
    work.tickets.drop(Purpose.INVITATION, member=str(invited.id))
    name = invited.name or identity.name
    member = replace(invited, state=MemberState.ACTIVE, name=name)
    return _saved(work, "member.joined", invited, member, actor, now)


def _with_roles(
    work: Work, rules: Rules, identity: Identity, member: Member, actor: Actor, now: datetime
) -> Member:
    """The directory's word counts at every sign-in, for those whom it manages."""
    if rules.role_claim is None or not member.managed:
        return member
    roles = _roles(work, rules, identity, _by_groups(work, rules, member))
    if set(roles) == set(member.roles):
        return member
    if OWNER in member.roles and OWNER not in roles and not _spared(work, member):
        roles = (OWNER, *roles)
    if set(roles) == set(member.roles):
        return member
    after = replace(member, roles=roles)
    return _saved(work, "member.changed", member, after, actor, now)


def _by_groups(work: Work, rules: Rules, member: Member) -> Sequence[str]:
    """The roles that the seller's directory has given by its groups (SCIM), where the provider does
    not tell of them. They are kept, never given, here: anybody may be put into a team."""
    if member.user_name is None or not member.teams:
        return ()
    names = (team.name for team in work.teams.all() if team.id in member.teams)
    gives = {rules.role_map[name] for name in names if name in rules.role_map} - {OWNER}
    return [role for role in member.roles if role in gives]


def _roles(
    work: Work, rules: Rules, identity: Identity, held: Sequence[str] = ()
) -> tuple[str, ...]:
    """By the claim's words, and those that are held by another right; else the rules' own. A role
    that is gone is given to nobody."""
    words = identity.words.get(rules.role_claim or "", ())
    mapped = [*held, *(rules.role_map[word] for word in words if word in rules.role_map)]
    there = BUILT_IN.keys() | work.roles.all().keys()
    return tuple(dict.fromkeys(role for role in mapped or rules.roles if role in there))


def _spared(work: Work, member: Member) -> bool:
    """Whether the seller can do without this owner. No directory takes the last one away."""
    try:
        spare_owner(member.id, owners(work), work)
    except Conflict:
        return False
    return True


def _saved(
    work: Work, event: str, before: Member, after: Member, actor: Actor, now: datetime
) -> Member:
    after = replace(after, updated_at=now, version=before.version + 1)
    work.members.save(after)
    _audit(work, event, before, after, actor, now)
    return after


def _audit(
    work: Work, event: str, before: Member | None, after: Member, actor: Actor, now: datetime
) -> None:
    was = shown(before) if before else None
    told = AuditEvent(event, actor, "member", str(after.id), now, before=was, after=shown(after))
    work.audit.add(told)
