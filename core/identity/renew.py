"""A session goes on: its refresh token is exchanged for the next one. And it ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hmac import compare_digest
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.attempts import Refusal
from core.identity.client import Client
from core.identity.means import Means
from core.identity.policy import SignInPolicy
from core.identity.proof import outside
from core.identity.refusing import WORDS, Tried, at_the_door, fence, write_down
from core.identity.sealing import ready
from core.identity.sessions import Ended, Exchange, Session, ended, exchange, lives, rotated
from core.identity.steps import Entered
from core.identity.tickets import SECRET, Token, parse
from core.identity.write_letter import tell
from core.shared.actor import Actor
from core.shared.errors import SignInRefused
from core.shared.work import Work
from core.tenancy.members import MemberState


@dataclass(frozen=True, slots=True)
class Renew:
    means: Means

    def __call__(self, refresh: str, client: Client) -> Entered:
        """The session with the next refresh token; the offered one opens nothing any more.

        One that was exchanged before ends the session: whoever holds a copy of it is out, and the
        person is told. What the seller's policy says at this moment counts, also for old sessions.
        Raises SignInRefused; or NotFromHere, and then the session stays as it was.
        """
        token, generation = _parsed(refresh)
        with self.means.works(token.realm) as work:
            session = work.sessions.get(token.id, lock=True)
            if session is None:
                raise SignInRefused(WORDS)
            policy, now = work.policy.get().policy, self.means.clock.now()
            matches = compare_digest(session.refresh_digest, token.digest)
            outcome = exchange(session, generation, matches, policy, now)
            if outcome is Exchange.GRANTED:
                return self._granted(session, policy, client, work)
            if outcome is Exchange.REUSED:
                self._reused(session, client, work)
            elif not lives(session, policy, now):
                work.sessions.save(ended(session, Ended.EXPIRED, now))
            work.commit()
        if outcome is Exchange.REUSED:
            ready(session.person, self.means)
            with self.means.works(session.person) as own:
                tell("reused", own, self.means, agent=session.user_agent or "?")
                own.commit()
        raise SignInRefused(WORDS)

    def _granted(
        self, session: Session, policy: SignInPolicy, client: Client, work: Work
    ) -> Entered:
        tried, now = Tried(client, work.tenant_id, session.person), self.means.clock.now()
        member = work.members.get(session.person)
        if member is None or member.state is not MemberState.ACTIVE:
            work.sessions.save(ended(session, Ended.MEMBERSHIP, now))
            work.commit()
            raise SignInRefused(WORDS)
        if session.connection is None and not policy.opens_locally(session.person):
            write_down(Refusal.SSO_ONLY, tried, work, self.means)
            work.commit()
            raise SignInRefused(WORDS)
        if (beyond := outside(policy, client)) is not None:
            fence(beyond, tried, work, self.means)
        entered = renewed(session, work, self.means, client)
        work.commit()
        return entered

    def _reused(self, session: Session, client: Client, work: Work) -> None:
        now = self.means.clock.now()
        work.sessions.save(ended(session, Ended.REUSED, now))
        tried = Tried(client, work.tenant_id, session.person)
        write_down(Refusal.REUSED, tried, work, self.means, f"session {session.id}")
        _note_end(session, Ended.REUSED, at_the_door(work.tenant_id, client), work, self.means)


@dataclass(frozen=True, slots=True)
class SignOut:
    means: Means

    def __call__(self, refresh: str | None, actor: Actor | None) -> Session | None:
        """End the session of the refresh token, else the actor's; answers which it was.

        None where there is none. Signing out once more changes nothing and answers the same.
        """
        found = self._of_token(refresh) if refresh else None
        if found is None and actor is not None and actor.session is not None:
            found = actor.tenant, actor.session
        if found is None:
            return None
        tenant, id = found
        with self.means.works(tenant) as work:
            session = work.sessions.get(id, lock=True)
            if session is None or session.ended_at is not None:
                return session
            over = ended(session, Ended.SIGNED_OUT, self.means.clock.now())
            work.sessions.save(over)
            author = actor or Actor(tenant, "person", str(session.person), session=id)
            _note_end(session, Ended.SIGNED_OUT, author, work, self.means)
            work.commit()
        return over

    def _of_token(self, refresh: str) -> tuple[UUID, UUID] | None:
        """Its seller and session; only the token of the present generation tells."""
        try:
            token, _ = _parsed(refresh)
        except SignInRefused:
            return None
        with self.means.works(token.realm) as work:
            session = work.sessions.get(token.id)
        if session is None or not compare_digest(session.refresh_digest, token.digest):
            return None
        return token.realm, token.id


def refresh_text(token: Token, generation: int) -> str:
    """A refresh token as it travels."""
    return f"{token}.{generation}"


def renewed(session: Session, work: Work, means: Means, client: Client | None = None) -> Entered:
    """The next generation, in the open work of the seller; the client is where it is seen now."""
    token = Token(work.tenant_id, session.id, means.random(SECRET))
    after = rotated(session, token.digest, means.clock.now())
    if client is not None:
        after = replace(after, ip=client.ip, country=client.country, user_agent=client.user_agent)
    work.sessions.save(after)
    return Entered(after, work.tenant_id, refresh_text(token, after.generation), new_device=False)


def _parsed(refresh: str) -> tuple[Token, int]:
    """SignInRefused for what no house of ours has written."""
    text, _, generation = refresh.rpartition(".")
    token = parse(text)
    if token is None or not generation.isascii() or not generation.isdigit() or len(generation) > 9:
        raise SignInRefused(WORDS)
    return token, int(generation)


def _note_end(session: Session, why: Ended, actor: Actor, work: Work, means: Means) -> None:
    now, after = means.clock.now(), {"person": str(session.person), "why": why.value}
    work.audit.add(AuditEvent("session.ended", actor, "session", str(session.id), now, after=after))
