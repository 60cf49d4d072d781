"""What a person may do to their own account, and what follows at every seller of theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.client import Client
from core.identity.factors import Factor
from core.identity.means import Means
from core.identity.proof import FIRST, STRONG
from core.identity.sealing import ready
from core.identity.sessions import Ended, Session, SessionFilter
from core.shared.actor import Actor, prove
from core.shared.errors import NotAllowed, ProofNeeded
from core.shared.work import Work

AGAIN = "prove that it is you, then do this again"


def person_of(actor: Actor) -> UUID:
    """NotAllowed for whoever is no person: keys and agents have no account."""
    if actor.kind != "person" or actor.session is None:
        raise NotAllowed("this is for people who are signed in")
    return UUID(actor.id)


def present(actor: Actor, means: Means) -> Session:
    """The session in which the actor acts."""
    person_of(actor)
    assert actor.session is not None
    with means.works(actor.tenant) as work:
        session = work.sessions.get(actor.session)
    if session is None or session.ended_at is not None:
        raise NotAllowed("this session is over")
    return session


def prove_own(actor: Actor, means: Means) -> UUID:
    """The person, if they may change what is theirs whichever seller they are signed in to.

    Else ProofNeeded: there must be a proof of late; the session must rest on a password or a
    passkey of their own, never on a provider's word alone; and whoever has a second factor must
    have used one in it. So neither a seller's provider nor a seller that asks for no second factor
    opens the person's other sellers.
    """
    prove(actor, means.clock.now())
    session = present(actor, means)
    with means.works(session.person) as own:
        check_strength(session, bool(own.factors.all()))
    return session.person


def client_of(actor: Actor, session: Session) -> Client:
    """Where a signed-in person asks from; the device is the session's."""
    return Client(actor.ip, None, actor.user_agent, session.device, actor.correlation_id)


def author(actor: Actor, person: UUID) -> Actor:
    """The actor as the log of the person's own realm names them."""
    return replace(actor, tenant=person)


def by_link(person: UUID, client: Client) -> Actor:
    """The person, who came by a link to their mailbox and is in no session."""
    return Actor(
        person,
        "person",
        str(person),
        ip=client.ip,
        user_agent=client.user_agent,
        correlation_id=client.correlation_id,
    )


def check_strength(session: Session, has_factor: bool) -> None:
    """Return if the session rests on what the person's own account asks for, else ProofNeeded."""
    methods = set(session.methods)
    if methods.isdisjoint(FIRST) or (has_factor and methods.isdisjoint(STRONG)):
        raise ProofNeeded(AGAIN)


def end_everywhere(
    person: UUID, why: Ended, actor: Actor, means: Means, *, but: UUID | None = None
) -> int:
    """End the person's sessions at every seller but this one; answers how many it were.

    Each seller in a work of its own. Whoever changes a credential does this before and after it:
    if the house stops in between, what was open before the change is closed all the same.
    """
    count = 0
    for seller in means.directory.memberships(person):
        with means.works(seller) as work:
            count += end_here(person, why, replace(actor, tenant=seller), work, means, but=but)
            work.commit()
    return count


def end_here(
    person: UUID,
    why: Ended,
    actor: Actor,
    work: Work,
    means: Means,
    *,
    but: UUID | None = None,
) -> int:
    """In the open work of one seller; the seller's log tells of it where there was one to end."""
    now = means.clock.now()
    count = len(work.sessions.end(SessionFilter(person=person, other_than=but), why, now))
    if count:
        after = {"count": count, "why": why.value}
        work.audit.add(AuditEvent("sessions.ended", actor, "member", str(person), now, after=after))
    return count


def change_credentials(
    person: UUID, actor: Actor, means: Means, change: Callable[[Work], None]
) -> None:
    """Do it in the person's realm; every session but the actor's own is over before and after."""
    end_everywhere(person, Ended.CREDENTIALS, actor, means, but=actor.session)
    ready(person, means)
    with means.works(person) as own:
        change(own)
        own.commit()
    end_everywhere(person, Ended.CREDENTIALS, actor, means, but=actor.session)


def unprotect(person: UUID, means: Means) -> None:
    """No seller counts them as signed in by more than a password any more."""
    for seller in means.directory.memberships(person):
        with means.works(seller) as work:
            member = work.members.get(person, lock=True)
            if member is not None and member.protected_at is not None:
                version = member.version + 1
                work.members.save(replace(member, protected_at=None, version=version))
                work.commit()


def shown(factor: Factor) -> dict[str, str]:
    """What a log holds of a factor."""
    return {"kind": factor.kind.value, "name": factor.name}
