"""Accepting an invitation: an invited member becomes a person's membership."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.account import Account
from core.identity.client import Client
from core.identity.means import Means
from core.identity.own import author, by_link
from core.identity.password_rules import check_password, known_names
from core.identity.policy import SignInPolicy
from core.identity.tickets import Purpose, Token, parse
from core.shared.errors import Conflict, Invalid, NotFound
from core.shared.work import Work
from core.tenancy.members import Member, MemberState
from core.tenancy.tenant import Tenant, TenantKind

OVER = "this invitation is over"


@dataclass(frozen=True, slots=True)
class _Invited:
    token: Token
    member: Member
    seller: Tenant
    policy: SignInPolicy


@dataclass(frozen=True, slots=True)
class Joining:
    """Whoever has the link has the mailbox."""

    means: Means

    def invitation(self, text: str) -> Mapping[str, Any]:
        """The seller's `name`, the invited `email`, whether it is `known` (then no password is
        asked), the `member_name` it was invited by, and the least `password_length`; None where the
        seller's people come by SSO alone."""
        found = self._found(text)
        least = found.policy.password_length if found.policy.local else None
        return {
            "seller": found.seller.name,
            "email": found.member.email,
            "member_name": found.member.name,
            "known": self.means.directory.find_email(found.member.email) is not None,
            "password_length": least,
        }

    def join(
        self, text: str, name: str | None, password: str | None, client: Client
    ) -> tuple[UUID, UUID]:
        """With the account that has proven the address, or with a new one; the account is made
        first, so that whoever is interrupted joins with it the next time."""
        found = self._found(text)
        chosen = (name or "").strip() or found.member.name
        person = self.means.directory.find_email(found.member.email)
        if person is None:
            person = self._open(found, chosen, password, client)
        self._take(found, person, chosen, client)
        return person, found.seller.id

    def _found(self, text: str) -> _Invited:
        token = parse(text)
        if token is None:
            raise NotFound(OVER)
        with self.means.works(token.realm) as work:
            now = self.means.clock.now()
            asked = work.tickets.look(token.id, token.digest, Purpose.INVITATION, now)
            member = work.members.get(UUID(asked.data["member"])) if asked else None
            if asked is None or member is None or not _invites(member, asked.data["email"]):
                raise NotFound(OVER)
            return _Invited(token, member, work.tenants.get(), work.policy.get().policy)

    def _open(self, found: _Invited, name: str, password: str | None, client: Client) -> UUID:
        """An account whose address is claimed at once: the link has proven the mailbox."""
        hash, seller = self._first(found, name, password), found.seller
        id, email, now = self.means.ids(), found.member.email, self.means.clock.now()
        zone, money = seller.timezone, seller.currency
        with self.means.works(id) as own:
            own.tenants.add(Tenant(id, name, zone, money, seller.language, now, TenantKind.PERSON))
            own.account.add(Account(id, email, now, now, hash, now if hash else None))
            if not own.account.claim_email(email):
                raise Conflict("this address has an account by now: follow the link again")
            actor = by_link(id, client)
            own.audit.add(AuditEvent("account.opened", actor, "account", str(id), now))
            own.commit()
        return id

    def _first(self, found: _Invited, name: str, password: str | None) -> str | None:
        """The hash of the first password; None where the seller's people need none."""
        if not name:
            raise Invalid({"name": "is required"})
        if password is None:
            if found.policy.local:
                raise Invalid({"password": "is required"})
            return None
        names = known_names(found.member.email, name)
        least = found.policy.password_length
        check_password(password, least=least, names=names, common=self.means.common)
        return self.means.hasher.hash(password)

    def _take(self, found: _Invited, person: UUID, name: str, client: Client) -> None:
        """The invitation becomes the membership; Conflict for whoever is a member already: then
        it stays open."""
        token, seller, now = found.token, found.seller.id, self.means.clock.now()
        with self.means.works(seller) as work:
            if work.tickets.take(token.id, token.digest, Purpose.INVITATION, now) is None:
                raise NotFound(OVER)
            invited = work.members.get(found.member.id, lock=True)
            if invited is None or not _invites(invited, found.member.email):
                raise NotFound(OVER)
            self._replace(invited, person, name, work)
            actor = author(by_link(person, client), seller)
            after = {"email": invited.email, "roles": list(invited.roles)}
            work.audit.add(
                AuditEvent("member.joined", actor, "member", str(person), now, after=after)
            )
            work.commit()

    def _replace(self, invited: Member, person: UUID, name: str, work: Work) -> None:
        work.members.remove(invited.id)
        work.members.add(
            replace(
                invited,
                id=person,
                name=name or invited.email,
                state=MemberState.ACTIVE,
                updated_at=self.means.clock.now(),
                version=invited.version + 1,
            )
        )


def _invites(member: Member, email: str) -> bool:
    return member.state is MemberState.INVITED and member.email == email
