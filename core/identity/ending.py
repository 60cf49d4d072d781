"""A seller looks after the sessions of its people, and after those who were not let in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.attempts import Attempt, AttemptFilter
from core.identity.sessions import Ended, Session, SessionFilter, ended, lives, until
from core.shared.actor import Actor, allow
from core.shared.errors import NotFound
from core.shared.paging import Slice
from core.shared.work import Works


def sessions_of(
    person: UUID | None, actor: Actor, *, works: Works, now: datetime
) -> Sequence[tuple[Session, datetime]]:
    """A member's sessions that live, or with None everybody's, and when each ends by itself.

    The last seen first; at most 500.
    """
    allow(actor, "security.read")
    with works(actor.tenant) as work:
        if person is not None and work.members.get(person) is None:
            raise NotFound("there is no such member")
        policy = work.policy.get().policy
        found = work.sessions.open(SessionFilter(person=person))
    return [(one, until(one, policy)) for one in found if lives(one, policy, now)]


def end_session(id: UUID, actor: Actor, *, works: Works, now: datetime) -> None:
    """Whoever is signed in by it is out at once; ending it again changes nothing."""
    allow(actor, "security.write")
    with works(actor.tenant) as work:
        session = work.sessions.get(id, lock=True)
        if session is None:
            raise NotFound("there is no such session")
        if session.ended_at is None:
            work.sessions.save(ended(session, Ended.BY_ADMINISTRATOR, now))
            whose = {"person": str(session.person), "why": Ended.BY_ADMINISTRATOR.value}
            work.audit.add(AuditEvent("session.ended", actor, "session", str(id), now, after=whose))
            work.commit()


def end_sessions_of(person: UUID, actor: Actor, *, works: Works, now: datetime) -> int:
    """The member must sign in anew everywhere; answers how many sessions it were."""
    allow(actor, "security.write")
    with works(actor.tenant) as work:
        if work.members.get(person) is None:
            raise NotFound("there is no such member")
        count = len(work.sessions.end(SessionFilter(person=person), Ended.BY_ADMINISTRATOR, now))
        after = {"count": count, "why": Ended.BY_ADMINISTRATOR.value}
        work.audit.add(AuditEvent("sessions.ended", actor, "member", str(person), now, after=after))
        work.commit()
    return count


def refused(
    only: AttemptFilter, actor: Actor, *, cursor: str | None, limit: int, works: Works
) -> Slice[Attempt]:
    """Sign-ins to this seller that were refused, newest first."""
    allow(actor, "security.read")
    with works(actor.tenant) as work:
        return work.attempts.list(only, cursor=cursor, limit=limit)
