"""What the tests share: a clock that stands still, the sandbox, the plugin built over it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from plugins.whatsapp.channel import WhatsAppChannel
from plugins.whatsapp.client import GraphClient
from plugins.whatsapp.sandbox import WhatsAppSandbox
from plugins.whatsapp.settings import Settings
from plugins.whatsapp.webhooks import WhatsAppReader
from ports.conformance import StillClock
from ports.events import Event
from ports.http import Request, Response
from ports.sandbox import SandboxTransport
from ports.settings import example
from ports.webhooks import RawWebhook

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def settings() -> Settings:
    made: Settings = example(Settings)
    return made


@pytest.fixture
def sandbox(clock: StillClock) -> WhatsAppSandbox:
    return WhatsAppSandbox(clock)


@pytest.fixture
def channel(sandbox: WhatsAppSandbox, settings: Settings) -> WhatsAppChannel:
    return WhatsAppChannel(GraphClient(SandboxTransport(sandbox), settings), settings)


@pytest.fixture
def reader(settings: Settings) -> WhatsAppReader:
    assert settings.app_secret
    return WhatsAppReader(
        secrets=(settings.app_secret,),
        verify_token=settings.verify_token,
        phone_number_id=settings.phone_number_id,
    )


@pytest.fixture
def owed(sandbox: WhatsAppSandbox, reader: WhatsAppReader) -> Callable[[], list[Event]]:
    """Takes what the sandbox owes us, verifies it and reads it."""

    def read() -> list[Event]:
        events: list[Event] = []
        for delivery in sandbox.deliveries.take():
            webhook = RawWebhook(delivery.body, delivery.headers)
            reader.verify(webhook)
            events.extend(reader.read(webhook))
        return events

    return read


@pytest.fixture
def payload() -> Callable[[str], RawWebhook]:
    """A stored payload by its name, without the ending."""

    def find(name: str) -> RawWebhook:
        [path] = FIXTURES.glob(f"**/{name}__from_docs.json")
        return RawWebhook(path.read_bytes())

    return find


class Scripted:
    """A Transport that gives prepared answers and remembers what was asked."""

    def __init__(self) -> None:
        self.answers: list[Response] = []
        self.asked: list[Request] = []

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        return self.answers.pop(0)

    def will_answer(self, body: bytes = b"", status: int = 200, **json_body: object) -> None:
        content = json.dumps(json_body).encode() if json_body else body
        self.answers.append(Response(status, {}, content))


@pytest.fixture
def vendor() -> Scripted:
    """Meta with answers that the sandbox does not give."""
    return Scripted()


@pytest.fixture
def odd_channel(vendor: Scripted, settings: Settings) -> WhatsAppChannel:
    """A channel that ends in `vendor`."""
    return WhatsAppChannel(GraphClient(vendor, settings), settings)
