"""Proving oneself once more, before a dangerous act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.audit.events import AuditEvent
from core.identity.attempts import Refusal
from core.identity.codes import fits
from core.identity.known import Known, know
from core.identity.means import Means, NotProven
from core.identity.own import author, client_of, person_of, present
from core.identity.passkey_sign_in import answered, challenge, passkeys_of
from core.identity.refusing import Refusing, Tried
from core.identity.renew import renewed
from core.identity.sealing import ready
from core.identity.sessions import Session
from core.identity.steps import Entered
from core.identity.tickets import Purpose, parse
from core.identity.tries import Tries, Try, network_key
from core.shared.actor import Actor
from core.shared.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Reprove:
    """Each wrong proof counts as a guess, is written down, and is SignInRefused.

    A right one raises the session: dangerous acts may follow for a while, and its refresh token is
    exchanged, so that one that was stolen before is worth nothing more.
    """

    means: Means

    def options(self, actor: Actor) -> tuple[str, Mapping[str, Any]]:
        """A challenge for one of the person's passkeys: its ticket, and what the browser gets."""
        person = person_of(actor)
        with self.means.works(person) as own:
            known = passkeys_of(own)
        return challenge(person, known, {"session": str(actor.session)}, self.means)

    def by_password(self, password: str, actor: Actor) -> Entered:
        password_right(password, actor, self.means)
        return self._raise("password", actor)

    def by_code(self, method: str, code: str, actor: Actor) -> Entered:
        """By `totp` or `backup_code`."""
        session = present(actor, self.means)
        known, this, tried = _counted(session, actor, self.means)
        ready(known.person, self.means)
        with self.means.works(known.person) as own:
            who = author(actor, known.person)
            right = fits(method, code, None, own, self.means, who)
            if right:
                own.commit()
        if not right:
            Refusing(self.means)(Refusal.SECOND_FACTOR, tried)
        Tries(self.means).entered(this)
        return self._raise(method, actor)

    def by_passkey(self, ticket: str, credential: Mapping[str, Any], actor: Actor) -> Entered:
        """The challenge is used up, whatever comes of it. No lock of the account stops it."""
        session, refuse = present(actor, self.means), Refusing(self.means)
        this = Try(network_key(actor.ip))
        tried = Tried(client_of(actor, session), actor.tenant, session.person)
        refuse.count(this, tried)
        asked = self._take(ticket, session)
        try:
            if asked is None:
                raise NotProven("no such challenge is open")
            with self.means.works(session.person) as own:
                answered(credential, bytes.fromhex(asked["challenge"]), own, self.means)
                own.commit()
        except NotProven as error:
            refuse(Refusal.SECOND_FACTOR, tried, f"passkey: {error}")
        Tries(self.means).entered(this)
        return self._raise("passkey", actor)

    def _take(self, text: str, session: Session) -> Mapping[str, Any] | None:
        """What was asked of this session; None where nothing was."""
        token = parse(text)
        if token is None or token.realm != session.person:
            return None
        with self.means.works(token.realm) as own:
            now = self.means.clock.now()
            taken = own.tickets.take(token.id, token.digest, Purpose.CHALLENGE, now)
            own.commit()
        mine = taken is not None and taken.data.get("session") == str(session.id)
        return taken.data if taken and mine else None

    def _raise(self, method: str, actor: Actor) -> Entered:
        now = self.means.clock.now()
        assert actor.session is not None
        with self.means.works(actor.tenant) as work:
            session = work.sessions.get(actor.session, lock=True)
            if session is None or session.ended_at is not None:
                raise NotAllowed("this session is over")
            methods = tuple(dict.fromkeys((*session.methods, method)))
            entered = renewed(replace(session, methods=methods, proven_at=now), work, self.means)
            what, after = ("session", str(session.id)), {"method": method}
            work.audit.add(AuditEvent("session.proven", actor, *what, now, after=after))
            work.commit()
        return entered


def password_right(password: str, actor: Actor, means: Means) -> Session:
    """The actor's session, if this is the person's password; else SignInRefused, or TooManyTries
    where there were too many of them."""
    session = present(actor, means)
    known, this, tried = _counted(session, actor, means)
    hash = known.account.password if known.account else None
    if not means.hasher.verify(hash, password):
        Refusing(means)(Refusal.PASSWORD, tried)
    Tries(means).entered(this)
    return session


def _counted(session: Session, actor: Actor, means: Means) -> tuple[Known, Try, Tried]:
    """A guess of somebody who is signed in, counted before it is looked at."""
    client = client_of(actor, session)
    with means.works(session.person) as own:
        known = know(own, client)
    email = known.account.email if known.account else None
    tried, this = Tried(client, actor.tenant, session.person, email), known.guess(client)
    Refusing(means).count(this, tried)
    return known, this, tried
