"""Changing the sign-in policy, without shutting oneself out by mistake."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.client import Client
from core.identity.factors import FactorKind
from core.identity.policy import Fence, KeptPolicy, SignInPolicy, check
from core.identity.proof import usable
from core.identity.sessions import OWN, SessionFilter
from core.policies.readiness import lacks, readiness
from core.policies.roles import BUILT_IN
from core.shared.actor import Actor, allow, prove
from core.shared.errors import Conflict, Invalid, NotReady
from core.shared.work import Work, Works
from core.tenancy.power import owners


class NeedsForce(NotReady):
    """The policy would do harm that hardly anybody wants; it is set only if that is forced."""


def set_policy(
    policy: SignInPolicy,
    seen: int,
    actor: Actor,
    client: Client,
    *,
    force: bool,
    works: Works,
    now: datetime,
) -> KeptPolicy:
    """It counts at once, also for sessions that are open; Conflict unless `seen` still stands."""
    allow(actor, "security.write")
    prove(actor, now)
    author = _author(actor, client, works)
    with works(actor.tenant) as work:
        before = work.policy.get()
        if before.version != seen:
            raise Conflict("the sign-in policy was changed meanwhile")
        harm = _harm(policy, before.policy, author, work)
        if harm and not force:
            raise NeedsForce(harm)
        after = KeptPolicy(policy, seen + 1)
        work.policy.save(after)
        work.audit.add(_changed(before.policy, policy, harm, actor, now))
        work.commit()
    return after


def harm_of(
    policy: SignInPolicy, actor: Actor, client: Client, *, works: Works
) -> Mapping[str, str]:
    """Why this policy would need force: a dry run. Empty where nothing speaks against it."""
    allow(actor, "security.write")
    author = _author(actor, client, works)
    with works(actor.tenant) as work:
        return _harm(policy, work.policy.get().policy, author, work)


@dataclass(frozen=True, slots=True)
class _Author:
    """Who sets the policy, as far as it matters for coming in again."""

    client: Client
    person: UUID | None
    """None for a program."""
    session: UUID | None
    factors: Set[FactorKind]


def _author(actor: Actor, client: Client, works: Works) -> _Author:
    """Looks into the author's own realm, and nobody else's."""
    if actor.kind != "person":
        return _Author(client, None, None, frozenset())
    person = UUID(actor.id)
    with works(person) as own:
        factors = frozenset(factor.kind for factor in own.factors.all())
    return _Author(client, person, actor.session, factors)


def _harm(
    policy: SignInPolicy, before: SignInPolicy, author: _Author, work: Work
) -> dict[str, str]:
    """By what is to blame for it; Invalid for what cannot be at all."""
    standing = {owner.id for owner in owners(work)}
    check(policy, {*BUILT_IN, *work.roles.all()})
    _check_named(policy, standing, work)
    harm = _fenced_out(policy, author) | _without_factor(policy, author, work)
    if not policy.local and (before.local or policy.break_glass != before.break_glass):
        harm |= _sso_alone(policy, author, work)
    return harm | _autonomy(policy, before, work)


def _check_named(policy: SignInPolicy, standing: Set[UUID], work: Work) -> None:
    if policy.break_glass is not None and policy.break_glass not in standing:
        raise Invalid({"break_glass": "is no active owner"})
    if policy.sms_channel is not None:
        channel = work.installations.get(policy.sms_channel)
        if channel is None or not channel.works:
            raise Invalid({"sms_channel": "is no connection that works"})


def _fenced_out(policy: SignInPolicy, author: _Author) -> dict[str, str]:
    name, fence = ("people", policy.people) if author.person else ("keys", policy.keys)
    harm = {}
    if not Fence(networks=fence.networks).admits(author.client):
        harm[f"{name}.networks"] = "your own address is in none of them"
    if not Fence(countries=fence.countries).admits(author.client):
        harm[f"{name}.countries"] = "your own address is in none of them, as far as is known"
    return harm


def _without_factor(policy: SignInPolicy, author: _Author, work: Work) -> dict[str, str]:
    member = work.members.get(author.person) if author.person else None
    if member is None or not policy.wants_second_factor(member.roles):
        return {}
    session = work.sessions.get(author.session) if author.session else None
    if session and session.connection and not policy.second_factor_after_sso:
        return {}
    if usable(author.factors, policy):
        return {}
    return {"second_factor": "you have none yourself: set one up first"}


def _sso_alone(policy: SignInPolicy, author: _Author, work: Work) -> dict[str, str]:
    enabled = {c.id for c in work.sso.all() if c.enabled}
    harm = {}
    if not enabled:
        harm["local"] = "no connection to an identity provider is enabled"
    elif author.person and author.person != policy.break_glass:
        links = work.sso.links_of(author.person)
        if enabled.isdisjoint(link.connection for link in links):
            harm["local"] = "you have not come in by SSO yourself: try it first"
    glass = work.sessions.open(SessionFilter(person=policy.break_glass))
    if all(OWN.isdisjoint(session.methods) for session in glass):
        harm["break_glass"] = "is not signed in by credentials of their own: let them try it first"
    return harm


def _autonomy(policy: SignInPolicy, before: SignInPolicy, work: Work) -> dict[str, str]:
    """An agent that acts alone must not lose by this what let it act alone."""
    if not any(rule.autonomous for rule in work.intents.all().values()):
        return {}
    lost = lacks(readiness(work, policy=policy)).keys() - lacks(readiness(work, policy=before))
    if not lost:
        return {}
    return {
        "autonomy": f"the agent acts alone, and this would take away: {', '.join(sorted(lost))}"
    }


def _changed(
    before: SignInPolicy, after: SignInPolicy, harm: Mapping[str, str], actor: Actor, now: datetime
) -> AuditEvent:
    return AuditEvent(
        "sign_in_policy.changed",
        actor,
        "sign_in_policy",
        str(actor.tenant),
        now,
        before=_shown(before),
        after=_shown(after) | ({"forced": sorted(harm)} if harm else {}),
    )


def _shown(policy: SignInPolicy) -> dict[str, Any]:
    return {k: str(v) if isinstance(v, UUID) else v for k, v in asdict(policy).items()}
