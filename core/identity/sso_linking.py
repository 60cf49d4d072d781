"""A member with credentials of their own, and a provider that says it is them: proven once."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.identity.attempts import Refusal
from core.identity.client import Client
from core.identity.codes import WRONG_CODES
from core.identity.known import know
from core.identity.means import Means
from core.identity.opening import Opening
from core.identity.proof import Proof
from core.identity.refusing import Refusing, Tried
from core.identity.sso import Connection, Identity
from core.identity.sso_people import Known
from core.identity.steps import Step
from core.identity.tickets import SECRET, Purpose, Ticket, Token, parse, ticket
from core.tenancy.members import MemberState

CLOSED = "no such link is open"


@dataclass(frozen=True, slots=True)
class Linking:
    means: Means

    def whom(self, seen: Known) -> UUID | None:
        """The member who must prove that it is them; None where nobody has to. By an address alone
        nobody becomes a person who has a password or a second factor."""
        member = seen.member
        if member is None or seen.linked or member.state is not MemberState.ACTIVE:
            return None
        with self.means.works(member.id) as own:
            account = own.account.get()
            has_own = account is not None and bool(account.password or own.factors.all())
        return member.id if has_own else None

    def ask(
        self,
        person: UUID,
        tenant: UUID,
        identity: Identity,
        connection: Connection,
        *,
        remember: bool,
    ) -> str:
        """The ticket by which the person proves it."""
        token = Token(tenant, self.means.ids(), self.means.random(SECRET))
        data = {
            "connection": str(connection.id),
            "remember": remember,
            "person": str(person),
            "subject": identity.subject,
            "session": identity.session,
        }
        with self.means.works(tenant) as work:
            work.tickets.add(ticket(token, Purpose.LINK, data, self.means.clock.now()))
            work.commit()
        return str(token)

    def prove(self, text: str, password: str, client: Client) -> Step:
        """A wrong password counts as a guess, and five use the ticket up."""
        token, asked = self._asked(text, client)
        person, means = UUID(asked.data["person"]), self.means
        with means.works(person) as own:
            known = know(own, client)
        tried, this = Tried(client, token.realm, person), known.guess(client)
        refuse = Refusing(means)
        refuse.count(this, tried)
        hash = known.account.password if known.account else None
        if not means.hasher.verify(hash, password) or hash is None:
            self._wrong(token)
            refuse(Refusal.PASSWORD, tried)
        self._use(token, tried)
        proof = Proof(
            ("sso", "password"),
            asked.data["remember"],
            means.clock.now(),
            UUID(asked.data["connection"]),
            asked.data["subject"],
            asked.data["session"],
            links=True,
        )
        return Opening(means)(known, proof, token.realm, client, this)

    def _asked(self, text: str, client: Client) -> tuple[Token, Ticket]:
        token, refuse = parse(text), Refusing(self.means)
        if token is None:
            refuse(Refusal.SSO, Tried(client), CLOSED)
        now = self.means.clock.now()
        with self.means.works(token.realm) as work:
            asked = work.tickets.look(token.id, token.digest, Purpose.LINK, now)
            connection = work.sso.get(UUID(asked.data["connection"])) if asked else None
        if asked is None or connection is None or not connection.enabled:
            refuse(Refusal.SSO, Tried(client), CLOSED)
        return token, asked

    def _wrong(self, token: Token) -> None:
        with self.means.works(token.realm) as work:
            work.tickets.tried(token.id, WRONG_CODES)
            work.commit()

    def _use(self, token: Token, tried: Tried) -> None:
        with self.means.works(token.realm) as work:
            now = self.means.clock.now()
            taken = work.tickets.take(token.id, token.digest, Purpose.LINK, now)
            work.commit()
        if taken is None:
            Refusing(self.means)(Refusal.SSO, tried, CLOSED)
