"""The second step of a sign-in by a code that is typed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.identity.attempts import Refusal
from core.identity.client import Client
from core.identity.codes import WRONG_CODES, fits, sent_code
from core.identity.factors import FactorKind
from core.identity.known import Known, know
from core.identity.means import Means
from core.identity.opening import Opening
from core.identity.proof import proof_of
from core.identity.refusing import Refusing, Tried, at_the_door
from core.identity.sealing import ready
from core.identity.steps import Step
from core.identity.tickets import Purpose, Ticket, Token, parse
from core.identity.tries import Tries
from core.identity.write_letter import write_code
from core.shared.work import Work


@dataclass(frozen=True, slots=True)
class SecondStep:
    means: Means

    def by_code(self, text: str, method: str, code: str, client: Client) -> Step:
        """Code and ticket are used up together, or neither; a wrong code counts as a guess."""
        refuse, begun = Refusing(self.means), self._begun(text, client)
        if begun is None:
            refuse(Refusal.SECOND_FACTOR, Tried(client), "no such step is open")
        token, ticket, known = begun
        seller = UUID(ticket.data["tenant"])
        email = known.account.email if known.account else None
        tried, this = Tried(client, seller, known.person, email), known.guess(client)
        refuse.count(this, tried)
        if method not in ticket.data["may"] or not self._use(token, ticket, method, code, client):
            self._wrong(token)
            refuse(Refusal.SECOND_FACTOR, tried)
        proof = proof_of(ticket.data).also(method, self.means.clock.now())
        return Opening(self.means)(known, proof, seller, client, this)

    def text_code(self, text: str, client: Client) -> None:
        """The ticket's code to the phone that was proven last, by the seller's channel."""
        begun = self._begun(text, client)
        if begun is None or "sms" not in begun[1].data["may"]:
            return
        token, ticket, _ = begun
        ready(token.realm, self.means)
        with self.means.works(token.realm) as own:
            code, phone = sent_code(ticket, own, self.means), self._phone(own)
            language = own.tenants.get().language
        if code is None or phone is None or not Tries(self.means).may_write(phone):
            return
        seller = UUID(ticket.data["tenant"])
        ready(seller, self.means)
        with self.means.works(seller) as work:
            channel = work.policy.get().policy.sms_channel
            if channel is not None:
                write_code(
                    code, to=phone, language=language, channel=channel, work=work, means=self.means
                )
                work.commit()

    def _begun(self, text: str, client: Client) -> tuple[Token, Ticket, Known] | None:
        token = parse(text)
        if token is None:
            return None
        with self.means.works(token.realm) as own:
            now = self.means.clock.now()
            ticket = own.tickets.look(token.id, token.digest, Purpose.SECOND_FACTOR, now)
            return None if ticket is None else (token, ticket, know(own, client))

    def _use(self, token: Token, ticket: Ticket, method: str, code: str, client: Client) -> bool:
        ready(token.realm, self.means)
        with self.means.works(token.realm) as own:
            actor, now = at_the_door(token.realm, client), self.means.clock.now()
            if not fits(method, code, ticket, own, self.means, actor):
                return False
            if own.tickets.take(token.id, token.digest, Purpose.SECOND_FACTOR, now) is None:
                return False
            own.commit()
            return True

    def _wrong(self, token: Token) -> None:
        with self.means.works(token.realm) as own:
            own.tickets.tried(token.id, WRONG_CODES)
            own.commit()

    def _phone(self, own: Work) -> str | None:
        phones = [factor for factor in own.factors.all() if factor.kind is FactorKind.SMS]
        if not phones:
            return None
        opened = self.means.vault.open(own.tenant_id, phones[-1].id, phones[-1].sealed)
        phone: str = opened["phone"]
        return phone
