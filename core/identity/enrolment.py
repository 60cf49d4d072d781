"""Setting up second factors and passkeys, and giving them up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.client import Client
from core.identity.codes import fresh_codes
from core.identity.factors import Factor
from core.identity.means import Means
from core.identity.own import (
    author,
    change_credentials,
    person_of,
    prove_own,
    shown,
    unprotect,
)
from core.identity.proof import usable
from core.identity.set_up import SetUp
from core.identity.steps import Enrolled
from core.identity.write_letter import tell
from core.shared.actor import Actor
from core.shared.errors import Conflict, NotFound
from core.shared.work import Work


@dataclass(frozen=True, slots=True)
class Enrolment:
    """`who` is somebody signed in, who has proven themselves lately and by all that protects the
    account; or the ticket of a sign-in that goes on once a factor is set up. Every change ends the
    person's other sessions, is written into their log, and told them by letter."""

    means: Means

    def begin_totp(self, who: Actor | str) -> tuple[str, str, str]:
        """The ticket of the set-up, the secret, and the same as an `otpauth` URI for a QR code."""
        return SetUp(self.means).begin_totp(who)

    def confirm_totp(
        self, ticket: str, code: str, name: str, who: Actor | str, client: Client
    ) -> Enrolled:
        """By a code of the app's, which opens nothing afterwards. Invalid for a wrong one."""
        return SetUp(self.means).confirm_totp(ticket, code, name, who, client)

    def begin_passkey(self, who: Actor | str) -> tuple[str, Mapping[str, Any]]:
        """The ticket of the set-up, and what the browser is told to create."""
        return SetUp(self.means).begin_passkey(who)

    def confirm_passkey(
        self,
        ticket: str,
        credential: Mapping[str, Any],
        name: str,
        who: Actor | str,
        client: Client,
    ) -> Enrolled:
        return SetUp(self.means).confirm_passkey(ticket, credential, name, who, client)

    def begin_sms(self, phone: str, who: Actor | str) -> str:
        """Sends a code to the phone; answers the ticket. Conflict where the seller has no channel
        for codes, TooManyTries for a phone that had enough of them."""
        return SetUp(self.means).begin_sms(phone, who)

    def confirm_sms(self, ticket: str, code: str, who: Actor | str, client: Client) -> Enrolled:
        return SetUp(self.means).confirm_sms(ticket, code, who, client)

    def new_backup_codes(self, actor: Actor) -> Sequence[str]:
        """Ten, shown once; those of before are dead. Conflict for whoever has no second factor."""
        person, codes = prove_own(actor, self.means), list[str]()

        def change(own: Work) -> None:
            if not own.factors.all():
                raise Conflict("set up a second factor first")
            codes.extend(fresh_codes(own, self.means))
            self._note("backup_codes.replaced", {}, actor, own)
            tell("backup_codes", own, self.means)

        change_credentials(person, actor, self.means, change)
        return codes

    def factors(self, actor: Actor) -> tuple[Sequence[Factor], int]:
        """Oldest first, and how many backup codes are left."""
        with self.means.works(person_of(actor)) as own:
            return own.factors.all(), own.backup_codes.left()

    def remove(self, id: UUID, actor: Actor) -> None:
        """Give one up; with the last one the backup codes go as well.

        Conflict where a seller of the person's requires a second factor and none would be left
        that serves there.
        """
        person = prove_own(actor, self.means)
        with self.means.works(person) as own:
            rest = [factor for factor in own.factors.all() if factor.id != id]
        self._check_left(person, rest)

        def change(own: Work) -> None:
            factor = own.factors.get(id)
            if factor is None or not own.factors.remove(id):
                raise NotFound("there is no such second factor")
            if not own.factors.all():
                own.backup_codes.replace((), self.means.clock.now())
            self._note("factor.removed", shown(factor), actor, own)
            tell("factor_removed", own, self.means, factor=factor.name)

        change_credentials(person, actor, self.means, change)
        if not rest:
            unprotect(person, self.means)

    def _check_left(self, person: UUID, rest: Sequence[Factor]) -> None:
        kinds = {factor.kind for factor in rest}
        for seller in self.means.directory.memberships(person):
            with self.means.works(seller) as work:
                policy, member = work.policy.get().policy, work.members.get(person)
                wanted = member is not None and policy.wants_second_factor(member.roles)
                if wanted and not usable(kinds, policy):
                    name = work.tenants.get().name
                    raise Conflict(f"{name} requires a second factor: set another one up first")

    def _note(self, event: str, after: Mapping[str, Any], actor: Actor, own: Work) -> None:
        who, now = author(actor, own.tenant_id), self.means.clock.now()
        own.audit.add(AuditEvent(event, who, "person", str(own.tenant_id), now, after=after))
