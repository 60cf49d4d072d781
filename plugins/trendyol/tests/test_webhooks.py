"""Deliveries: who sent them, whether we had them, what they say."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from plugins.trendyol.settings import Settings
from plugins.trendyol.tests.conftest import FIXTURES
from plugins.trendyol.webhooks import TrendyolWebhooks
from ports.errors import Unverified
from ports.families.marketplace import PackageState
from ports.settings import Secret
from ports.webhooks import RawWebhook

SECRET = "çok-gizli-91"


@pytest.fixture
def reader(settings: Settings) -> TrendyolWebhooks:
    return TrendyolWebhooks(replace(settings, webhook_secret=Secret(SECRET)))


def basic(pair: str) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def fixture(name: str) -> RawWebhook:
    return RawWebhook((FIXTURES / "webhooks" / name).read_bytes())


def test_our_key_or_our_password_is_verified(reader: TrendyolWebhooks) -> None:
    reader.verify(RawWebhook(b"", {"x-api-key": SECRET}))
    reader.verify(RawWebhook(b"", basic(f"kim-olursa:{SECRET}")))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": ""},
        {"x-api-key": SECRET + "1"},
        {"x-api-key": "", **basic(f"u:{SECRET}")},
        basic(SECRET),
        basic(f"{SECRET}:"),
        {"authorization": f"Bearer {SECRET}"},
        {"authorization": "Basic ğğğ"},
        {"authorization": "Basic"},
    ],
)
def test_anything_else_is_unverified(reader: TrendyolWebhooks, headers: dict[str, str]) -> None:
    with pytest.raises(Unverified):
        reader.verify(RawWebhook(b"", headers))


def test_without_a_stored_secret_nobody_is_verified(settings: Settings) -> None:
    reader = TrendyolWebhooks(replace(settings, webhook_secret=None))
    for headers in ({}, {"x-api-key": ""}, {"x-api-key": "None"}):
        with pytest.raises(Unverified):
            reader.verify(RawWebhook(b"", headers))


def test_the_key_is_package_status_and_moment(reader: TrendyolWebhooks) -> None:
    delivery = fixture("package.shipped__from_docs.json")
    assert reader.dedupe_key(delivery) == "3410220917:Shipped:1794733511000"


@pytest.mark.parametrize(
    "change", [{"status": "Delivered"}, {"lastModifiedDate": 1}, {"shipmentPackageId": 2}]
)
def test_another_state_moment_or_package_is_another_delivery(
    reader: TrendyolWebhooks, change: dict[str, Any]
) -> None:
    before = fixture("package.shipped__from_docs.json")
    body = json.loads(before.body)
    body["content"][0] |= change
    after = RawWebhook(json.dumps(body).encode())
    assert reader.dedupe_key(after) != reader.dedupe_key(before)


def test_the_envelope_does_not_make_another_delivery(reader: TrendyolWebhooks) -> None:
    enveloped = fixture("package.shipped__from_docs.json")
    bare = RawWebhook(json.dumps(json.loads(enveloped.body)["content"][0]).encode())
    assert reader.dedupe_key(bare) == reader.dedupe_key(enveloped)
    assert reader.read(bare) == reader.read(enveloped)


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"content": []}', b'{"content": [{}]}'])
def test_what_cannot_be_read_is_known_by_its_bytes(reader: TrendyolWebhooks, body: bytes) -> None:
    assert reader.dedupe_key(RawWebhook(body)) == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("word", ["\ud800", "\x00", "Ş" * 300])
def test_a_key_is_plain_text_whatever_the_status(reader: TrendyolWebhooks, word: str) -> None:
    package = {"shipmentPackageId": 1, "status": word, "lastModifiedDate": 2}
    key = reader.dedupe_key(RawWebhook(json.dumps(package).encode()))
    assert key.isascii()
    assert key.isalnum()


def test_each_package_is_an_event(reader: TrendyolWebhooks) -> None:
    events = reader.read(fixture("package.replaced__from_docs.json"))
    states = [[p.state for p in event.order.packages] for event in events]
    assert states == [[PackageState.CANCELLED], [PackageState.CREATED]]
    assert events[1].order.packages[0].replaces == ("3410220950",)


def test_the_sandbox_posts_what_the_reader_reads(
    marketplace: Any, settings: Settings, sandbox: Any, happen: Callable[..., Any]
) -> None:
    assert settings.webhook_secret is not None
    marketplace.subscribe("https://house.example/hooks/t1", settings.webhook_secret)
    ordered = happen("order", city="Iğdır")
    happen("status", package_id=ordered["shipmentPackageId"], status="AtCollectionPoint")
    reader = TrendyolWebhooks(settings)
    told = []
    for delivery in sandbox.deliveries.take():
        webhook = RawWebhook(delivery.body, {k.lower(): v for k, v in delivery.headers.items()})
        reader.verify(webhook)
        told += [(e.order.number, e.order.packages[0].state) for e in reader.read(webhook)]
    number = ordered["orderNumber"]
    assert told == [(number, PackageState.CREATED), (number, PackageState.AT_PICKUP_POINT)]
