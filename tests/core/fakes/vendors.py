"""Vendors in memory: each can be told to raise any error of the ports, and remembers its calls.

None of them may be called while a unit of work is open: that is the house's own promise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.shared.errors import NotFound
from core.tenancy.installations import Installation
from core.tenancy.vendors import SealBroken
from ports.errors import OutcomeUnknown, Transient
from ports.events import Event
from ports.families.carrier import Parcel
from ports.families.channel import MediaFile, MessageRef, Outgoing, OutgoingTemplate
from ports.families.llm import Completion, Turn, Usage
from ports.families.marketplace import Order, Page, Subscription
from ports.families.understanding import Guess, Reading
from ports.manifest import API_VERSION, Account, Manifest, Text
from ports.settings import Secret, parse_settings, setting
from ports.values import IdempotencyKey
from ports.webhooks import Part, RawWebhook
from tests.core.fakes.world import World


class Vendor:
    """What all have in common: answers to give before the true one, and a rule about when."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.next: deque[Exception | None] = deque()
        """What the coming calls raise; None lets one pass."""
        self.down: Exception | None = None
        """What every call raises meanwhile."""
        self.during: Callable[[], None] | None = None
        """What happens elsewhere while a call is under way."""

    def called(self) -> None:
        assert self._world.open == 0, "a vendor is called with a unit of work open"
        if self.during:
            self.during()
        error = self.next.popleft() if self.next else self.down
        if error is not None:
            raise error


class LostAnswer(OutcomeUnknown):
    """The vendor did it, and the answer never came."""


class FakeChannel(Vendor):
    """A channel with no powers; `sent` is what its customers see."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.calls: list[str] = []
        self.sent: list[tuple[str, Outgoing]] = []

    def send(self, message: Outgoing, *, key: IdempotencyKey) -> MessageRef:
        self.calls.append(str(key))
        try:
            self.called()
        except LostAnswer:
            self.sent.append((str(key), message))
            raise
        self.sent.append((str(key), message))
        return MessageRef(external(str(key)))

    @property
    def texts(self) -> list[str]:
        return [getattr(m.body, "text", "") for _, m in self.sent]


def external(key: str) -> str:
    """The vendor's own id of what was sent under a key."""
    return f"wamid.{key}"


class WindowedChannel(FakeChannel):
    reply_window = timedelta(hours=24)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.approved: tuple[OutgoingTemplate, ...] = ()

    def templates(self) -> Sequence[OutgoingTemplate]:
        self.called()
        return self.approved


class SettlingChannel(FakeChannel):
    settles_within = timedelta(minutes=2)


class FindingChannel(FakeChannel):
    def find_sent(self, key: IdempotencyKey) -> MessageRef | None:
        self.called()
        return MessageRef(external(key)) if any(k == key for k, _ in self.sent) else None


class MediaChannel(FakeChannel):
    def fetch(self, ref: str) -> MediaFile:
        self.called()
        return MediaFile(f"bytes of {ref}".encode(), "image/jpeg")


class FakeShop(Vendor):
    """A shop that only lists and finds orders."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.orders: dict[str, Order] = {}
        self.pages: dict[str | None, Page[Any]] = {None: Page((), None)}
        self.asked: list[tuple[datetime, str | None]] = []

    def orders_changed_since(self, since: datetime, cursor: str | None = None) -> Page[Any]:
        self.asked.append((since, cursor))
        self.called()
        return self.pages[cursor]

    def find_order(self, number: str) -> Order | None:
        self.called()
        return self.orders.get(number)


class FullShop(FakeShop):
    """One with returns, questions and webhooks as well."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.claims: dict[str | None, Page[Any]] = {None: Page((), None)}
        self.questions: dict[str | None, Page[Any]] = {None: Page((), None)}
        self.subscribed: list[tuple[str, str]] = []

    def claims_changed_since(self, since: datetime, cursor: str | None = None) -> Page[Any]:
        self.called()
        return self.claims[cursor]

    def questions_changed_since(self, since: datetime, cursor: str | None = None) -> Page[Any]:
        self.called()
        return self.questions[cursor]

    def subscribe(self, url: str, secret: Secret) -> Subscription:
        self.called()
        self.subscribed.append((url, secret.reveal()))
        return Subscription("s1", url, True)

    def subscriptions(self) -> Sequence[Subscription]:
        return [Subscription("s1", url, True) for url, _ in self.subscribed]

    def unsubscribe(self, id: str) -> None:
        self.subscribed.clear()


class FakeCarrier(Vendor):
    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.parcels: dict[str, Parcel] = {}

    def track(self, number: str) -> Parcel | None:
        self.called()
        return self.parcels.get(number)


class FakeModel(Vendor):
    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.says = ""
        self.ended: Any = "stop"
        self.heard: list[Sequence[Turn]] = []

    def complete(
        self, turns: Sequence[Turn], *, schema: Mapping[str, Any] | None = None, limit: int = 800
    ) -> Completion:
        self.heard.append(turns)
        self.called()
        return Completion(self.says, "fake-1", Usage(10, 5), self.ended)


class FakeUnderstanding:
    """Reads by the first taught phrase that the text holds; unsure about everything else."""

    def __init__(self) -> None:
        self.taught: dict[str, Reading] = {}
        self.examples: list[Mapping[str, Sequence[str]]] = []

    def teach(self, phrase: str, *intents: str, sure: float = 0.9, language: str = "tr") -> None:
        guesses = tuple(Guess(i, sure - n / 100) for n, i in enumerate(intents))
        self.taught[phrase] = Reading(language, guesses, "fake")

    def read(self, text: str, examples: Mapping[str, Sequence[str]] = {}) -> Reading:
        self.examples.append(examples)
        for phrase, reading in self.taught.items():
            if phrase in text:
                return reading
        unsure = ("order_status", "price_query", "stock_query")
        return Reading("und", tuple(Guess(i, 0.3) for i in unsure), "fake")


