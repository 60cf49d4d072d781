"""What is peculiar to Tortoise."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ports.conformance import StillClock, raw
from ports.errors import ContractBroken
from ports.families.carrier import ParcelState
from ports.http import Response
from ports.sandbox import SandboxTransport
from ports.settings import example
from ports.wild import Wild

from invekto_plugin_tortoise.carrier import TortoiseCarrier
from invekto_plugin_tortoise.client import TortoiseClient
from invekto_plugin_tortoise.mapping import to_moment
from invekto_plugin_tortoise.sandbox import TortoiseSandbox
from invekto_plugin_tortoise.settings import Settings
from invekto_plugin_tortoise.webhooks import TortoiseWebhooks


@pytest.fixture
def sandbox() -> TortoiseSandbox:
    return TortoiseSandbox(StillClock())


@pytest.fixture
def client(sandbox: TortoiseSandbox) -> TortoiseClient:
    return TortoiseClient(SandboxTransport(sandbox), example(Settings))


def test_its_times_are_those_of_turkey() -> None:
    assert to_moment(Wild("02.03.2026 14:05")) == datetime(2026, 3, 2, 11, 5, tzinfo=UTC)


def test_a_rest_under_a_tree_is_still_a_journey(
    sandbox: TortoiseSandbox, client: TortoiseClient
) -> None:
    sandbox.control("parcel", number="TRT1")
    sandbox.control("step", number="TRT1", code=31)
    parcel = TortoiseCarrier(client).track("TRT1")
    assert parcel is not None
    assert [scan.state for scan in parcel.scans] == [ParcelState.ANNOUNCED, ParcelState.IN_TRANSIT]


def test_another_attempt_is_the_same_delivery(sandbox: TortoiseSandbox) -> None:
    sandbox.control("parcel", number="TRT1")
    sandbox.control("step", number="TRT1", code=30)
    sandbox.control("repeat")
    first, second = map(raw, sandbox.deliveries.take())
    reader = TortoiseWebhooks(example(Settings))
    assert first.body != second.body
    assert reader.dedupe_key(first) == reader.dedupe_key(second)


def test_a_code_that_is_new_to_us_keeps_the_vendors_word(client: TortoiseClient) -> None:
    class Odd:
        def send(self, request: object) -> Response:
            return Response(200, body=b'{"ok": false, "code": "E77", "text": "moulting"}')

    with pytest.raises(ContractBroken, match="moulting") as caught:
        TortoiseClient(Odd(), client.settings).account()
    assert caught.value.vendor_code == "E77"
