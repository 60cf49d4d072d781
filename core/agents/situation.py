"""What a turn starts from: everything it needs to know, read in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.agents.intents import IntentRule
from core.commerce.gate import Facts, facts_in, theirs
from core.commerce.orders import StoredOrder
from core.conversations.contacts import EVERYWHERE, Contact
from core.conversations.conversation import Conversation
from core.conversations.message import Message
from core.shared.work import Work
from core.tenancy.flags import FLAGS
from core.tenancy.installations import Installation
from core.tenancy.tenant import Tenant
from core.tenancy.vendors import Vendors

BURST = 20
"""At most so many unanswered messages are read together."""
OWN_ORDERS = 10


@dataclass(frozen=True, slots=True)
class Situation:
    tenant: Tenant
    conversation: Conversation
    contact: Contact
    phones: tuple[str, ...]
    """The contact's phones that a channel has verified."""
    messages: tuple[Message, ...]
    """What the contact wrote since the last answer, oldest first."""
    rules: Mapping[str, IntentRule]
    flags: Mapping[str, bool]
    shops: tuple[Installation, ...]
    carriers: Mapping[str, Installation]
    """By plugin id."""
    model: Installation | None
    own: tuple[StoredOrder, ...]
    """Orders that are known to be the contact's, newest first."""

    @property
    def text(self) -> str:
        return "\n".join(m.text for m in self.messages if m.text and m.revoked_at is None)

    @property
    def chosen(self) -> str | None:
        """The intent that the contact tapped last, if that was the last thing they did."""
        if not self.messages:
            return None
        choice = str(self.messages[-1].content.get("choice", ""))
        return choice.removeprefix("intent:") if choice.startswith("intent:") else None

    @property
    def awaited(self) -> Sequence[str]:
        """The intents that wait for proof of an order."""
        return tuple(self.conversation.awaits.get("intents", ()))

    @property
    def facts(self) -> Facts:
        """Proof in what was written, together with an order number that was named before."""
        now = facts_in(self.text)
        before = tuple(self.conversation.awaits.get("numbers", ()))
        return now if now.numbers else Facts(before, now.amounts)

    def says(self, reading_language: str) -> str:
        """The language to answer in."""
        if reading_language in ("tr", "en"):
            return reading_language
        return self.contact.language or self.tenant.language

    def shop(self, stored: StoredOrder) -> Installation | None:
        return next((s for s in self.shops if s.id == stored.installation_id), None)


def look_around(conversation: Conversation, work: Work, vendors: Vendors) -> Situation:
    """Read the situation of a conversation inside a work."""
    contact = work.contacts.get(conversation.contact_id)
    assert contact is not None, "a conversation belongs to a contact that exists"
    phones = tuple(
        i.value
        for i in work.contacts.identities(contact.id)
        if i.scope == EVERYWHERE and i.kind == "phone"
    )
    active = [i for i in work.installations.all() if i.works and not i.app]
    own = work.orders.of_contact(contact.id, phones, OWN_ORDERS)
    return Situation(
        tenant=work.tenants.get(),
        conversation=conversation,
        contact=contact,
        phones=phones,
        messages=tuple(work.messages.unanswered(conversation.id, BURST)),
        rules=work.intents.all(),
        flags={**{f.name: f.default for f in FLAGS.values()}, **work.flags.all()},
        shops=tuple(_offering(active, vendors, "marketplace")),
        carriers={i.plugin_id: i for i in _offering(active, vendors, "carrier")},
        model=next(iter(_offering(active, vendors, "llm")), None),
        own=theirs(own, contact.id, phones, work),
    )


def _offering(
    active: Sequence[Installation], vendors: Vendors, family: str
) -> Sequence[Installation]:
    return [i for i in active if family in vendors.families(i.plugin_id)]


def examples(rules: Mapping[str, IntentRule]) -> dict[str, Any]:
    """The tenant's own intents with their samples."""
    return {r.name: r.examples for r in rules.values() if r.own}
