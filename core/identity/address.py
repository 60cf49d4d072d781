"""The address by which a person is found, and by which they are written to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.audit.events import AuditEvent
from core.identity.account import fold_email
from core.identity.client import Client
from core.identity.lockout import LETTERS
from core.identity.means import Means
from core.identity.own import by_link, person_of, prove_own
from core.identity.sealing import ready
from core.identity.tickets import SECRET, Purpose, Token, parse, ticket
from core.identity.tries import Tries
from core.identity.write_letter import tell
from core.shared.actor import Actor
from core.shared.errors import Conflict, NotFound, TooManyTries

OVER = "this link opens nothing, or nothing any more"


@dataclass(frozen=True, slots=True)
class Email:
    means: Means

    def ask(self, email: str, actor: Actor) -> None:
        """A letter with a link to the new address; until it is followed nothing changes.

        Nobody learns here whether somebody else has the address. Whoever came by their employer's
        directory proves the address they came with without a proof of their own: they have none.
        """
        folded, person = fold_email(email), person_of(actor)
        with self.means.works(person) as own:
            account = own.account.get()
        if account is None:
            raise NotFound("there is no such account")
        if account.email == folded and account.email_verified_at is not None:
            return
        if account.email != folded:
            prove_own(actor, self.means)
        if not Tries(self.means).may_write(folded):
            raise TooManyTries(LETTERS.lock.total_seconds())
        token = Token(person, self.means.ids(), self.means.random(SECRET))
        ready(person, self.means)
        with self.means.works(person) as own:
            own.tickets.drop(Purpose.EMAIL)
            now = self.means.clock.now()
            own.tickets.add(ticket(token, Purpose.EMAIL, {"email": folded}, now))
            tell("confirm_email", own, self.means, to=folded, token=str(token))
            own.commit()

    def confirm(self, token: str) -> None:
        """The mailbox is proven: from now on this address finds the person, and no other does.

        NotFound for a link that is over, Conflict where the address is somebody else's. The former
        address is told, and links that went to it are over.
        """
        parsed = parse(token)
        if parsed is None or not self._open(parsed):
            raise NotFound(OVER)
        ready(parsed.realm, self.means)
        with self.means.works(parsed.realm) as own:
            now = self.means.clock.now()
            asked = own.tickets.take(parsed.id, parsed.digest, Purpose.EMAIL, now)
            before = own.account.get()
            if asked is None or before is None or before.closed_at is not None:
                raise NotFound(OVER)
            email = asked.data["email"]
            if not own.account.claim_email(email):
                raise Conflict("another account has this address")
            own.account.save(replace(before, email=email, email_verified_at=now))
            if email != before.email:
                tell("email_changed", own, self.means, to=before.email, email=email)
            who, id = by_link(parsed.realm, Client()), str(parsed.realm)
            was, is_ = {"email": before.email}, {"email": email}
            own.audit.add(
                AuditEvent("email.changed", who, "account", id, now, before=was, after=is_)
            )
            own.commit()

    def _open(self, token: Token) -> bool:
        with self.means.works(token.realm) as own:
            now = self.means.clock.now()
            asked = own.tickets.look(token.id, token.digest, Purpose.EMAIL, now)
        return asked is not None
