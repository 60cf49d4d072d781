"""The promises that every channel with webhooks makes."""

from __future__ import annotations

import base64

import pytest

from plugins.whatsapp.manifest import MANIFEST
from ports.conformance import (
    ChannelContract,
    ManifestContract,
    SplitsContract,
    WebhookContract,
    raw,
)
from ports.families.channel import Identity, IdentityKind
from ports.manifest import Manifest
from ports.sandbox import Sandbox
from ports.webhooks import RawWebhook, WebhookReader

CUSTOMER = Identity(IdentityKind.PHONE, "+905301234567")
STRANGER = Identity(IdentityKind.PHONE, "+905309990000")
OTHER_NUMBER = "550100200309999"


@pytest.fixture
def manifest() -> Manifest:
    return MANIFEST


@pytest.fixture
def a_signed_webhook(sandbox: Sandbox) -> RawWebhook:
    sandbox.control("customer_writes", from_phone=CUSTOMER.value, name="Işıl", text="Merhaba! 👋")
    return raw(sandbox.deliveries.take()[0])


@pytest.fixture
def a_handshake() -> dict[str, str]:
    return {
        "hub.mode": "subscribe",
        "hub.verify_token": "sandbox-verify-token",
        "hub.challenge": "1158201444",
    }


class TestManifest(ManifestContract):
    pass


class TestChannel(ChannelContract):
    @pytest.fixture
    def outgoing_to(self, sandbox: Sandbox) -> Identity:
        sandbox.control("customer_writes", from_phone=CUSTOMER.value, text="Merhaba")
        return CUSTOMER

    @pytest.fixture
    def closed_to(self, sandbox: Sandbox) -> Identity:
        sandbox.control("window", refuses="at_once")
        return STRANGER

    @pytest.fixture
    def known_media_ref(self, sandbox: Sandbox) -> str:
        data = base64.b64encode(b"a picture").decode()
        ref: str = sandbox.control("media", data=data, mime="image/jpeg")["id"]
        return ref

    @pytest.fixture
    def received_message_id(self, sandbox: Sandbox) -> str:
        said = sandbox.control("customer_writes", from_phone=CUSTOMER.value, text="Merhaba")
        wamid: str = said["wamid"]
        return wamid


class TestTenantsWebhooks(WebhookContract):
    pass


class TestAppsWebhooks(SplitsContract):
    @pytest.fixture
    def account_reader(self, reader: WebhookReader) -> WebhookReader:
        """The mixed delivery is of two tenants: one reader of all numbers stands for both."""
        return reader

    @pytest.fixture
    def a_mixed_webhook(self, sandbox: Sandbox) -> RawWebhook:
        sandbox.control("account", phone_number_id=OTHER_NUMBER, waba_id="550900800700999")
        for number in (None, OTHER_NUMBER, None):
            sandbox.control(
                "customer_writes", phone_number_id=number, from_phone=CUSTOMER.value, text="Selam"
            )
        sandbox.control("merge")
        [delivery] = sandbox.deliveries.take()
        return raw(delivery)
