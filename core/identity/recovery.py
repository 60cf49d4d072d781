"""A lost second factor: a link to the mailbox and the password together take all of them away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.account import Account, fold_email
from core.identity.attempts import Refusal
from core.identity.client import Client
from core.identity.known import Known, know
from core.identity.means import Means
from core.identity.own import author, by_link, change_credentials, unprotect
from core.identity.refusing import Refusing, Tried
from core.identity.sealing import ready
from core.identity.tickets import SECRET, Purpose, Ticket, Token, parse, ticket
from core.identity.tries import Tries
from core.identity.write_letter import tell, write_letter
from core.policies.roles import OWNER
from core.shared.actor import Actor, allow, prove
from core.shared.errors import Conflict, NotFound
from core.shared.ids import OPERATOR
from core.shared.work import Work
from core.tenancy.members import MemberState
from core.tenancy.power import reach

COOL = timedelta(hours=24)
"""A password so young may have been set by a link to the same mailbox: then both would prove but
one thing. An administrator who knows the person may shorten the wait."""
OVER = "this link opens nothing, or nothing any more"


@dataclass(frozen=True, slots=True)
class Recovery:
    means: Means

    def ask(self, email: str) -> None:
        """A letter with a link to whoever has the address. Nobody learns whether anybody has."""
        folded = fold_email(email)
        person = self.means.directory.find_email(folded) or OPERATOR  # where nobody is
        enough = not Tries(self.means).may_write(folded)
        self._send(person, folded, None, owed=not enough)

    def by_administrator(self, member: UUID, actor: Actor) -> None:
        """The same for a member who cannot help themselves; written into the seller's log.

        The link goes to the member's mailbox, never to the administrator. Conflict where that
        mailbox was never proven.
        """
        allow(actor, "security.write")
        now = self.means.clock.now()
        prove(actor, now)
        with self.means.works(actor.tenant) as work:
            found = work.members.get(member)
            if found is None or found.state is not MemberState.ACTIVE:
                raise NotFound("there is no such active member")
            reach(found, work.roles.all(), actor)
        with self.means.works(member) as own:
            account = own.account.get()
        if account is None or account.email_verified_at is None:
            raise Conflict("this member has never proven a mailbox")
        self._send(member, account.email, actor, owed=True)
        with self.means.works(actor.tenant) as work:
            event = AuditEvent("recovery.begun", actor, "member", str(member), now)
            work.audit.add(event)
            work.commit()

    def finish(self, token: str, password: str | None, client: Client) -> None:
        """Remove every second factor, by the link and the password. All sessions end; the person,
        and the log and the owners of each of their sellers, are told.

        NotFound for a link that is over; SignInRefused for a wrong password, which counts as a
        guess; Conflict for a password that was set a short while ago. Whoever has no password
        needs a link that an administrator sent.
        """
        parsed = parse(token)
        if parsed is None:
            raise NotFound(OVER)
        asked, known = self._asked(parsed, client)
        self._prove(parsed.realm, asked, known, password, client)
        who = by_link(parsed.realm, client)

        def change(own: Work) -> None:
            now = self.means.clock.now()
            if own.tickets.take(parsed.id, parsed.digest, Purpose.RECOVERY, now) is None:
                raise NotFound(OVER)
            count = own.factors.remove_all()
            own.backup_codes.replace((), now)
            for purpose in (Purpose.RECOVERY, Purpose.SECOND_FACTOR, Purpose.SET_UP):
                own.tickets.drop(purpose)
            what, after = ("person", str(parsed.realm)), {"count": count, "by": asked.data["by"]}
            own.audit.add(AuditEvent("recovery.done", who, *what, now, after=after))
            tell("recovered", own, self.means)

        change_credentials(parsed.realm, who, self.means, change)
        unprotect(parsed.realm, self.means)
        self._tell_sellers(parsed.realm, who)

    def _send(self, person: UUID, email: str, actor: Actor | None, *, owed: bool) -> None:
        token = Token(person, self.means.ids(), self.means.random(SECRET))
        data = {"email": email, "by": str(actor.tenant) if actor else None}
        ready(person, self.means)
        with self.means.works(person) as own:
            account = own.account.get()
            owed = owed and account is not None and account.closed_at is None
            own.tickets.add(ticket(token, Purpose.RECOVERY, data, self.means.clock.now()))
            tell("recovery", own, self.means, to=email, owed=owed, token=str(token))
            own.commit()

    def _asked(self, token: Token, client: Client) -> tuple[Ticket, Known]:
        with self.means.works(token.realm) as own:
            now = self.means.clock.now()
            asked = own.tickets.look(token.id, token.digest, Purpose.RECOVERY, now)
            known = know(own, client)
        account = known.account
        if asked is None or account is None or account.email != asked.data["email"]:
            raise NotFound(OVER)
        return asked, known

    def _prove(
        self, person: UUID, asked: Ticket, known: Known, password: str | None, client: Client
    ) -> None:
        """The password; nothing more of somebody who has none and was sent by an administrator."""
        account, helped = known.account, asked.data["by"] is not None
        assert account is not None
        if helped and account.password is None:
            return
        sellers = self.means.directory.memberships(person)
        tried = Tried(client, sellers[0] if sellers else OPERATOR, person, account.email)
        this, refuse = known.guess(client), Refusing(self.means)
        refuse.count(this, tried)
        if not self.means.hasher.verify(account.password, password or ""):
            refuse(Refusal.PASSWORD, tried, "recovery")
        Tries(self.means).right(this)
        if not helped and self._young(account):
            raise Conflict(
                "the password was changed a short while ago: wait a day, or ask an owner"
            )

    def _young(self, account: Account) -> bool:
        changed = account.password_changed_at
        return changed is not None and self.means.clock.now() - changed < COOL

    def _tell_sellers(self, person: UUID, who: Actor) -> None:
        for seller in self.means.directory.memberships(person):
            ready(seller, self.means)
            with self.means.works(seller) as work:
                member, tenant = work.members.get(person), work.tenants.get()
                if member is None:
                    continue
                facts = {"member": member.name, "email": member.email}
                for owner in work.members.with_role(OWNER):
                    if owner.id != person:
                        write_letter(
                            "member_recovered",
                            to=owner.email,
                            language=tenant.language,
                            facts=facts,
                            work=work,
                            means=self.means,
                        )
                actor, now = author(who, seller), self.means.clock.now()
                event = AuditEvent("recovery.done", actor, "member", str(person), now)
                work.audit.add(event)
                work.commit()
