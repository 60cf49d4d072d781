"""Who is signed in: what they are and may do here, and what is theirs everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.account import Account
from core.identity.factors import Factor
from core.identity.means import Directory
from core.identity.policy import SignInPolicy
from core.identity.sessions import Session
from core.shared.actor import RECENT, Actor, prove
from core.shared.errors import Conflict, NotFound, ProofNeeded
from core.shared.work import Works
from core.tenancy.members import Member
from ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Myself:
    account: Account
    member: Member
    permissions: frozenset[str]
    policy: SignInPolicy
    session: Session
    proven_until: datetime | None
    """How long dangerous acts may follow; None where a proof is needed first."""
    seller: tuple[UUID, str]
    sellers: Sequence[tuple[UUID, str]]
    """Id and name of all that the person works for."""
    factors: Sequence[Factor]
    backup_codes_left: int


@dataclass(frozen=True, slots=True)
class Me:
    works: Works
    directory: Directory
    clock: Clock

    def show(self, actor: Actor) -> Myself:
        person, now = UUID(actor.id), self.clock.now()
        with self.works(person) as own:
            account, factors, left = own.account.get(), own.factors.all(), own.backup_codes.left()
        with self.works(actor.tenant) as work:
            stands = work.access.session(actor.session) if actor.session else None
            seller = (actor.tenant, work.tenants.get().name)
        if account is None or stands is None:
            raise NotFound("the session is over")
        return Myself(
            account,
            stands.member,
            stands.permissions,
            stands.policy,
            stands.session,
            _proven_until(actor, now),
            seller,
            self._sellers(person),
            factors,
            left,
        )

    def rename(self, name: str, actor: Actor) -> None:
        """As this seller knows the person; Conflict where its directory keeps the names."""
        now = self.clock.now()
        with self.works(actor.tenant) as work:
            member = work.members.get(UUID(actor.id), lock=True)
            if member is None:
                raise NotFound("there is no such member")
            if member.managed:
                raise Conflict("your directory keeps your name: it is changed there")
            after = replace(member, name=name.strip(), updated_at=now, version=member.version + 1)
            work.members.save(after)
            told = AuditEvent(
                "member.changed",
                actor,
                "member",
                actor.id,
                now,
                before={"name": member.name},
                after={"name": after.name},
            )
            work.audit.add(told)
            work.commit()

    def _sellers(self, person: UUID) -> Sequence[tuple[UUID, str]]:
        found = []
        for seller in self.directory.memberships(person):
            with self.works(seller) as work:
                found.append((seller, work.tenants.get().name))
        return sorted(found, key=lambda seller: seller[1])


def _proven_until(actor: Actor, now: datetime) -> datetime | None:
    try:
        prove(actor, now)
    except ProofNeeded:
        return None
    return actor.proven_at + RECENT if actor.proven_at else None
