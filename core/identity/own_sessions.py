"""A person looks after their own sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.means import Means
from core.identity.own import end_everywhere, end_here, person_of, present
from core.identity.proof import FIRST
from core.identity.sessions import Ended, Session, SessionFilter, ended, lives
from core.shared.actor import Actor
from core.shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class OwnSessions:
    means: Means

    def all(self, actor: Actor) -> Sequence[Session]:
        """Those at this seller that live, the last seen first."""
        person, now = person_of(actor), self.means.clock.now()
        with self.means.works(actor.tenant) as work:
            policy = work.policy.get().policy
            found = work.sessions.open(SessionFilter(person=person))
        return [session for session in found if lives(session, policy, now)]

    def revoke(self, id: UUID | None, actor: Actor) -> int:
        """End one of those at this seller, or with None all but the actor's own; answers how many.

        All means at every seller, if the session rests on a proof of the person's own: a seller's
        provider does not reach into others. NotFound for a session of somebody else.
        """
        if id is not None:
            return self._one(id, actor)
        session = present(actor, self.means)
        but = {"but": session.id}
        if not FIRST.isdisjoint(session.methods):
            return end_everywhere(session.person, Ended.REVOKED, actor, self.means, **but)
        with self.means.works(actor.tenant) as work:
            count = end_here(session.person, Ended.REVOKED, actor, work, self.means, **but)
            work.commit()
        return count

    def _one(self, id: UUID, actor: Actor) -> int:
        person, now = person_of(actor), self.means.clock.now()
        with self.means.works(actor.tenant) as work:
            session = work.sessions.get(id, lock=True)
            if session is None or session.person != person:
                raise NotFound("there is no such session of yours")
            if session.ended_at is not None:
                return 0
            work.sessions.save(ended(session, Ended.REVOKED, now))
            after = {"person": str(person), "why": Ended.REVOKED.value}
            work.audit.add(AuditEvent("session.ended", actor, "session", str(id), now, after=after))
            work.commit()
        return 1
