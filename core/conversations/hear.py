"""What a channel tells us, applied to contacts, conversations and messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from core.agents.turns import Turn
from core.audit.events import AuditEvent
from core.conversations.contacts import Contact
from core.conversations.content import Written, preview, written
from core.conversations.conversation import Conversation, ConversationState, Handler
from core.conversations.message import Attachment, Direction, Message, SendState
from core.conversations.people import known, recognise
from core.delivery.effects import FetchMedia, owe
from core.delivery.ledger import apply_report
from core.shared.actor import Actor
from core.shared.ids import Ids
from core.shared.work import Work
from core.tenancy.flags import enabled
from core.tenancy.installations import Installation
from ports.clock import Clock
from ports.events import Event
from ports.families.channel import (
    ConsentChanged,
    Content,
    DeliveryReported,
    Identity,
    Media,
    MessageEchoed,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Reaction,
    Sender,
    SenderChanged,
)


@dataclass(frozen=True, slots=True)
class Hear:
    """Applies one channel event inside the caller's unit of work. Twice changes nothing."""

    clock: Clock
    ids: Ids

    def __call__(
        self, event: Event, installation: Installation, work: Work, correlation_id: str | None
    ) -> bool:
        """False for an event that is not a channel's."""
        actor = Actor(
            installation.tenant_id, "vendor", installation.plugin_id, correlation_id=correlation_id
        )
        match event:
            case MessageReceived():
                self._received(event, installation, work, actor)
            case MessageEchoed():
                self._echoed(event, installation, work, actor)
            case MessageEdited():
                self._edited(event, installation, work)
            case MessageRevoked():
                self._revoked(event, installation, work)
            case DeliveryReported():
                apply_report(work, installation.id, event, actor, self.clock.now())
            case SenderChanged():
                self._changed(event, installation, work, actor)
            case ConsentChanged():
                self._consented(event, installation, work, actor)
            case _:
                return False
        return True

    def _received(
        self, event: MessageReceived, installation: Installation, work: Work, actor: Actor
    ) -> None:
        if work.messages.by_external(installation.id, event.id):
            return
        now = self.clock.now()
        contact = recognise(event.sender, installation.id, work, actor, ids=self.ids, now=now)
        if isinstance(event.content, Reaction):
            self._react(event.content, event.sent_at, contact, installation, work)
            return
        conversation = self._conversation(contact, installation, work, now)
        kept = written(event.content)
        message = Message(
            self.ids(),
            conversation.id,
            installation.id,
            Direction.IN,
            "contact",
            kept.kind,
            kept.text,
            event.sent_at,
            now,
            SendState.RECEIVED,
            kept.content,
            external_id=event.id,
            reply_to=event.reply_to,
        )
        if event.referral:
            referral = {f: getattr(event.referral, f) for f in event.referral.__slots__}
            message = replace(message, content={**kept.content, "referral": referral})
        work.messages.add(message)
        self._attach(event.content, message, installation, work, actor)
        conversation = _heard(conversation, kept, event.sent_at)
        work.conversations.save(conversation)
        if conversation.handler is Handler.AGENT and enabled("agent", work.flags):
            work.turns.owe(
                Turn(self.ids(), conversation.id, now, now, correlation_id=actor.correlation_id)
            )

    def _conversation(
        self, contact: Contact, installation: Installation, work: Work, now: datetime
    ) -> Conversation:
        """The contact's one unresolved conversation here; the contact's lock keeps it one."""
        current = work.conversations.current(contact.id, installation.id)
        if current is None:
            current = Conversation(self.ids(), contact.id, installation.id, now, now)
            work.conversations.add(current)
        return current

    def _attach(
        self,
        content: Content,
        message: Message,
        installation: Installation,
        work: Work,
        actor: Actor,
    ) -> None:
        if not isinstance(content, Media):
            return
        attachment = Attachment(
            self.ids(), message.id, content.kind, content.mime, content.ref, content.filename
        )
        work.messages.add_attachment(attachment)
        if enabled("media", work.flags):
            effect = FetchMedia(attachment.id, content.ref)
            work.outbox.add(
                owe(
                    self.ids(),
                    effect,
                    installation=installation.id,
                    subject=attachment.id,
                    now=self.clock.now(),
                    correlation_id=actor.correlation_id,
                )
            )

    def _react(
        self,
        reaction: Reaction,
        at: datetime,
        contact: Contact,
        installation: Installation,
        work: Work,
    ) -> None:
        message = work.messages.by_external(installation.id, reaction.to)
        if message is None:
            return
        who, moment = str(contact.id), at.astimezone(UTC).isoformat()
        reacted = message.content.get("reacted", {})
        if reacted.get(who, "") > moment:
            return  # a newer one stands, or took it back
        others = {k: v for k, v in message.reactions.items() if k != who}
        mine = {who: reaction.emoji} if reaction.emoji else {}
        content = {**message.content, "reacted": {**reacted, who: moment}}
        work.messages.save(replace(message, reactions={**others, **mine}, content=content))

    def _echoed(
        self, event: MessageEchoed, installation: Installation, work: Work, actor: Actor
    ) -> None:
        if work.messages.by_external(installation.id, event.id):
            return
        now = self.clock.now()
        contact = recognise(event.recipient, installation.id, work, actor, ids=self.ids, now=now)
        conversation = self._conversation(contact, installation, work, now)
        kept = written(event.content)
        message = Message(
            self.ids(),
            conversation.id,
            installation.id,
            Direction.OUT,
            "outside",
            kept.kind,
            kept.text,
            event.sent_at,
            now,
            SendState.SENT,
            kept.content,
            external_id=event.id,
        )
        work.messages.add(message)
        work.messages.answer(conversation.id, until=event.sent_at)
        work.conversations.save(said(conversation, kept, event.sent_at))

    def _edited(self, event: MessageEdited, installation: Installation, work: Work) -> None:
        message = work.messages.by_external(installation.id, event.id)
        if message is None or (message.edited_at and message.edited_at >= event.at):
            return
        kept = written(event.content)
        before = [*message.content.get("before", []), message.text]
        work.messages.save(
            replace(
                message,
                text=kept.text,
                edited_at=event.at,
                content={**message.content, **kept.content, "before": before},
            )
        )

    def _revoked(self, event: MessageRevoked, installation: Installation, work: Work) -> None:
        message = work.messages.by_external(installation.id, event.id)
        if message and message.revoked_at is None:
            work.messages.save(replace(message, revoked_at=event.at))

    def _changed(
        self, event: SenderChanged, installation: Installation, work: Work, actor: Actor
    ) -> None:
        """The new identities join the contact; the old number may soon be a stranger's."""
        left = [i for i in event.before if not self._passed_on(i, event.at, installation, work)]
        everything = _distinct([*left, *event.after])
        now = self.clock.now()
        recognise(Sender(everything), installation.id, work, actor, ids=self.ids, now=now)
        for identity in left:
            if identity not in event.after:
                work.contacts.unbind(known(identity, installation.id))

    def _passed_on(
        self, identity: Identity, at: datetime, installation: Installation, work: Work
    ) -> bool:
        """Whether somebody whom we first met later has it now: heard late, the change is stale."""
        found = work.contacts.find([known(identity, installation.id)])
        holder = work.contacts.get(next(iter(found.values()))) if found else None
        return holder is not None and holder.created_at > at

    def _consented(
        self, event: ConsentChanged, installation: Installation, work: Work, actor: Actor
    ) -> None:
        now = self.clock.now()
        contact = recognise(event.sender, installation.id, work, actor, ids=self.ids, now=now)
        moment = event.at.astimezone(UTC).isoformat()
        if contact.attributes.get("marketing_at", "") > moment:
            return  # they have said something newer
        attributes = {**contact.attributes, "marketing_at": moment}
        changed = replace(contact, marketing=event.allowed, attributes=attributes)
        if contact.marketing is event.allowed:
            if changed != contact:
                work.contacts.save(changed)
            return
        work.contacts.save(replace(changed, updated_at=now))
        work.audit.add(
            AuditEvent(
                "consent.changed",
                actor,
                "contact",
                str(contact.id),
                now,
                before={"marketing": contact.marketing},
                after={"marketing": event.allowed},
            )
        )


def _heard(conversation: Conversation, kept: Written, at: datetime) -> Conversation:
    """After the contact wrote: awake, unread, the window open from then."""
    asleep = conversation.state in (ConversationState.SNOOZED, ConversationState.PENDING)
    latest = max(conversation.last_inbound_at or at, at)
    newest = at >= conversation.last_activity_at or not conversation.preview
    return replace(
        conversation,
        state=ConversationState.OPEN if asleep else conversation.state,
        snoozed_until=None if asleep else conversation.snoozed_until,
        last_activity_at=max(conversation.last_activity_at, at),
        last_inbound_at=latest,
        preview=preview(kept) if newest else conversation.preview,
        unread=conversation.unread + 1,
        version=conversation.version + 1,
    )


def said(conversation: Conversation, kept: Written, at: datetime) -> Conversation:
    """After the business wrote: answered, whoever wrote it."""
    return replace(
        conversation,
        last_activity_at=max(conversation.last_activity_at, at),
        preview=preview(kept),
        unread=0,
        version=conversation.version + 1,
    )


def _distinct(identities: Sequence[Identity]) -> tuple[Identity, ...]:
    return tuple(dict.fromkeys(identities))
