"""Every request's question: may whoever holds this session, or this key, act from where they are?

Nothing is remembered from the request before: a session that was ended, a member who was suspended
and a role that was changed count at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.access import PersonStands
from core.identity.attempts import Attempt, Refusal
from core.identity.client import Client
from core.identity.means import Claims, Places
from core.identity.policy import Fence
from core.identity.sessions import lives
from core.shared.actor import Actor
from core.shared.errors import NotFromHere
from core.shared.ids import OPERATOR, Ids
from core.shared.work import Work, Works
from core.tenancy.api_keys import ApiKey
from core.tenancy.members import MemberState
from ports.clock import Clock

FRESH = timedelta(minutes=1)
"""How exactly we know when a session or a key was last used."""
ONCE = timedelta(minutes=1)
"""Of one who and one address, a refusal by the fence is written down at most so often."""
KNOWN = 10_000
"""Refusals that are remembered, so as not to write them down again."""


@dataclass(frozen=True, slots=True)
class Admit:
    """One round trip where nothing is written. Raises NotFromHere where a fence stands."""

    works: Works
    places: Places
    clock: Clock
    ids: Ids
    _told: dict[tuple[str, str | None], datetime] = field(default_factory=dict, init=False)

    def person(self, claims: Claims, client: Client) -> Actor | None:
        """None where the session does not live, or its person may not come in any more."""
        now = self.clock.now()
        with self.works(claims.tenant) as work:
            stands = work.access.session(claims.session)
            if stands is None or not _in(stands, claims.person, now):
                return None
            session = stands.session
            actor = _person(stands, claims.tenant, client)
            if (why := self._outside(client, stands.policy.people)) is not None:
                self._refuse(why, actor, replace(client, device=session.device), work)
            if now - session.last_seen_at >= FRESH:
                _seen(session.id, work, now)
        return actor

    def key(self, tenant: UUID, id: UUID, offered: bytes, client: Client) -> Actor | None:
        """None where the key is closed, or the digest that was offered is not its own any more."""
        now = self.clock.now()
        with self.works(tenant) as work:
            stands = work.access.key(id)
            if stands is None or not stands.key.opens(offered, now):
                return None
            key, actor = stands.key, _key(stands.key, tenant, client)
            if self._outside(client, stands.policy.keys, key.fence) is not None:
                self._refuse(Refusal.KEY, actor, client, work)
            if key.last_used_at is None or now - key.last_used_at >= FRESH:
                _used(key, work, now)
        return actor

    def _outside(self, client: Client, *fences: Fence) -> Refusal | None:
        """The first fence's reason not to admit the client; every fence must."""
        for fence in fences:
            if fence.networks and not Fence(networks=fence.networks).admits(client):
                return Refusal.NETWORK
            if fence.countries and not fence.admits(self._placed(client)):
                return Refusal.COUNTRY
        return None

    def _refuse(self, why: Refusal, actor: Actor, client: Client, work: Work) -> NoReturn:
        """Written down at most once a minute, so that nobody fills the log by trying."""
        now, who = self.clock.now(), (actor.id, client.ip)
        told = self._told.get(who)
        if told is None or now - told >= ONCE:
            _write_down(why, actor, self._placed(client), work, self.ids(), now)
            work.commit()
            if len(self._told) >= KNOWN:
                self._told.clear()
            self._told[who] = now
        raise NotFromHere("nobody is let in from your network or country")

    def _placed(self, client: Client) -> Client:
        country = self.places.country(client.ip) if client.ip else None
        return replace(client, country=country)


def _person(stands: PersonStands, tenant: UUID, client: Client) -> Actor:
    session = stands.session
    return Actor(
        tenant,
        "person",
        str(session.person),
        stands.permissions,
        client.ip,
        client.user_agent,
        client.correlation_id,
        session.id,
        session.proven_at,
        stands.member.teams,
    )


def _key(key: ApiKey, tenant: UUID, client: Client) -> Actor:
    return Actor(
        tenant,
        "operator" if tenant == OPERATOR else "api_key",
        str(key.id),
        frozenset(key.scopes),
        client.ip,
        client.user_agent,
        client.correlation_id,
    )


def _in(stands: PersonStands, person: UUID, now: datetime) -> bool:
    """Whether the session lives, and is that of an active member."""
    session, member = stands.session, stands.member
    active = session.person == person and member.state is MemberState.ACTIVE
    return active and lives(session, stands.policy, now)


def _seen(id: UUID, work: Work, now: datetime) -> None:
    """Read once more and locked: it may be ended, or its token exchanged, at this moment."""
    session = work.sessions.get(id, lock=True)
    if session is not None:
        work.sessions.save(replace(session, last_seen_at=max(now, session.last_seen_at)))
        work.commit()


def _used(key: ApiKey, work: Work, now: datetime) -> None:
    """Read once more and locked: it may be revoked or rotated at this moment."""
    found = work.api_keys.get(key.id, lock=True)
    if found is not None:
        work.api_keys.save(replace(found, last_used_at=now))
        work.commit()


def _write_down(
    why: Refusal, actor: Actor, client: Client, work: Work, id: UUID, now: datetime
) -> None:
    person = UUID(actor.id) if actor.kind == "person" else None
    work.attempts.add(
        Attempt(
            id,
            why,
            now,
            person,
            ip=client.ip,
            country=client.country,
            user_agent=client.user_agent,
            device=client.device,
            detail=None if person else f"key {actor.id}",
        )
    )
    what = ("session", str(actor.session)) if person else ("api_key", actor.id)
    after = {"why": why.value, "ip": client.ip, "country": client.country}
    work.audit.add(AuditEvent("access.fenced", actor, *what, now, after=after))
