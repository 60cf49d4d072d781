"""Having changes posted: once, awake, and proven by the present secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plugins.trendyol.client import Client
from plugins.trendyol.marketplace import TrendyolMarketplace
from plugins.trendyol.sandbox import TrendyolSandbox
from plugins.trendyol.settings import Settings
from ports.errors import Rejected
from ports.http import Request
from ports.settings import Secret

URL = "https://house.example/hooks/a1"
Happen = Callable[..., Any]


def fall_asleep(sandbox: TrendyolSandbox, settings: Settings, id: str) -> None:
    """As Trendyol does after thirteen failed deliveries."""
    client = Client(_Into(sandbox), settings)
    client._change("PUT", f"webhooks/{id}/deactivate")


class _Into:
    def __init__(self, sandbox: TrendyolSandbox) -> None:
        self._sandbox = sandbox

    def send(self, request: Request) -> Any:
        return self._sandbox.handle(request)


def keys_sent(sandbox: TrendyolSandbox) -> list[str]:
    return [delivery.headers["x-api-key"] for delivery in sandbox.deliveries.take()]


def test_a_subscription_posts_every_change_with_the_secret(
    marketplace: TrendyolMarketplace, sandbox: TrendyolSandbox, happen: Happen
) -> None:
    marketplace.subscribe(URL, Secret("s1"))
    package = happen("order")["shipmentPackageId"]
    happen("status", package_id=package, status="HandedToDrone")
    assert keys_sent(sandbox) == ["s1", "s1"]


def test_an_equal_url_is_reused_and_gets_the_new_secret(
    marketplace: TrendyolMarketplace, sandbox: TrendyolSandbox, happen: Happen
) -> None:
    first = marketplace.subscribe(URL, Secret("s1"))
    assert marketplace.subscribe(URL, Secret("s2")) == first
    happen("order")
    assert keys_sent(sandbox) == ["s2"]


def test_a_passive_subscription_is_shown_and_woken_up(
    marketplace: TrendyolMarketplace,
    sandbox: TrendyolSandbox,
    settings: Settings,
    happen: Happen,
) -> None:
    first = marketplace.subscribe(URL, Secret("s1"))
    fall_asleep(sandbox, settings, first.id)
    assert [s.active for s in marketplace.subscriptions()] == [False]
    happen("order")
    assert keys_sent(sandbox) == []
    assert marketplace.subscribe(URL, Secret("s1")) == first
    assert [s.active for s in marketplace.subscriptions()] == [True]
    happen("order")
    assert keys_sent(sandbox) == ["s1"]


def test_what_is_unsubscribed_is_not_posted(
    marketplace: TrendyolMarketplace, sandbox: TrendyolSandbox, happen: Happen
) -> None:
    kept = marketplace.subscribe(URL, Secret("s1"))
    gone = marketplace.subscribe(URL + "2", Secret("s2"))
    marketplace.unsubscribe(gone.id)
    assert marketplace.subscriptions() == [kept]
    happen("order")
    assert keys_sent(sandbox) == ["s1"]


def test_an_unknown_id_is_unsubscribed_already(marketplace: TrendyolMarketplace) -> None:
    marketplace.unsubscribe("no-such-webhook")


def test_the_sixteenth_subscription_is_rejected(marketplace: TrendyolMarketplace) -> None:
    for number in range(15):
        marketplace.subscribe(f"{URL}/{number}", Secret("s1"))
    with pytest.raises(Rejected, match="15"):
        marketplace.subscribe(URL, Secret("s1"))


@pytest.mark.parametrize(
    "url",
    ["https://house.example/Trendyol/1", "https://dolap.example/1", "http://localhost:8000/1"],
)
def test_an_address_with_a_forbidden_word_is_rejected(
    marketplace: TrendyolMarketplace, url: str
) -> None:
    with pytest.raises(Rejected, match="Localhost"):
        marketplace.subscribe(url, Secret("s1"))
