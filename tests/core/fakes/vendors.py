"""Vendors in memory: each can be told to raise any error of the ports, and remembers its calls.

None of them may be called while a unit of work is open: that is the house's own promise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ports.errors import OutcomeUnknown
from ports.events import Event
from ports.families.carrier import Parcel
from ports.families.channel import MediaFile, MessageRef, Outgoing, OutgoingTemplate
from ports.families.llm import Completion, Turn, Usage
from ports.families.marketplace import Order, Page, Subscription
from ports.families.understanding import Guess, Reading
from ports.settings import Secret
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