class FakeReader:
    """Bodies to events, as a test says."""

    def __init__(self) -> None:
        self.events: dict[bytes, Sequence[Event] | Exception] = {}

    def verify(self, webhook: RawWebhook) -> None:
        """Everybody is believed."""

    def dedupe_key(self, webhook: RawWebhook) -> str:
        return webhook.body.hex()

    def read(self, webhook: RawWebhook) -> Sequence[Event]:
        found = self.events[webhook.body]
        if isinstance(found, Exception):
            raise found
        return found


class SplittingReader(FakeReader):
    """`account:body` lines, one part each."""

    def split(self, webhook: RawWebhook) -> Sequence[Part]:
        lines = (line.split(b":", 1) for line in webhook.body.splitlines())
        return [Part(account.decode(), body) for account, body in lines]


@dataclass(frozen=True, slots=True)
class Settings:
    code: str = setting("The code.", tr="Kod.")
    api_key: Secret = setting("The key.", tr="Anahtar.")
    webhook_secret: Secret | None = setting("The secret.", tr="Sır.", default=None)


@dataclass(frozen=True, slots=True)
class AppSettings:
    app_secret: Secret = setting("Of the app.", tr="Uygulamanın.")


@dataclass(slots=True)
class Plugin:
    """A plugin of ready-made parts, by family."""

    id: str
    parts: dict[str, Any] = field(default_factory=dict)
    account: Account = Account("acc-1", "Deniz Butik")
    refuses: Exception | None = None
    """What its check raises."""
    app_reader: FakeReader | None = None
    checked: list[Any] = field(default_factory=list)


class FakeVendors:
    """Fulfils core.tenancy.vendors.Vendors."""

    def __init__(self, world: World, vault: FakeVault) -> None:
        self._world, self._vault = world, vault
        self.plugins: dict[str, Plugin] = {}
        self.reads = FakeUnderstanding()

    def add(self, id: str, **parts: Any) -> Plugin:
        self.plugins[id] = Plugin(id, parts)
        return self.plugins[id]

    def manifest(self, plugin_id: str) -> Manifest:
        plugin = self._plugin(plugin_id)
        return Manifest(
            id=plugin.id,
            name=plugin.id.title(),
            summary=Text("For tests.", "Testler için."),
            api=API_VERSION,
            settings=Settings,
            hosts=frozenset(),
            owners=("tests",),
            check=lambda _: plugin.account,
            app_settings=AppSettings if plugin.app_reader else None,
        )

    def families(self, plugin_id: str) -> tuple[str, ...]:
        plugin = self.plugins.get(plugin_id)
        return tuple(f for f in plugin.parts if f != "reader") if plugin else ()

    def check(self, plugin_id: str, settings: Any, *, app: bool = False) -> Account:
        assert self._world.open == 0, "a vendor is called with a unit of work open"
        plugin = self._plugin(plugin_id)
        plugin.checked.append(settings)
        if plugin.refuses:
            raise plugin.refuses
        return plugin.account

    def settings(self, installation: Installation) -> Any:
        manifest = self.manifest(installation.plugin_id)
        kind = manifest.app_settings if installation.app else manifest.settings
        assert kind is not None
        sealed = installation.settings
        return parse_settings(kind, self._vault.open(installation.tenant_id, installation.id, sealed))

    def channel(self, installation: Installation) -> Any:
        return self._part(installation, "channel")

    def marketplace(self, installation: Installation) -> Any:
        return self._part(installation, "marketplace")

    def carrier(self, installation: Installation) -> Any:
        return self._part(installation, "carrier")

    def language_model(self, installation: Installation) -> Any:
        return self._part(installation, "llm")

    def understanding(self) -> FakeUnderstanding:
        return self.reads

    def reader(self, installation: Installation) -> Any:
        if installation.app:
            return self._plugin(installation.plugin_id).app_reader
        return self._part(installation, "reader")

    def _plugin(self, id: str) -> Plugin:
        if id not in self.plugins:
            raise NotFound(f"there is no plugin {id}")
        return self.plugins[id]

    def _part(self, installation: Installation, family: str) -> Any:
        plugin = self._plugin(installation.plugin_id)
        if family not in plugin.parts:
            raise NotFound(f"{plugin.id} is no {family}")
        return plugin.parts[family]


class FakeVault:
    """Sealed bytes are a number; the plain text stays here, with the place it was sealed for."""

    def __init__(self) -> None:
        self.sealed: list[tuple[UUID, UUID, dict[str, Any]]] = []

    def seal(self, tenant: UUID, installation: UUID, plain: Mapping[str, Any]) -> bytes:
        self.sealed.append((tenant, installation, dict(plain)))
        return f"sealed-{len(self.sealed) - 1}".encode()

    def open(self, tenant: UUID, installation: UUID, sealed: bytes) -> Mapping[str, Any]:
        try:
            at, place, plain = self.sealed[int(sealed.removeprefix(b"sealed-"))]
        except (ValueError, IndexError):
            raise SealBroken("these bytes were never sealed") from None
        if (at, place) != (tenant, installation):
            raise SealBroken("sealed for another place")
        return plain


class FakeFiles:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, tenant: UUID, name: str, data: bytes) -> str:
        self.kept[name] = data
        return name

    def get(self, tenant: UUID, path: str) -> bytes:
        return self.kept[path]


NO_CONNECTION = Transient("no connection")
