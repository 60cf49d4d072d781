"""What a SAML provider makes the browser bring, kept until a page of ours comes for it.

The browser comes from another site then, and brings no cookie of the sign-in that it began. So
nothing is believed: the answer waits, unread, under a one-time ticket.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from core.identity.means import Means
from core.identity.tickets import SECRET, Purpose, Token, parse, ticket
from core.shared.errors import SignInRefused

LONGEST = 256 * 1024
"""Characters of a response; one with hundreds of groups has a tenth of it."""


@dataclass(frozen=True, slots=True)
class SsoAnswers:
    means: Means

    def keep(self, tenant: UUID, answer: str, state: str) -> str | None:
        """The ticket; None where nobody is away with this state at this seller, so that strangers
        cannot fill the house. One state keeps one answer, the last."""
        sent, now = parse(state, tenant), self.means.clock.now()
        if sent is None or len(answer) > LONGEST:
            return None
        token = Token(tenant, self.means.ids(), self.means.random(SECRET))
        plain = {"answer": answer, "state": str(sent)}
        sealed = self.means.vault.seal(tenant, token.id, plain)
        data = {"of": str(sent.id), "sealed": b64encode(sealed).decode()}
        with self.means.works(tenant) as work:
            if work.tickets.look(sent.id, sent.digest, Purpose.SSO, now) is None:
                return None
            work.tickets.drop(Purpose.ANSWER, of=str(sent.id))
            work.tickets.add(ticket(token, Purpose.ANSWER, data, now))
            work.commit()
        return str(token)

    def taken(self, text: str) -> Mapping[str, str]:
        """The answer, once, as the provider's form had it; its state is whole again."""
        token, now = parse(text), self.means.clock.now()
        if token is None:
            raise SignInRefused("that did not open anything")
        with self.means.works(token.realm) as work:
            kept = work.tickets.take(token.id, token.digest, Purpose.ANSWER, now)
            work.commit()
        if kept is None:
            raise SignInRefused("that did not open anything")
        sealed = b64decode(kept.data["sealed"])
        opened = self.means.vault.open(token.realm, token.id, sealed)
        return {"SAMLResponse": opened["answer"], "RelayState": opened["state"]}
