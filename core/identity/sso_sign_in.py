"""Single sign-on: away to the seller's identity provider, back with its word, and in.

A provider speaks for its own seller alone: whatever it says opens a session there and nowhere else,
and never stands in for a proof of the person's own.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.attempts import Refusal
from core.identity.client import Client
from core.identity.means import Away, IdentityProviders, Means, NotProven
from core.identity.open_realm import open_realm
from core.identity.refusing import Refusing, Tried
from core.identity.sessions import Ended, Session, SessionFilter
from core.identity.sign_in import SignIn
from core.identity.sso import Connection, Identity, SsoKind
from core.identity.sso_connections import address, open_secret
from core.identity.sso_linking import Linking
from core.identity.sso_people import Known, admits, known, settle
from core.identity.steps import Step
from core.identity.tickets import SECRET, Purpose, Ticket, Token, parse, ticket
from core.identity.tries import Tries, Try, network_key
from core.shared.actor import Actor
from core.shared.errors import Conflict, Invalid, NotFound, Unavailable

_HEARD = timedelta(days=1)
_LONGEST_DETAIL = 200
_TRIES = 3


@dataclass(frozen=True, slots=True)
class NeedsLink:
    """The member has credentials of their own, and proves by them once that the provider's account
    is theirs."""

    ticket: str


@dataclass(frozen=True, slots=True)
class _Back:
    """Somebody has come back from a provider, in the browser that went."""

    tenant: UUID
    connection: Connection
    remember: bool
    client: Client


@dataclass(frozen=True, slots=True)
class SsoSignIn:
    means: Means
    providers: IdentityProviders
    sign_in: SignIn

    def begin(
        self,
        tenant: UUID,
        connection: UUID,
        *,
        remember: bool,
        flow: str,
        client: Client,
        fresh: bool = False,
    ) -> str:
        """Where to send the browser. There is no way to name another place to come back to.

        With `fresh` the provider asks them anew, and the session that is opened may do what needs a
        recent proof at this seller; what is the person's own needs one of their own all the same.
        `flow` is a secret of this browser's: whoever lacks it cannot come back with the answer.
        NotFound for a connection that is not offered, Unavailable for a provider that is silent.
        """
        means = self.means
        with means.works(tenant) as work:
            found = work.sso.get(connection)
        if found is None or not found.enabled:
            raise NotFound("there is no such connection")
        token = Token(tenant, means.ids(), means.random(SECRET))
        away = self._away(found, token, client, fresh=fresh)
        data = {
            "connection": str(found.id),
            "flow": _digest(flow),
            "remember": remember,
            "kept": b64encode(means.vault.seal(tenant, token.id, away.kept)).decode(),
        }
        with means.works(tenant) as work:
            work.tickets.add(ticket(token, Purpose.SSO, data, means.clock.now()))
            work.commit()
        return away.url

    def finish(self, answer: Mapping[str, str], flow: str, client: Client) -> Step | NeedsLink:
        """`answer` is what came back in the query or the form; from an OpenID provider, besides, as
        `connection` the id in the address that it came to. (A SAML response names that address
        itself, under its signature.)

        Its state is used up, whatever becomes of it. SignInRefused for every answer that does not
        hold, in the same words; the seller's log knows more. Answers that do not hold count against
        the network they come from: nobody fills the log by making them up.
        """
        this = Try(network_key(client.ip))
        Refusing(self.means).count(this, Tried(client))
        token, taken = self._taken(answer, client)
        back = self._returned(token, taken, answer, flow, client)
        kept = self.means.vault.open(token.realm, token.id, b64decode(taken.data["kept"]))
        return self._come_in(back, self._word(back, answer, kept, this))

    def link(self, ticket: str, password: str, client: Client) -> Step:
        """After NeedsLink: the member's own password, and their second factor where the seller asks
        for one. The link is made when they are in, and their word is enough from then on.

        A wrong password counts as a guess, and five use the ticket up.
        """
        return Linking(self.means).prove(ticket, password, client)

    def logged_out(self, tenant: UUID, connection: UUID, logout_token: str) -> int:
        """The provider ends sessions from behind; answers how many. A token works once.

        NotFound and Invalid for what ends none: the provider's operator should hear of it.
        """
        now, means = self.means.clock.now(), self.means
        with means.works(tenant) as work:
            found = work.sso.get(connection)
        if found is None:
            raise NotFound("there is no such connection")
        try:
            word = self.providers.ended(found, logout_token, now)
        except NotProven as error:
            raise Invalid({"logout_token": str(error)}) from None
        whose = SessionFilter(None, connection, word.subject, word.session)
        with means.works(tenant) as work:
            if not work.sso.used(connection, word.token, now, word.expires_at):
                raise Invalid({"logout_token": "was used before"})
            count = len(work.sessions.end(whose, Ended.PROVIDER, now))
            after = {"count": count, "why": Ended.PROVIDER.value, "subject": word.subject}
            who, what = _provider(tenant, found), ("sso_connection", str(connection))
            work.audit.add(AuditEvent("sessions.ended", who, *what, now, after=after))
            work.commit()
        return count

    def farewell(self, session: Session, tenant: UUID) -> str | None:
        """The provider's own sign-out page, from which people come back to our sign-in page; None
        where there is none, or it cannot be asked: signing out here does not depend on it."""
        if session.connection is None:
            return None
        with self.means.works(tenant) as work:
            found = work.sso.get(session.connection)
        try:
            back = f"{self.means.base_url}/sign-in"
            return self.providers.farewell(found, back) if found else None
        except (NotProven, Unavailable):
            return None

    def _away(self, sso: Connection, token: Token, client: Client, *, fresh: bool) -> Away:
        tenant, means = token.realm, self.means
        secret, back = open_secret(means, tenant, sso), address(means.base_url, tenant, sso)
        try:
            return self.providers.begin(sso, secret, _state(sso, token), back, fresh=fresh)
        except NotProven as error:
            Refusing(means).note(Refusal.SSO, Tried(client, tenant), _line(error))
            raise Unavailable("the identity provider cannot be used as it is") from None

    def _taken(self, answer: Mapping[str, str], client: Client) -> tuple[Token, Ticket]:
        """The sign-in that the state belongs to; of any number of answers one gets it."""
        token = parse(answer.get("state") or answer.get("RelayState") or "")
        if token is None:
            self._refuse(Tried(client), "the state is none of ours")
        now = self.means.clock.now()
        with self.means.works(token.realm) as work:
            taken = work.tickets.take(token.id, token.digest, Purpose.SSO, now)
            work.commit()
        if taken is None:
            self._refuse(Tried(client), "the state opens nothing, or no more")
        return token, taken

    def _returned(
        self,
        token: Token,
        taken: Ticket,
        answer: Mapping[str, str],
        flow: str,
        client: Client,
    ) -> _Back:
        """Refused where another browser comes back, or to another connection's address."""
        tried, id = Tried(client, token.realm), taken.data["connection"]
        if not hmac.compare_digest(taken.data["flow"], _digest(flow)):
            self._refuse(tried, "another browser came back with the answer")
        with self.means.works(token.realm) as work:
            connection = work.sso.get(UUID(id))
        if connection is None or not connection.enabled:
            self._refuse(tried, "the connection is off")
        if connection.kind is not SsoKind.SAML and answer.get("connection") != id:
            self._refuse(tried, "the answer came to another connection's address")
        if "error" in answer:
            self._refuse(tried, f"the provider says {answer['error']}")
        return _Back(token.realm, connection, taken.data["remember"], client)

    def _word(
        self, back: _Back, answer: Mapping[str, str], kept: Mapping[str, str], this: Try
    ) -> Identity:
        """What the provider says of them. A provider that is silent is not held against them."""
        means, sso = self.means, back.connection
        secret = open_secret(means, back.tenant, sso)
        came_to = address(means.base_url, back.tenant, sso)
        try:
            word = self.providers.finish(sso, secret, answer, kept, came_to, means.clock.now())
        except NotProven as error:
            self._refuse(Tried(back.client, back.tenant), error)
        except Unavailable:
            Tries(means).right(this)
            raise
        Tries(means).right(this)
        if word.once is not None and not self._first(word.once, back):
            self._refuse(Tried(back.client, back.tenant), "its word was heard before")
        return word

    def _first(self, once: str, back: _Back) -> bool:
        """Whether a word that could be brought again is heard for the first time. It answers a
        sign-in that is over in minutes: a day later it opens nothing anyhow."""
        now = self.means.clock.now()
        with self.means.works(back.tenant) as work:
            first = work.sso.used(back.connection.id, once, now, now + _HEARD)
            work.commit()
        return first

    def _come_in(self, back: _Back, identity: Identity) -> Step | NeedsLink:
        if not admits(back.connection.rules, identity):
            tried = Tried(back.client, back.tenant, email=identity.email)
            self._refuse(tried, "the address is not a verified one of the domains")
        linking = Linking(self.means)
        for _ in range(_TRIES):
            with self.means.works(back.tenant) as work:
                seen = known(work, back.connection, identity)
            if (person := linking.whom(seen)) is not None:
                sso, remember = back.connection, back.remember
                return NeedsLink(linking.ask(person, back.tenant, identity, sso, remember=remember))
            try:
                return self._enter(back, identity, seen)
            except Conflict:
                continue  # the same person, in two windows: the other one was quicker
        raise Unavailable("the same person signs in too often at once")

    def _enter(self, back: _Back, identity: Identity, seen: Known) -> Step:
        tenant, client, now = back.tenant, back.client, self.means.clock.now()
        actor = _provider(tenant, back.connection, client)
        with self.means.works(tenant) as work:
            member = settle(work, back.connection, identity, seen, actor, self.means.ids, now)
            seller = work.tenants.get()
            work.commit()
        if member is None:
            person = seen.member.id if seen.member else None
            tried = Tried(client, tenant, person, identity.email)
            self._refuse(tried, "nobody by subject or address", Refusal.NOT_A_MEMBER)
        open_realm(member, seller, self.means)
        return self.sign_in.vouched(
            member.id, tenant, identity, back.connection, remember=back.remember, client=client
        )

    def _refuse(
        self, tried: Tried, why: str | NotProven, reason: Refusal = Refusal.SSO
    ) -> NoReturn:
        Refusing(self.means)(reason, tried, _line(why))


def _provider(tenant: UUID, connection: Connection, client: Client | None = None) -> Actor:
    """The provider, acting for a person who is not in, or by itself."""
    client = client or Client()
    return Actor(
        tenant,
        "system",
        f"sso:{connection.id}",
        ip=client.ip,
        user_agent=client.user_agent,
        correlation_id=client.correlation_id,
    )


def _state(sso: Connection, token: Token) -> str:
    """SAML's RelayState has at most 80 bytes (Bindings, section 3.4.3). Its realm is in the address
    that the answer comes to."""
    return token.brief if sso.kind is SsoKind.SAML else str(token)


def _digest(flow: str) -> str:
    return hashlib.sha256(flow.encode()).hexdigest()


def _line(said: str | Exception) -> str:
    """A stranger's words as one short line of the log."""
    return "".join(c for c in str(said) if c.isprintable())[:_LONGEST_DETAIL]
