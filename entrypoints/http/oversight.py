"""What supervisors look after: sessions, who was refused, and whether the agent may act alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.identity.attempts import Attempt, AttemptFilter, Refusal
from core.identity.ending import end_session, end_sessions_of, refused, sessions_of
from core.identity.sessions import Session
from core.policies.readiness import Item, readiness
from core.shared.actor import Actor, allow
from core.shared.work import Works
from entrypoints.http.wire import (
    NOTHING,
    Answer,
    Json,
    id_or_none,
    moment,
    page,
    to_id_or_none,
    to_moment,
)
from ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Oversight:
    works: Works
    clock: Clock

    def sessions(self, user: Actor) -> Answer:
        return self._sessions(None, user)

    def sessions_of(self, id: str, user: Actor) -> Answer:
        return self._sessions(UUID(id), user)

    def end(self, id: str, user: Actor) -> Answer:
        end_session(UUID(id), user, works=self.works, now=self.clock.now())
        return NOTHING

    def end_of(self, id: str, user: Actor) -> Answer:
        ended = end_sessions_of(UUID(id), user, works=self.works, now=self.clock.now())
        return {"count": ended}

    def refused(
        self,
        user: Actor,
        limit: int,
        cursor: str | None = None,
        person: str | None = None,
        ip: str | None = None,
        reason: str | None = None,
        since: str | None = None,
    ) -> Answer:
        why = Refusal(reason) if reason else None
        only = AttemptFilter(to_id_or_none(person), ip, why, to_moment(since))
        return page(refused(only, user, cursor=cursor, limit=limit, works=self.works), _attempt)

    def readiness(self, user: Actor) -> Answer:
        allow(user, "security.read")
        with self.works(user.tenant) as work:
            items = readiness(work)
        return {"ready": all(item.ok for item in items), "items": [_item(item) for item in items]}

    def _sessions(self, person: UUID | None, user: Actor) -> Answer:
        found = sessions_of(person, user, works=self.works, now=self.clock.now())
        return {"items": [_session(session, ends) for session, ends in found]}


def _session(session: Session, ends: datetime) -> Json:
    return {
        "id": str(session.id),
        "person": str(session.person),
        "device": str(session.device),
        "methods": [*session.methods],
        "created_at": moment(session.created_at),
        "last_seen_at": moment(session.last_seen_at),
        "ends_at": moment(ends),
        "remembered": session.remembered,
        "connection": id_or_none(session.connection),
        "user_agent": session.user_agent,
        "ip": session.ip,
        "country": session.country,
    }


def _attempt(attempt: Attempt) -> Json:
    return {
        "id": str(attempt.id),
        "reason": attempt.reason,
        "at": moment(attempt.at),
        "person": id_or_none(attempt.person),
        "email": attempt.email,
        "ip": attempt.ip,
        "country": attempt.country,
        "user_agent": attempt.user_agent,
        "device": id_or_none(attempt.device),
        "detail": attempt.detail,
    }


def _item(item: Item) -> Json:
    return {"id": item.id, "ok": item.ok, "reason": item.reason, "mend": item.mend}
