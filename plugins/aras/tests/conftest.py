"""The plugin over its sandbox."""

from __future__ import annotations

import pytest

from plugins.aras.carrier import ArasCarrier
from plugins.aras.client import Client
from plugins.aras.sandbox import ArasSandbox
from plugins.aras.tests.answers import SETTINGS
from ports.conformance import StillClock
from ports.sandbox import SandboxTransport


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def aras(clock: StillClock) -> ArasSandbox:
    return ArasSandbox(clock)


@pytest.fixture
def carrier(aras: ArasSandbox) -> ArasCarrier:
    return ArasCarrier(Client(SandboxTransport(aras), SETTINGS))
