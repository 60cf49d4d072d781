"""What people do with a conversation besides answering it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from core.audit.events import AuditEvent
from core.conversations.conversation import Conversation, ConversationState, Handler, Handover
from core.conversations.message import Direction, Message, SendState
from core.shared.actor import Actor, allow
from core.shared.errors import Conflict, Invalid, NotFound
from core.shared.work import Works

LABEL_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Manage:
    works: Works

    def assign(
        self, id: UUID, assignee: str | None, actor: Actor, *, now: datetime
    ) -> Conversation:
        """Give it to somebody, or with None to nobody."""
        return self._change(
            id,
            "conversation.assigned",
            actor,
            now,
            lambda c: replace(c, assignee=assignee),
            lambda c: {"assignee": c.assignee},
        )

    def label(
        self, id: UUID, add: list[str], remove: list[str], actor: Actor, *, now: datetime
    ) -> Conversation:
        """Add and take away labels; the order of the others stays."""
        bad = [label for label in add if not 0 < len(label.strip()) <= LABEL_LENGTH]
        if bad:
            raise Invalid({"add": f"a label has 1 to {LABEL_LENGTH} characters"})

        def relabelled(c: Conversation) -> Conversation:
            kept = [label for label in c.labels if label not in remove]
            return replace(c, labels=tuple(dict.fromkeys([*kept, *(a.strip() for a in add)])))

        return self._change(
            id, "conversation.labelled", actor, now, relabelled, lambda c: {"labels": [*c.labels]}
        )

    def move(
        self,
        id: UUID,
        state: ConversationState,
        actor: Actor,
        *,
        now: datetime,
        until: datetime | None = None,
    ) -> Conversation:
        """Resolve, reopen, set pending, or snooze `until` a moment."""
        if state is ConversationState.SNOOZED and (until is None or until <= now):
            raise Invalid({"until": "a snooze needs a moment in the future"})
        if state is not ConversationState.SNOOZED and until is not None:
            raise Invalid({"until": "only a snooze has an end"})

        def moved(c: Conversation) -> Conversation:
            return replace(c, state=state, snoozed_until=until)

        return self._change(
            id, "conversation.state_changed", actor, now, moved, lambda c: {"state": c.state}
        )

    def hand_over(self, id: UUID, reason: str, actor: Actor, *, now: datetime) -> Conversation:
        """Take it from the AI: a person answers until it is given back."""
        handover = Handover(reason, "", [], [], now)
        return self._change(
            id,
            "conversation.handed_over",
            actor,
            now,
            lambda c: replace(c, handler=Handler.PERSON, handover=handover),
            lambda c: {"handler": c.handler},
        )

    def give_back(self, id: UUID, actor: Actor, *, now: datetime) -> Conversation:
        """Let the AI read and answer again, with a clean slate."""
        return self._change(
            id,
            "conversation.returned_to_agent",
            actor,
            now,
            lambda c: replace(c, handler=Handler.AGENT, handover=None, failures=0, awaits={}),
            lambda c: {"handler": c.handler},
        )

    def note(self, note_id: UUID, id: UUID, text: str, actor: Actor, *, now: datetime) -> Message:
        """A private note: in the thread, never on the channel."""
        allow(actor, "inbox.write")
        if not text.strip():
            raise Invalid({"text": "is empty"})
        with self.works(actor.tenant) as work:
            conversation = work.conversations.get(id)
            if conversation is None:
                raise NotFound("there is no such conversation")
            note = Message(
                note_id,
                id,
                conversation.installation_id,
                Direction.NOTE,
                actor.id,
                "note",
                text,
                now,
                now,
                SendState.RECEIVED,
            )
            if not work.messages.add(note):
                return work.messages.get(note_id) or note
            work.audit.add(
                AuditEvent(
                    "note.added",
                    actor,
                    "message",
                    str(note_id),
                    now,
                    after={"conversation": str(id)},
                )
            )
            work.commit()
        return note

    def _change(
        self,
        id: UUID,
        event: str,
        actor: Actor,
        now: datetime,
        change: Callable[[Conversation], Conversation],
        shown: Callable[[Conversation], Mapping[str, Any]],
    ) -> Conversation:
        allow(actor, "inbox.write")
        with self.works(actor.tenant) as work:
            before = work.conversations.get(id, lock=True)
            if before is None:
                raise NotFound("there is no such conversation")
            if (
                before.state is ConversationState.RESOLVED
                and (other := work.conversations.current(before.contact_id, before.installation_id))
                and change(before).state is not ConversationState.RESOLVED
            ):
                raise Conflict(f"the contact has a newer open conversation: {other.id}")
            after = replace(change(before), version=before.version + 1)
            work.conversations.save(after)
            work.audit.add(
                AuditEvent(
                    event,
                    actor,
                    "conversation",
                    str(id),
                    now,
                    before=shown(before),
                    after=shown(after),
                )
            )
            work.commit()
        return after
