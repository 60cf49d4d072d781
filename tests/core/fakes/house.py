"""A whole house of fakes: one tenant with a channel, a shop and a carrier connected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from core.agents.assist import Assist
from core.agents.intents import TAXONOMY, IntentRule
from core.agents.think import Think
from core.agents.turn import TakeTurn
from core.agents.turns import Outcome, TurnState
from core.commerce.follow import Follow
from core.commerce.news import Trade
from core.commerce.sync import Sync
from core.conversations.conversation import Conversation
from core.conversations.hear import Hear
from core.conversations.manage import Manage
from core.conversations.message import Message
from core.conversations.write import Reply, Write
from core.delivery.drain import Drain
from core.delivery.outbox import Owed, OwedState
from core.inbox.apply import Apply
from core.inbox.read import Read
from core.shared.actor import SCOPES, Actor
from core.tenancy.connect import Connections
from core.tenancy.installations import Installation, InstallationState
from core.tenancy.tenant import Tenant
from ports.events import Event
from ports.families.channel import (
    Identity,
    IdentityKind,
    MessageReceived,
    OutgoingText,
    Sender,
    Text,
)
from tests.core.fakes.plugins import FakeFiles, FakeVault, FakeVendors
from tests.core.fakes.vendors import FakeCarrier, FakeChannel, FakeReader, FullShop
from tests.core.fakes.world import NOW, TENANT, CountingIds, FakeClock, Tables, World

PERSON = Actor(TENANT, "api_key", "ayse", frozenset(SCOPES) - {"operator"})
PHONE = "+905321234567"


class House:
    def __init__(self, channel: type[FakeChannel] = FakeChannel) -> None:
        self.world, self.clock, self.ids = World(), FakeClock(), CountingIds()
        self.vault, self.files = FakeVault(), FakeFiles()
        self.vendors = FakeVendors(self.world, self.vault)
        self.channel, self.shop = channel(self.world), FullShop(self.world)
        self.carrier, self.reader = FakeCarrier(self.world), FakeReader()
        self.vendors.add("talk", channel=self.channel, reader=self.reader)
        self.vendors.add("shop", marketplace=self.shop, reader=self.reader)
        self.vendors.add("aras", carrier=self.carrier, reader=self.reader)
        self.errors: list[Exception] = []
        self.tables.tenant["self"] = Tenant(TENANT, "Deniz", "Europe/Istanbul", "TRY", "tr", NOW)
        self.talk, self.market, self.parcels = map(self.install, ("talk", "shop", "aras"))
        self._seen = 0
        self._build()

    def _build(self) -> None:
        works, vendors, clock, ids = self.world, self.vendors, self.clock, self.ids
        self.hear, self.trade = Hear(clock, ids), Trade(clock)
        self.write, self.manage = Write(works, vendors, clock, ids), Manage(works)
        self.drain = Drain(works, vendors, self.vault, self.files, clock, jitter=lambda: 0.5)
        apply = Apply(self.hear, self.trade)
        self.read = Read(works, vendors, apply, clock, ids, self.errors.append)
        think = Think(works, vendors, clock)
        self.turn = TakeTurn(works, vendors, think, self.write, clock, ids, self.errors.append)
        self.assist = Assist(works, self.turn, self.write, clock)
        self.sync = Sync(works, vendors, self.trade, clock)
        self.follow = Follow(works, vendors, self.write, clock, ids)
        self.connections = Connections(works, vendors, self.vault, ids, "https://house.example")

    @property
    def tables(self) -> Tables:
        return self.world.tables(TENANT)

    # --- vendors and their connections -----------------------------------------------------

    def install(self, plugin: str, tenant: UUID = TENANT, **more: Any) -> Installation:
        id = self.ids()
        sealed = self.vault.seal(tenant, id, {"code": "c", "api_key": "k"})
        on = InstallationState.ACTIVE
        account = (f"{plugin}-1", plugin.title())
        fresh = Installation(id, tenant, plugin, *account, on, sealed, None, NOW, NOW)
        installation = replace(fresh, **more)
        self.world.tables(tenant).installations[id] = installation
        if not installation.app:
            self.world.tables(tenant).routes[plugin, installation.account_id] = id
        return installation

    def switch(self, installation: Installation, state: InstallationState) -> None:
        standing = self.tables.installations[installation.id]
        moved = replace(standing, state=state, version=standing.version + 1)
        self.tables.installations[installation.id] = moved

    # --- what customers do ---------------------------------------------------------------------

    def heard(self, *events: Event, on: Installation | None = None) -> None:
        for event in events:
            with self.world(TENANT) as work:
                assert self.hear(event, on or self.talk, work, "c-1")
                work.commit()

    def says(self, text: str, sender: Sender | None = None, **more: Any) -> MessageReceived:
        """A customer writes; the clock goes on by a second, as it does."""
        self.clock.forward(seconds=1)
        self._seen += 1
        event = MessageReceived(
            f"in-{self._seen}", sender or phone(), self.clock.now(), Text(text), **more
        )
        self.heard(event)
        return event

    # --- what the house does --------------------------------------------------------------------

    def drains(self) -> int:
        """Pay whatever is due in any mailbox."""
        mailboxes = dict.fromkeys(o.mailbox for o in self.tables.outbox.values())
        return sum(self.drain(TENANT, mailbox) for mailbox in mailboxes)

    def thinks(self) -> Outcome | None:
        """Make the turn that is due."""
        due = [t for t in self.tables.turns.values() if t.state is TurnState.DUE]
        return self.turn(TENANT, due[-1].id) if due else None

    def answers(self, text: str, sender: Sender | None = None) -> str:
        """A customer writes, the agent makes its turn; answers what reached the customer."""
        before = len(self.channel.sent)
        self.says(text, sender)
        self.thinks()
        self.drains()
        return "\n".join(self.channel.texts[before:])

    def trusts(self, intents: Iterable[str] = TAXONOMY) -> None:
        """Let the agent act alone on these intents."""
        for name in intents:
            self.tables.intents[name] = IntentRule(name, autonomous=True)

    # --- what there is -------------------------------------------------------------------------

    @property
    def conversation(self) -> Conversation:
        found: Conversation = list(self.tables.conversations.values())[-1]
        return found

    @property
    def messages(self) -> list[Message]:
        return list(self.tables.messages.values())

    @property
    def owed(self) -> list[Owed]:
        return list(self.tables.outbox.values())

    def states(self) -> list[OwedState]:
        return [o.state for o in self.owed]

    def audited(self) -> list[str]:
        return [e.event_type for e in self.tables.audit]


def phone(number: str = PHONE, name: str | None = "Ali") -> Sender:
    return Sender((Identity(IdentityKind.PHONE, number),), name)


def vendor_id(value: str, *phones: str, name: str | None = None) -> Sender:
    numbers = tuple(Identity(IdentityKind.PHONE, p) for p in phones)
    return Sender((*numbers, Identity(IdentityKind.VENDOR, value)), name)


def owing(*texts: str, channel: type[FakeChannel] = FakeChannel) -> House:
    """A house that owes one customer these messages."""
    house = House(channel)
    house.says("merhaba")
    for text in texts or ("bir",):
        house.write.reply(house.ids(), Reply(house.conversation.id, OutgoingText(text)), PERSON)
    return house
