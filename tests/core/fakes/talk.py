"""The stores of contacts, conversations and messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from core.conversations.contacts import Contact, Known, Merge
from core.conversations.conversation import (
    Conversation,
    ConversationFilter,
    ConversationState,
    Handler,
)
from core.conversations.message import Attachment, Direction, Message, Report
from core.shared.errors import Conflict
from core.shared.paging import Slice
from tests.core.fakes.stores import Store, page

RESOLVED = ConversationState.RESOLVED


class Contacts(Store):
    def lock(self, identities: Sequence[Known]) -> None:
        """Alone in memory: there is nobody to lock out."""

    def find(self, identities: Sequence[Known]) -> Mapping[Known, UUID]:
        return {i: self.t.identities[i] for i in identities if i in self.t.identities}

    def bind(self, identity: Known, contact: UUID, now: datetime) -> None:
        self.t.identities[identity] = contact

    def unbind(self, identity: Known) -> None:
        self.t.identities.pop(identity, None)

    def identities(self, contact: UUID) -> Sequence[Known]:
        return sorted(i for i, owner in self.t.identities.items() if owner == contact)

    def get(self, id: UUID) -> Contact | None:
        return self.t.contacts.get(id)

    def add(self, contact: Contact) -> None:
        self.t.contacts[contact.id] = contact

    def save(self, contact: Contact) -> None:
        self.t.contacts[contact.id] = contact

    def list(self, *, query: str | None, cursor: str | None, limit: int) -> Slice[Contact]:
        rows = [c for c in self.t.contacts.values() if c.merged_into is None]
        named = [c for c in rows if not query or query in (c.name or "")]
        return page(sorted(named, key=lambda c: c.updated_at, reverse=True), cursor, limit)

    def move(self, kept: UUID, merged: UUID) -> Mapping[str, Sequence[str]]:
        identities = self.identities(merged)
        for identity in identities:
            self.t.identities[identity] = kept
        proofs = [p for p in self.t.proofs if p[0] == merged]
        self.t.proofs -= set(proofs)
        self.t.proofs |= {(kept, *p[1:]) for p in proofs}
        orders = [k for k, s in self.t.orders.items() if s.contact_id == merged]
        for key in orders:
            self.t.orders[key] = replace(self.t.orders[key], contact_id=kept)
        return {
            "identities": [f"{i.scope} {i.kind} {i.value}" for i in identities],
            "proofs": [f"{p[1]} {p[2]}" for p in proofs],
            "orders": [f"{i} {n}" for i, n in orders],
            **self._move_conversations(kept, merged),
        }

    def _move_conversations(self, kept: UUID, merged: UUID) -> dict[str, list[str]]:
        moved: dict[str, list[str]] = {"conversations": [], "joined": [], "messages": []}
        for theirs in [c for c in self.t.conversations.values() if c.contact_id == merged]:
            ours = _current(self.t.conversations, kept, theirs.installation_id)
            if ours is None or theirs.state is RESOLVED:
                self.t.conversations[theirs.id] = replace(theirs, contact_id=kept)
                moved["conversations"].append(str(theirs.id))
                continue
            self.t.conversations[theirs.id] = replace(theirs, contact_id=kept, state=RESOLVED)
            moved["joined"].append(f"{theirs.id} {theirs.state}")
            for message in [m for m in self.t.messages.values() if m.conversation_id == theirs.id]:
                self.t.messages[message.id] = replace(message, conversation_id=ours.id)
                moved["messages"].append(f"{message.id} {theirs.id}")
        return moved

    def move_back(self, merge: Merge) -> None:
        for words in (i.split(" ", 2) for i in merge.moved["identities"]):
            self.t.identities[Known(*words)] = merge.merged
        for words in (p.split(" ", 1) for p in merge.moved["proofs"]):
            self.t.proofs.discard((merge.kept, UUID(words[0]), words[1]))
            self.t.proofs.add((merge.merged, UUID(words[0]), words[1]))
        for words in (o.split(" ", 1) for o in merge.moved["orders"]):
            key = (UUID(words[0]), words[1])
            self.t.orders[key] = replace(self.t.orders[key], contact_id=merge.merged)
        for id in map(UUID, merge.moved["conversations"]):
            self._change(id, contact_id=merge.merged)
        for words in (j.split() for j in merge.moved["joined"]):
            state = ConversationState(words[1])
            self._change(UUID(words[0]), contact_id=merge.merged, state=state)
        for words in (m.split() for m in merge.moved["messages"]):
            message = self.t.messages[UUID(words[0])]
            self.t.messages[message.id] = replace(message, conversation_id=UUID(words[1]))

    def _change(self, conversation: UUID, **to: Any) -> None:
        standing = self.t.conversations[conversation]
        self.t.conversations[conversation] = replace(standing, **to)

    def add_merge(self, merge: Merge) -> None:
        self.t.merges[merge.id] = merge

    def merge(self, id: UUID) -> Merge | None:
        return self.t.merges.get(id)

    def save_merge(self, merge: Merge) -> None:
        self.t.merges[merge.id] = merge

    def merges(self, contact: UUID) -> Sequence[Merge]:
        return [m for m in self.t.merges.values() if contact in (m.kept, m.merged)]


def _current(rows: dict[UUID, Any], contact: UUID, installation: UUID) -> Conversation | None:
    theirs = (c for c in rows.values() if c.contact_id == contact and c.state is not RESOLVED)
    return next((c for c in theirs if c.installation_id == installation), None)


class Conversations(Store):
    def get(self, id: UUID, *, lock: bool = False) -> Conversation | None:
        return self.t.conversations.get(id)

    def current(self, contact: UUID, installation: UUID) -> Conversation | None:
        return _current(self.t.conversations, contact, installation)

    def add(self, conversation: Conversation) -> None:
        if self.current(conversation.contact_id, conversation.installation_id):
            raise Conflict("the contact has an open conversation here already")
        self.t.conversations[conversation.id] = conversation

    def save(self, conversation: Conversation) -> None:
        if self.t.conversations[conversation.id].version != conversation.version - 1:
            raise Conflict("the conversation was changed meanwhile")
        self.t.conversations[conversation.id] = conversation

    def list(
        self, only: ConversationFilter, *, cursor: str | None, limit: int
    ) -> Slice[Conversation]:
        rows = [
            c
            for c in self.t.conversations.values()
            if only.state in (None, c.state)
            and only.contact_id in (None, c.contact_id)
            and only.installation_id in (None, c.installation_id)
        ]
        return page(sorted(rows, key=lambda c: c.last_activity_at, reverse=True), cursor, limit)

    def counts(self) -> Mapping[str, int]:
        rows = [c for c in self.t.conversations.values() if c.state is not RESOLVED]
        return {"with_person": sum(c.handler is Handler.PERSON for c in rows)}


class Messages(Store):
    def add(self, message: Message) -> bool:
        if message.id in self.t.messages:
            return False
        if message.external_id and self.by_external(message.installation_id, message.external_id):
            return False
        self.t.messages[message.id] = message
        return True

    def get(self, id: UUID) -> Message | None:
        return self.t.messages.get(id)

    def by_external(self, installation: UUID, external_id: str) -> Message | None:
        key = (installation, external_id)
        rows = self.t.messages.values()
        return next((m for m in rows if (m.installation_id, m.external_id) == key), None)

    def save(self, message: Message) -> None:
        self.t.messages[message.id] = message

    def list(self, conversation: UUID, *, cursor: str | None, limit: int) -> Slice[Message]:
        rows = [m for m in self.t.messages.values() if m.conversation_id == conversation]
        return page(sorted(rows, key=lambda m: m.sent_at, reverse=True), cursor, limit)

    def answer(
        self,
        conversation: UUID,
        *,
        only: Sequence[UUID] | None = None,
        until: datetime | None = None,
    ) -> None:
        for message in self.unanswered(conversation, len(self.t.messages)):
            meant = only is None or message.id in only
            if meant and (until is None or message.sent_at <= until):
                self.save(replace(message, answered=True))

    def unanswered(self, conversation: UUID, limit: int) -> Sequence[Message]:
        here = [m for m in self.t.messages.values() if m.conversation_id == conversation]
        waiting = [m for m in here if m.direction is Direction.IN and not m.answered]
        return sorted(waiting, key=lambda m: m.sent_at)[:limit]

    def add_attachment(self, attachment: Attachment) -> None:
        self.t.attachments[attachment.id] = attachment

    def attachment(self, id: UUID) -> Attachment | None:
        return self.t.attachments.get(id)

    def attachments(self, messages: Sequence[UUID]) -> Sequence[Attachment]:
        return [a for a in self.t.attachments.values() if a.message_id in messages]

    def save_attachment(self, attachment: Attachment) -> None:
        self.t.attachments[attachment.id] = attachment

    def keep_report(self, report: Report) -> None:
        self.t.reports.append(report)

    def take_reports(self, installation: UUID, external_id: str) -> Sequence[Report]:
        key = (installation, external_id)
        taken = [r for r in self.t.reports if (r.installation_id, r.external_id) == key]
        self.t.reports[:] = [r for r in self.t.reports if r not in taken]
        return sorted(taken, key=lambda r: r.at)


STORES: dict[str, Any] = {
    "contacts": Contacts,
    "conversations": Conversations,
    "messages": Messages,
}
