"""What the tests share: a clock that stands still, the sandbox, the plugin built over it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plugins.netgsm.channel import NetgsmChannel
from plugins.netgsm.client import Client
from plugins.netgsm.sandbox import NetgsmSandbox
from plugins.netgsm.settings import Settings
from plugins.netgsm.tests.answers import Scripted
from plugins.netgsm.webhooks import NetgsmReader
from ports.conformance import StillClock, raw
from ports.events import Event
from ports.sandbox import SandboxTransport
from ports.settings import example
from ports.webhooks import RawWebhook

FIXTURES = Path(__file__).parent.parent / "fixtures" / "webhooks"


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def settings() -> Settings:
    made: Settings = example(Settings)
    return made


@pytest.fixture
def sandbox(clock: StillClock) -> NetgsmSandbox:
    return NetgsmSandbox(clock)


@pytest.fixture
def client(sandbox: NetgsmSandbox, settings: Settings) -> Client:
    return Client(SandboxTransport(sandbox), settings)


@pytest.fixture
def channel(client: Client, settings: Settings) -> NetgsmChannel:
    return NetgsmChannel(client, settings)


@pytest.fixture
def reader() -> NetgsmReader:
    return NetgsmReader()


@pytest.fixture
def owed(sandbox: NetgsmSandbox, reader: NetgsmReader) -> Callable[[], list[Event]]:
    """Takes what the sandbox owes us and reads it."""
    return lambda: [e for d in sandbox.deliveries.take() for e in reader.read(raw(d))]


@pytest.fixture
def payload() -> Callable[[str], RawWebhook]:
    """A stored push by its name, without the ending."""

    def find(name: str) -> RawWebhook:
        [path] = FIXTURES.glob(f"{name}__from_docs.*")
        return RawWebhook(path.read_bytes())

    return find


@pytest.fixture
def vendor() -> Scripted:
    """Netgsm with answers that the sandbox does not give."""
    return Scripted()


@pytest.fixture
def odd_channel(vendor: Scripted, settings: Settings) -> NetgsmChannel:
    """A channel that ends in `vendor`."""
    return NetgsmChannel(Client(vendor, settings), settings)
