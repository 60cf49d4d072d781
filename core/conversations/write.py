"""Writing to a contact: one message and what we owe the channel, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core.audit.events import AuditEvent
from core.conversations.content import outgoing
from core.conversations.conversation import Conversation, ConversationState
from core.conversations.hear import said
from core.conversations.message import Direction, Message, SendState
from core.conversations.people import address
from core.delivery.effects import SendMessage, owe
from core.shared.actor import Actor, allow
from core.shared.errors import Conflict, Invalid, NotFound
from core.shared.ids import Ids
from core.shared.work import Work, Works
from core.tenancy.installations import Installation
from core.tenancy.vendors import Vendors
from ports.clock import Clock
from ports.families.channel import Body, LimitsReplies, Outgoing, OutgoingTemplate, OutgoingText

LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Reply:
    conversation_id: UUID
    body: Body
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Write:
    works: Works
    vendors: Vendors
    clock: Clock
    ids: Ids

    def reply(self, id: UUID, command: Reply, actor: Actor) -> Message:
        """Owe the contact a message; the same id again answers the message that stands.

        Conflict where the channel's window is closed and the body is no template.
        """
        allow(actor, "inbox.write")
        _check(command.body)
        with self.works(actor.tenant, actor.reach) as work:
            standing = work.messages.get(id)
            if standing:
                return standing
            conversation = work.conversations.get(command.conversation_id, lock=True)
            if conversation is None:
                raise NotFound("there is no such conversation")
            message = self.post(work, conversation, id, command, author=actor.id, actor=actor)
            work.audit.add(
                AuditEvent(
                    "message.sent",
                    actor,
                    "message",
                    str(id),
                    self.clock.now(),
                    after={"conversation": str(conversation.id), "kind": message.kind},
                )
            )
            work.commit()
        return message

    def post(
        self,
        work: Work,
        conversation: Conversation,
        id: UUID,
        command: Reply,
        *,
        author: str,
        actor: Actor,
        turn_id: UUID | None = None,
        change: Conversation | None = None,
        answers: Sequence[UUID] | None = None,
    ) -> Message:
        """Inside a work: the message, its outbox row, and the conversation as answered.

        `change` is the conversation with the caller's own changes, saved along. `answers` names
        the inbound messages that this one answers; None is all of them.
        """
        if conversation.state is ConversationState.RESOLVED:
            raise Conflict("this conversation is resolved: open it again first")
        now = self.clock.now()
        installation = work.installations.get(conversation.installation_id)
        if installation is None or not installation.works:
            raise Conflict("the channel's connection is switched off or needs attention")
        self._check_window(installation, conversation, command.body, now)
        to = address(conversation.contact_id, installation, work)
        if to is None:
            raise Conflict("this contact cannot be reached on this channel")
        kept = outgoing(command.body)
        message = Message(
            id,
            conversation.id,
            installation.id,
            Direction.OUT,
            author,
            kept.kind,
            kept.text,
            now,
            now,
            SendState.QUEUED,
            kept.content,
            reply_to=command.reply_to,
            turn_id=turn_id,
        )
        work.messages.add(message)
        work.messages.answer(conversation.id, only=answers)
        effect = SendMessage(id, Outgoing(to, command.body, command.reply_to))
        work.outbox.add(
            owe(
                self.ids(),
                effect,
                installation=installation.id,
                subject=conversation.id,
                now=now,
                correlation_id=actor.correlation_id,
            )
        )
        work.conversations.save(said(change or conversation, kept, now))
        return message

    def window(self, installation: Installation) -> timedelta | None:
        """How long after the contact's last message free text passes; None when always."""
        channel = self.vendors.channel(installation)
        return channel.reply_window if isinstance(channel, LimitsReplies) else None

    def _check_window(
        self, installation: Installation, conversation: Conversation, body: Body, now: datetime
    ) -> None:
        if isinstance(body, OutgoingTemplate):
            return
        if not conversation.takes_free_text(self.window(installation), now):
            raise Conflict("the channel's reply window is closed: send an approved template")


def _check(body: Body) -> None:
    if isinstance(body, OutgoingText) and not body.text.strip():
        raise Invalid({"text": "is empty"})
    if isinstance(body, OutgoingText) and len(body.text) > LONGEST:
        raise Invalid({"text": f"is longer than {LONGEST} characters"})
