from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from plugins.trendyol.client import Client
from plugins.trendyol.manifest import MANIFEST
from plugins.trendyol.marketplace import TrendyolMarketplace
from plugins.trendyol.sandbox import TrendyolSandbox
from plugins.trendyol.settings import Settings
from ports.conformance import StillClock
from ports.families.marketplace import Page
from ports.http import Request, Response
from ports.manifest import Context, Manifest
from ports.sandbox import SandboxTransport
from ports.settings import example
from ports.wild import Wild

T = TypeVar("T")

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture
def manifest() -> Manifest:
    return MANIFEST


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def settings() -> Settings:
    known: Settings = example(Settings)
    return known


@pytest.fixture
def sandbox(clock: StillClock) -> TrendyolSandbox:
    return TrendyolSandbox(clock)


@pytest.fixture
def context(
    settings: Settings, sandbox: TrendyolSandbox, clock: StillClock, tmp_path: Path
) -> Context:
    return Context(settings, SandboxTransport(sandbox), clock, tmp_path)


@pytest.fixture
def marketplace(context: Context) -> TrendyolMarketplace:
    assert MANIFEST.marketplace is not None
    built = MANIFEST.marketplace(context)
    assert isinstance(built, TrendyolMarketplace)
    return built


@pytest.fixture
def happen(sandbox: TrendyolSandbox, settings: Settings) -> Callable[..., Any]:
    """Something happens in the shop of the settings."""
    return lambda command, **more: sandbox.control(command, seller_id=settings.seller_id, **more)


def everything(page_at: Callable[[str | None], Page[T]]) -> list[T]:
    page = page_at(None)
    items = list(page.items)
    while page.cursor is not None:
        page = page_at(page.cursor)
        items.extend(page.items)
    return items


def payload(name: str) -> Wild:
    return Wild.parse((FIXTURES / name).read_bytes())


@dataclass
class Recorded:
    """Passes on, and remembers; each call takes five seconds."""

    sandbox: TrendyolSandbox
    clock: StillClock
    urls: list[str] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.urls.append(request.url)
        self.clock.advance(timedelta(seconds=5))
        return self.sandbox.handle(request)


@dataclass
class Says:
    """A vendor that has one answer for everything."""

    answer: object
    status: int = 200

    def send(self, request: Request) -> Response:
        return Response(self.status, {}, json.dumps(self.answer).encode())


def shop_at(clock: StillClock, transport: Any) -> TrendyolMarketplace:
    return TrendyolMarketplace(Client(transport, example(Settings)), clock)
