"""The promises that every carrier keeps."""

from __future__ import annotations

import pytest
from ports.conformance import CarrierContract, ManifestContract, WebhookContract, raw
from ports.manifest import Manifest
from ports.webhooks import RawWebhook

from invekto_plugin_tortoise.manifest import MANIFEST
from invekto_plugin_tortoise.sandbox import TortoiseSandbox


@pytest.fixture
def manifest() -> Manifest:
    return MANIFEST


class TestManifest(ManifestContract):
    pass


class TestCarrier(CarrierContract):
    @pytest.fixture
    def known_tracking_number(self, sandbox: TortoiseSandbox) -> str:
        sandbox.control("parcel", number="TRT000417", branch="Iğdır")
        sandbox.control("step", number="TRT000417", code=30, branch="Çanakkale")
        return "TRT000417"

    @pytest.fixture
    def unknown_state(self, sandbox: TortoiseSandbox) -> tuple[str, str]:
        sandbox.control("parcel", number="TRT000418")
        sandbox.control("step", number="TRT000418", code=99)
        return "TRT000418", "99"


class TestWebhooks(WebhookContract):
    @pytest.fixture
    def a_signed_webhook(self, sandbox: TortoiseSandbox) -> RawWebhook:
        sandbox.control("parcel", number="TRT000417")
        sandbox.control("step", number="TRT000417", code=40)
        return raw(sandbox.deliveries.take()[0])
