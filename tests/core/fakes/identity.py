"""The stores of sign-in, of all three realms: the person's, the seller's and the operator's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from core.identity.access import KeyStands, PersonStands
from core.identity.attempts import Attempt, AttemptFilter
from core.identity.letters import Letter
from core.identity.lockout import Lockout, wait
from core.identity.policy import KeptPolicy, SignInPolicy
from core.identity.sessions import Ended, Session, SessionFilter, ended
from core.identity.sso import Connection, Link
from core.identity.tickets import Purpose, Ticket
from core.policies.roles import permissions_of
from core.shared.errors import Conflict
from core.shared.paging import Slice
from tests.core.fakes import accounts
from tests.core.fakes.stores import Store, page


class Policies(Store):
    def get(self) -> KeptPolicy:
        return self.t.policy.get("self", KeptPolicy(SignInPolicy(), 0))

    def save(self, kept: KeptPolicy) -> None:
        if self.get().version != kept.version - 1:
            raise Conflict("the policy was changed meanwhile")
        self.t.policy["self"] = kept


class Connections(Store):
    def get(self, id: UUID) -> Connection | None:
        return self.t.connections.get(id)

    def all(self) -> Sequence[Connection]:
        return sorted(self.t.connections.values(), key=lambda c: (c.created_at, c.id))

    def add(self, connection: Connection) -> None:
        self.t.connections[connection.id] = connection

    def save(self, connection: Connection) -> None:
        if self.t.connections[connection.id].version != connection.version - 1:
            raise Conflict("the connection was changed meanwhile")
        self.t.connections[connection.id] = connection

    def remove(self, id: UUID) -> bool:
        for key in [k for k in self.t.links if k[0] == id]:
            del self.t.links[key]
        return self.t.connections.pop(id, None) is not None

    def link(self, connection: UUID, subject: str) -> Link | None:
        return self.t.links.get((connection, subject))

    def add_link(self, link: Link) -> None:
        if (link.connection, link.subject) in self.t.links:
            raise Conflict("the subject is linked already")
        self.t.links[link.connection, link.subject] = link

    def links_of(self, person: UUID) -> Sequence[Link]:
        return [link for link in self.t.links.values() if link.person == person]

    def used(self, connection: UUID, token: str, now: datetime, until: datetime) -> bool:
        fresh = (connection, token) not in self.t.sso_tokens
        self.t.sso_tokens.add((connection, token))
        return fresh


class Sessions(Store):
    def get(self, id: UUID, *, lock: bool = False) -> Session | None:
        return self.t.sessions.get(id)

    def add(self, session: Session) -> None:
        if session.id in self.t.sessions:
            raise Conflict("there is a session of this id already")
        self.t.sessions[session.id] = session

    def save(self, session: Session) -> None:
        self.t.sessions[session.id] = session

    def open(self, only: SessionFilter) -> Sequence[Session]:
        rows = sorted(self.t.sessions.values(), key=lambda s: (s.last_seen_at, s.id), reverse=True)
        return [s for s in rows if s.ended_at is None and _meets(s, only)]

    def end(self, only: SessionFilter, why: Ended, now: datetime) -> Sequence[UUID]:
        found = self.open(only)
        for session in found:
            self.save(ended(session, why, now))
        return [session.id for session in found]


class Attempts(Store):
    def add(self, attempt: Attempt) -> None:
        self.t.attempts[attempt.id] = attempt

    def list(self, only: AttemptFilter, *, cursor: str | None, limit: int) -> Slice[Attempt]:
        rows = sorted(self.t.attempts.values(), key=lambda a: (a.at, a.id), reverse=True)
        wanted = [
            a
            for a in rows
            if only.person in (None, a.person)
            and only.ip in (None, a.ip)
            and only.reason in (None, a.reason)
            and (only.since is None or a.at >= only.since)
        ]
        return page(wanted, cursor, limit)


class Access(Store):
    def session(self, id: UUID) -> PersonStands | None:
        session = self.t.sessions.get(id)
        member = self.t.members.get(session.person) if session else None
        if session is None or member is None:
            return None
        permissions = permissions_of(member.roles, self.t.roles)
        return PersonStands(session, member, permissions, Policies(self.t, self.world).get().policy)

    def key(self, id: UUID) -> KeyStands | None:
        key = self.t.api_keys.get(id)
        return KeyStands(key, Policies(self.t, self.world).get().policy) if key else None


class Tickets(Store):
    def add(self, ticket: Ticket) -> None:
        if ticket.id in self.t.tickets:
            raise Conflict("there is a ticket of this id already")
        self.t.tickets[ticket.id] = ticket

    def look(self, id: UUID, digest: bytes, purpose: Purpose, now: datetime) -> Ticket | None:
        ticket: Ticket | None = self.t.tickets.get(id)
        if ticket is None or (ticket.digest, ticket.purpose) != (digest, purpose):
            return None
        return ticket if ticket.used_at is None and now < ticket.expires_at else None

    def take(self, id: UUID, digest: bytes, purpose: Purpose, now: datetime) -> Ticket | None:
        ticket = self.look(id, digest, purpose, now)
        if ticket is not None:
            self.t.tickets[id] = replace(ticket, used_at=now)
        return ticket

    def tried(self, id: UUID, limit: int) -> int:
        ticket = self.t.tickets.get(id)
        if ticket is None:
            return limit
        tries = ticket.tries + 1
        over = ticket.created_at if tries >= limit else ticket.expires_at
        self.t.tickets[id] = replace(ticket, tries=tries, expires_at=over)
        return tries

    def drop(self, purpose: Purpose, **data: str) -> int:
        open_ = [
            t
            for t in self.t.tickets.values()
            if t.purpose is purpose
            and t.used_at is None
            and t.expires_at > t.created_at
            and data.items() <= {k: v for k, v in t.data.items() if isinstance(v, str)}.items()
        ]
        for ticket in open_:
            self.t.tickets[ticket.id] = replace(ticket, expires_at=ticket.created_at)
        return len(open_)


class Lockouts(Store):
    def get(self, key: str) -> Lockout:
        return self.t.lockouts.get(key, Lockout(key))

    def save(self, lockout: Lockout) -> None:
        self.t.lockouts[lockout.key] = lockout

    def locked(self, now: datetime) -> list[Lockout]:
        found = [lockout for lockout in self.t.lockouts.values() if wait(lockout, now)]
        return sorted(found, key=lambda lockout: (wait(lockout, now), lockout.key), reverse=True)


class Letters(Store):
    def get(self, id: UUID) -> Letter | None:
        return self.t.letters.get(id)

    def add(self, letter: Letter) -> None:
        self.t.letters[letter.id] = letter

    def save(self, letter: Letter) -> None:
        self.t.letters[letter.id] = letter


def _meets(session: Session, only: SessionFilter) -> bool:
    return (
        only.person in (None, session.person)
        and only.connection in (None, session.connection)
        and only.sso_subject in (None, session.sso_subject)
        and only.sso_session in (None, session.sso_session)
        and only.other_than != session.id
    )


STORES: dict[str, Any] = {
    "policy": Policies,
    "sso": Connections,
    "sessions": Sessions,
    "attempts": Attempts,
    "access": Access,
    **accounts.STORES,
    "tickets": Tickets,
    "lockouts": Lockouts,
    "letters": Letters,
}
