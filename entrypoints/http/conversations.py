"""Conversations: reading them, and what people do with them besides answering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.conversations.conversation import (
    Conversation,
    ConversationFilter,
    ConversationState,
    Handler,
    Handover,
)
from core.conversations.manage import Assignment, Manage
from core.shared.actor import Actor, allow
from core.shared.errors import NotFound
from core.shared.work import Works
from entrypoints.http.wire import (
    Answer,
    Json,
    id_or_none,
    moment,
    moment_or_none,
    page,
    to_id_or_none,
    to_moment,
)
from ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Conversations:
    works: Works
    manage: Manage
    clock: Clock

    def list(
        self,
        user: Actor,
        limit: int,
        cursor: str | None = None,
        state: str | None = None,
        handler: str | None = None,
        assignee: str | None = None,
        label: str | None = None,
        installation_id: str | None = None,
        contact_id: str | None = None,
        team: str | None = None,
    ) -> Answer:
        allow(user, "inbox.read")
        only = ConversationFilter(
            ConversationState(state) if state else None,
            Handler(handler) if handler else None,
            assignee,
            label,
            to_id_or_none(installation_id),
            to_id_or_none(contact_id),
            to_id_or_none(team),
        )
        with self.works(user.tenant, user.reach) as work:
            return page(work.conversations.list(only, cursor=cursor, limit=limit), present)

    def get(self, id: str, user: Actor) -> Answer:
        allow(user, "inbox.read")
        with self.works(user.tenant, user.reach) as work:
            found = work.conversations.get(UUID(id))
        if found is None:
            raise NotFound("there is no such conversation")
        return present(found)

    def counts(self, user: Actor) -> Answer:
        allow(user, "inbox.read")
        with self.works(user.tenant, user.reach) as work:
            counts = work.conversations.counts()
        names = ("open", "pending", "snoozed", "unassigned", "with_person")
        return {name: counts.get(name, 0) for name in names}

    def assign(self, body: Mapping[str, Any], user: Actor) -> Answer:
        to = Assignment(to_id_or_none(body["assignee"]), to_id_or_none(body.get("team")))
        id = UUID(body["conversation_id"])
        return present(self.manage.assign(id, to, user, now=self.clock.now()))

    def label(self, body: Mapping[str, Any], user: Actor) -> Answer:
        add, remove = body.get("add", []), body.get("remove", [])
        id = UUID(body["conversation_id"])
        return present(self.manage.label(id, add, remove, user, now=self.clock.now()))

    def move(self, id: str, body: Mapping[str, Any], user: Actor) -> Answer:
        state, until = ConversationState(body["state"]), to_moment(body.get("until"))
        moved = self.manage.move(UUID(id), state, user, now=self.clock.now(), until=until)
        return present(moved)

    def hand_over(self, id: str, body: Mapping[str, Any], user: Actor) -> Answer:
        return present(self.manage.hand_over(UUID(id), body["reason"], user, now=self.clock.now()))

    def return_to_agent(self, id: str, user: Actor) -> Answer:
        return present(self.manage.give_back(UUID(id), user, now=self.clock.now()))


def present(conversation: Conversation) -> Json:
    return {
        "id": str(conversation.id),
        "contact_id": str(conversation.contact_id),
        "installation_id": str(conversation.installation_id),
        "state": conversation.state,
        "handler": conversation.handler,
        "assignee": conversation.assignee,
        "team": id_or_none(conversation.team),
        "labels": [*conversation.labels],
        "preview": conversation.preview,
        "unread": conversation.unread,
        "created_at": moment(conversation.created_at),
        "last_activity_at": moment(conversation.last_activity_at),
        "last_inbound_at": moment_or_none(conversation.last_inbound_at),
        "snoozed_until": moment_or_none(conversation.snoozed_until),
        "handover": _handover(conversation.handover),
        "failures": conversation.failures,
        "version": conversation.version,
    }


def _handover(handover: Handover | None) -> Json | None:
    if handover is None:
        return None
    return {
        "reason": handover.reason,
        "summary": handover.summary,
        "tried": [*handover.tried],
        "missing": [*handover.missing],
        "at": moment(handover.at),
        "turn_id": id_or_none(handover.turn_id),
    }
