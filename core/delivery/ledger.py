"""The honest ledger: what became of each message, whichever news comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from core.audit.events import AuditEvent
from core.conversations.conversation import Handler, Handover
from core.conversations.message import Message, Report, SendState, raised
from core.delivery.effects import FetchMedia, SendMessage, effect_of
from core.delivery.outbox import Owed, OwedState
from core.shared.actor import Actor
from core.shared.work import Work
from ports.errors import WindowClosed
from ports.families.channel import DeliveryReported, DeliveryState

_STATES = {
    DeliveryState.SENT: SendState.SENT,
    DeliveryState.DELIVERED: SendState.DELIVERED,
    DeliveryState.READ: SendState.READ,
    DeliveryState.FAILED: SendState.FAILED,
}
WINDOW_CLOSED = "window_closed"
"""The error of a message that came after the channel's reply window."""


def settle_accepted(
    work: Work, owed: Owed, message_id: UUID, external_id: str, actor: Actor, now: datetime
) -> None:
    """The vendor took the message under this id; reports that were waiting for it are applied."""
    message = _accepted(work, owed.installation_id, message_id, external_id)
    if message:
        _keep(work, message, actor, now)


def note_message(work: Work, owed: Owed, state: SendState) -> None:
    """Show on the message what its outbox row came to."""
    effect = effect_of(owed)
    if isinstance(effect, SendMessage):
        message = work.messages.get(effect.message_id)
        if message:
            work.messages.save(replace(message, state=raised(message.state, state)))


def fail_message(work: Work, owed: Owed, error: Exception, actor: Actor, now: datetime) -> None:
    """Show the vendor's refusal where people look for it."""
    why = WINDOW_CLOSED if isinstance(error, WindowClosed) else str(error)
    effect = effect_of(owed)
    if isinstance(effect, FetchMedia):
        attachment = work.messages.attachment(effect.attachment_id)
        if attachment:
            work.messages.save_attachment(replace(attachment, error=why))
        return
    if not isinstance(effect, SendMessage):
        return
    message = work.messages.get(effect.message_id)
    if message:
        _keep(work, _reported(message, SendState.FAILED, why), actor, now)


def apply_report(
    work: Work, installation_id: UUID, event: DeliveryReported, actor: Actor, now: datetime
) -> None:
    """Raise a message by the vendor's report; one that comes too early is kept for later.

    A report with our own key settles a send whose answer was lost. Rows are locked in the order
    outbox, external id, message, conversation, here and in settle_accepted.
    """
    state = _STATES[event.state]
    why = WINDOW_CLOSED if event.window_closed else event.reason
    message = _settle_by_key(work, installation_id, event) if event.key else None
    message = message or work.messages.by_external(installation_id, event.message_id)
    if message is None:
        report = Report(installation_id, event.message_id, state, event.at, why)
        work.messages.keep_report(report)
        return
    _keep(work, _reported(message, state, why), actor, now)


def _settle_by_key(work: Work, installation_id: UUID, event: DeliveryReported) -> Message | None:
    try:
        owed = work.outbox.get(UUID(event.key or ""))
    except ValueError:
        return None  # somebody else's key
    if owed is None or owed.installation_id != installation_id:
        return None
    effect = effect_of(owed)
    if not isinstance(effect, SendMessage):
        return None
    if owed.state not in (OwedState.SENT, OwedState.DEAD):
        work.outbox.save(replace(owed, state=OwedState.SENT, error=None, cause=None))
    return _accepted(work, installation_id, effect.message_id, event.message_id)


def _accepted(
    work: Work, installation_id: UUID, message_id: UUID, external_id: str
) -> Message | None:
    """The message under its vendor's id, with the reports that were waiting for it."""
    reports = work.messages.take_reports(installation_id, external_id)
    message = work.messages.get(message_id)
    if message is None:
        return None
    state = raised(message.state, SendState.ACCEPTED)
    message = replace(message, external_id=message.external_id or external_id, state=state)
    for report in reports:
        message = _reported(message, report.state, report.reason)
    return message


def _reported(message: Message, state: SendState, why: str | None) -> Message:
    after = raised(message.state, state)
    error = why if after is SendState.FAILED and after is not message.state else message.error
    return replace(message, state=after, error=None if after is not SendState.FAILED else error)


def _keep(work: Work, message: Message, actor: Actor, now: datetime) -> None:
    """Save it; where an answer of the agent has just failed, a person takes over."""
    before = work.messages.get(message.id)
    work.messages.save(message)
    newly = message.state is SendState.FAILED and (before is None or before.state != message.state)
    if not newly or message.turn_id is None:
        return
    conversation = work.conversations.get(message.conversation_id, lock=True)
    if conversation is None or conversation.handler is Handler.PERSON:
        return
    why = f"the agent's answer was not delivered: {message.error}"
    handover = Handover(why, message.text, ["answered"], [], now, message.turn_id)
    version = conversation.version + 1
    work.conversations.save(
        replace(conversation, handler=Handler.PERSON, handover=handover, version=version)
    )
    id, after = str(conversation.id), {"reason": why}
    work.audit.add(
        AuditEvent("conversation.handed_over", actor, "conversation", id, now, after=after)
    )
