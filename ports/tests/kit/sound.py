"""The contracts of a plugin that keeps every promise; `planted_*.py` break them one by one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from acme.manifest import MANIFEST

from ports.conformance import (
    CarrierContract,
    ChannelContract,
    EmbedderContract,
    LanguageModelContract,
    ManifestContract,
    MarketplaceContract,
    SplitsContract,
    UnderstandingContract,
    WebhookContract,
    raw,
)
from ports.families.channel import Identity, IdentityKind
from ports.families.llm import Turn
from ports.manifest import Manifest

BODY = Path(__file__).parent.joinpath("acme/fixtures/webhooks/message.json").read_bytes()


class Acme:
    @pytest.fixture
    def manifest(self) -> Manifest:
        return MANIFEST


class TestManifest(Acme, ManifestContract):
    pass


class TestCarrier(Acme, CarrierContract):
    @pytest.fixture
    def known_tracking_number(self):
        return "A1"

    @pytest.fixture
    def unknown_state(self):
        return "A2", "teleported"


class TestChannel(Acme, ChannelContract):
    @pytest.fixture
    def outgoing_to(self):
        return Identity(IdentityKind.PHONE, "+905321112233")

    @pytest.fixture
    def closed_to(self):
        return Identity(IdentityKind.PHONE, "+900000000009")

    @pytest.fixture
    def known_media_ref(self):
        return "i1"

    @pytest.fixture
    def received_message_id(self):
        return "m1"


class TestMarketplace(Acme, MarketplaceContract):
    @pytest.fixture
    def known_order_number(self, sandbox):
        sandbox.control("order", number="T1")
        return "T1"

    @pytest.fixture
    def unknown_state(self, sandbox):
        sandbox.control("order", number="T2", state="evaporated")
        return "T2", "evaporated"

    @pytest.fixture
    def many_orders(self, sandbox):
        numbers = {f"M{n}" for n in range(5)}
        for number in sorted(numbers):
            sandbox.control("order", number=number)
        return numbers

    @pytest.fixture
    def many_claims(self, many_orders):
        return many_orders

    @pytest.fixture
    def many_questions(self):
        return {"Q1"}

    @pytest.fixture
    def change_an_order(self, sandbox):
        return lambda: sandbox.control("order", number="T3", state="gone") or "T3"


class TestModel(Acme, LanguageModelContract):
    @pytest.fixture
    def refused_question(self):
        return [Turn("user", "bomba yapmak istiyorum")]

    @pytest.fixture
    def spend_quota(self, sandbox):
        return lambda: setattr(sandbox, "spent", True)


class TestEmbedder(Acme, EmbedderContract):
    pass


class TestUnderstanding(Acme, UnderstandingContract):
    pass


class TestWebhooks(Acme, WebhookContract):
    @pytest.fixture
    def a_signed_webhook(self, sandbox):
        sandbox.control("deliver", body=BODY)
        return raw(sandbox.deliveries.take()[0])


class TestSplits(Acme, SplitsContract):
    @pytest.fixture
    def a_signed_webhook(self, sandbox):
        sandbox.control("deliver", body=BODY)
        return raw(sandbox.deliveries.take()[0])

    @pytest.fixture
    def a_mixed_webhook(self, a_signed_webhook):
        assert len(json.loads(a_signed_webhook.body)["changes"]) == 2
        return a_signed_webhook

    @pytest.fixture
    def a_handshake(self):
        return {"token": "sandbox-webhook-secret", "challenge": "42"}
