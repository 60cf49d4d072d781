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
from core.policies.roles import permissions_of
from core.shared.actor import Actor, allow
from core.shared.errors import Conflict, Invalid, NotFound
from core.shared.work import Work, Works
from core.tenancy.members import MemberState

LABEL_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who is to answer: a member, a team, both or nobody."""

    member: UUID | None = None
    team: UUID | None = None


@dataclass(frozen=True, slots=True)
class Manage:
    works: Works

    def assign(self, id: UUID, to: Assignment, actor: Actor, *, now: datetime) -> Conversation:
        """Give it to a member, a team, both or nobody: also out of the actor's own reach."""
        allow(actor, "inbox.write")
        with self.works(actor.tenant, actor.reach) as work:
            if work.conversations.get(id) is None:
                raise NotFound("there is no such conversation")
        beyond = replace(actor, scopes=actor.scopes | {"inbox.all"})

        def assigned(c: Conversation, work: Work) -> Conversation:
            _check_assignment(to, work)
            return replace(c, assignee=str(to.member) if to.member else None, team=to.team)

        return self._change(
            id,
            "conversation.assigned",
            beyond,
            now,
            assigned,
            lambda c: {"assignee": c.assignee, "team": str(c.team) if c.team else None},
        )

    def label(
        self, id: UUID, add: list[str], remove: list[str], actor: Actor, *, now: datetime
    ) -> Conversation:
        """Add and take away labels; the order of the others stays."""
        bad = [label for label in add if not 0 < len(label.strip()) <= LABEL_LENGTH]
        if bad:
            raise Invalid({"add": f"a label has 1 to {LABEL_LENGTH} characters"})

        def relabelled(c: Conversation, _: Work) -> Conversation:
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

        def moved(c: Conversation, _: Work) -> Conversation:
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
            lambda c, _: replace(c, handler=Handler.PERSON, handover=handover),
            lambda c: {"handler": c.handler},
        )

    def give_back(self, id: UUID, actor: Actor, *, now: datetime) -> Conversation:
        """Let the AI read and answer again, with a clean slate."""
        return self._change(
            id,
            "conversation.returned_to_agent",
            actor,
            now,
            lambda c, _: replace(c, handler=Handler.AGENT, handover=None, failures=0, awaits={}),
            lambda c: {"handler": c.handler},
        )

    def note(self, note_id: UUID, id: UUID, text: str, actor: Actor, *, now: datetime) -> Message:
        """A private note: in the thread, never on the channel."""
        allow(actor, "inbox.write")
        if not text.strip():
            raise Invalid({"text": "is empty"})
        with self.works(actor.tenant, actor.reach) as work:
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
        change: Callable[[Conversation, Work], Conversation],
        shown: Callable[[Conversation], Mapping[str, Any]],
    ) -> Conversation:
        allow(actor, "inbox.write")
        with self.works(actor.tenant, actor.reach) as work:
            before = work.conversations.get(id, lock=True)
            if before is None:
                raise NotFound("there is no such conversation")
            after = replace(change(before, work), version=before.version + 1)
            if (
                before.state is ConversationState.RESOLVED
                and (other := work.conversations.current(before.contact_id, before.installation_id))
                and after.state is not ConversationState.RESOLVED
            ):
                raise Conflict(f"the contact has a newer open conversation: {other.id}")
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


def _check_assignment(to: Assignment, work: Work) -> None:
    problems = {}
    if to.member is not None:
        member = work.members.get(to.member)
        active = member is not None and member.state is MemberState.ACTIVE
        roles = member.roles if member is not None and active else ()
        if "inbox.write" not in permissions_of(roles, work.roles.all()):
            problems["assignee"] = "is no active member who may answer"
    if to.team is not None and all(team.id != to.team for team in work.teams.all()):
        problems["team"] = "there is no such team"
    if problems:
        raise Invalid(problems)
