"""A person settles a send that nobody could look up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core.audit.events import AuditEvent
from core.conversations.message import SendState
from core.delivery.ledger import fail_message, note_message
from core.delivery.outbox import Cause, Owed, OwedState
from core.shared.actor import Actor, allow
from core.shared.errors import Conflict, NotFound
from core.shared.work import Works


class Settlement(StrEnum):
    ARRIVED = "arrived"
    """The customer has it: never send it again."""
    SEND_AGAIN = "send_again"
    """It did not arrive: send it once more, under the same key."""
    GIVE_UP = "give_up"
    """It did not arrive and need not."""


def settle(id: UUID, settlement: Settlement, actor: Actor, *, works: Works, now: datetime) -> Owed:
    """End the doubt about a parked or unknown send; Conflict for any other."""
    allow(actor, "journal.write")
    with works(actor.tenant) as work:
        owed = work.outbox.get(id)
        if owed is None:
            raise NotFound("there is no such row in the outbox")
        doubtful = owed.state is OwedState.UNKNOWN or owed.cause is Cause.DOUBT
        if not doubtful:
            raise Conflict(f"it is {owed.state}: only a send in doubt can be settled")
        match settlement:
            case Settlement.ARRIVED:
                after = replace(owed, state=OwedState.SENT, cause=None, error=None)
                note_message(work, owed, SendState.ACCEPTED)
            case Settlement.SEND_AGAIN:
                after = replace(owed, state=OwedState.READY, cause=None, due_at=now)
            case Settlement.GIVE_UP:
                after = replace(owed, state=OwedState.DEAD, cause=None)
                fail_message(work, owed, ValueError("given up by a person"), actor, now)
        work.outbox.save(after)
        work.audit.add(
            AuditEvent(
                "send.settled",
                actor,
                "outbox",
                str(id),
                now,
                before={"state": owed.state},
                after={"settlement": settlement},
            )
        )
        work.commit()
    return after
