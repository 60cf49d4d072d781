"""Passwords: changed, forgotten, set anew by a link; and the first one, by an invitation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.account import Account, fold_email
from core.identity.client import Client
from core.identity.joining import Joining
from core.identity.means import Means
from core.identity.own import author, by_link, change_credentials, check_strength, prove_own
from core.identity.password_rules import check_password, known_names, least_length
from core.identity.refusing import Refusing, Tried
from core.identity.reprove import password_right
from core.identity.sealing import ready
from core.identity.tickets import SECRET, Purpose, Token, parse, ticket
from core.identity.tries import Tries, Try, account_key, network_key
from core.identity.write_letter import tell
from core.shared.actor import Actor
from core.shared.errors import Conflict, NotFound
from core.shared.ids import OPERATOR
from core.shared.work import Work

OVER = "this link opens nothing, or nothing any more"


@dataclass(frozen=True, slots=True)
class Passwords:
    means: Means

    def change(self, current: str | None, new: str, actor: Actor) -> None:
        """By the current password, or, without it, by a proof of late. Ends every session of the
        person's but this one, at every seller.

        A wrong current password is SignInRefused and counts as a guess; ProofNeeded where the
        session is weaker than what the account is protected by; Invalid for a password that will
        not do.
        """
        if current is None:
            person = prove_own(actor, self.means)
        else:
            session = password_right(current, actor, self.means)
            person = session.person
            with self.means.works(person) as own:
                has_factor = bool(own.factors.all())
            check_strength(replace(session, methods=(*session.methods, "password")), has_factor)
        self._check(person, new)
        hash, who = self.means.hasher.hash(new), author(actor, person)

        def change(own: Work) -> None:
            self._set(_account(own), hash, "password.changed", who, own)

        change_credentials(person, actor, self.means, change)

    def forgot(self, email: str, client: Client) -> None:
        """A letter with a link to whoever has the address. Nobody learns whether anybody has.

        It counts against the client's network, and each address gets a few letters at most.
        """
        folded, means = fold_email(email), self.means
        Refusing(means).count(Try(network_key(client.ip)), Tried(client, email=folded))
        person = means.directory.find_email(folded) or OPERATOR  # where nobody is
        enough = not Tries(means).may_write(folded)
        ready(person, means)
        with means.works(person) as own:
            account = own.account.get()
            owed = account is not None and account.closed_at is None and not enough
            token = Token(person, means.ids(), means.random(SECRET))
            kept = ticket(token, Purpose.RESET, {"email": folded}, means.clock.now())
            own.tickets.add(kept)
            tell("reset", own, means, to=folded, owed=owed, token=str(token))
            own.commit()

    def reset(self, token: str, new: str, client: Client) -> None:
        """Set it by the link. The mailbox is proven by that, every session ends, and guesses that
        were made at the account are forgiven. NotFound for a link that is over."""
        parsed, means = parse(token), self.means
        if parsed is None:
            raise NotFound(OVER)
        with means.works(parsed.realm) as own:
            now = means.clock.now()
            asked = own.tickets.look(parsed.id, parsed.digest, Purpose.RESET, now)
            account = own.account.get()
        if asked is None or account is None or account.email != asked.data["email"]:
            raise NotFound(OVER)
        self._check(parsed.realm, new)
        hash, who = means.hasher.hash(new), by_link(parsed.realm, client)

        def change(own: Work) -> None:
            if own.tickets.take(parsed.id, parsed.digest, Purpose.RESET, now) is None:
                raise NotFound(OVER)
            verified = replace(_account(own), email_verified_at=now)
            if not own.account.claim_email(verified.email):
                raise Conflict("another account has this address by now")
            self._set(verified, hash, "password.reset", who, own)

        change_credentials(parsed.realm, who, means, change)
        Tries(means).entered(Try(None, account_key(account.email, None)))

    def join(
        self, token: str, name: str | None, password: str | None, client: Client
    ) -> tuple[UUID, UUID]:
        """Accept an invitation; answers the person and the seller."""
        return Joining(self.means).join(token, name, password, client)

    def invitation(self, token: str) -> Mapping[str, Any]:
        """What its page shows. NotFound for an invitation that is over."""
        return Joining(self.means).invitation(token)

    def _check(self, person: UUID, password: str) -> None:
        policies = []
        for seller in self.means.directory.memberships(person):
            with self.means.works(seller) as work:
                policies.append(work.policy.get().policy)
        with self.means.works(person) as own:
            names = known_names(_account(own).email, own.tenants.get().name)
        least = least_length(policies)
        check_password(password, least=least, names=names, common=self.means.common)

    def _set(self, account: Account, hash: str, event: str, who: Actor, own: Work) -> None:
        now = self.means.clock.now()
        own.account.save(replace(account, password=hash, password_changed_at=now))
        own.tickets.drop(Purpose.RESET)
        own.audit.add(AuditEvent(event, who, "account", str(account.id), now))
        tell("password_changed", own, self.means)


def _account(own: Work) -> Account:
    account = own.account.get()
    if account is None or account.closed_at is not None:
        raise NotFound("there is no such account")
    return account
