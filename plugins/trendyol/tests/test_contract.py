"""The house's own promises, tested by its kit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plugins.trendyol.marketplace import TrendyolMarketplace
from plugins.trendyol.sandbox import TrendyolSandbox
from plugins.trendyol.settings import Settings
from ports.conformance import ManifestContract, MarketplaceContract, WebhookContract, raw
from ports.webhooks import RawWebhook


class TestManifest(ManifestContract):
    pass


class TestMarketplace(MarketplaceContract):
    @pytest.fixture
    def known_order_number(self, happen: Callable[..., Any]) -> str:
        return str(happen("order")["orderNumber"])

    @pytest.fixture
    def unknown_state(self, happen: Callable[..., Any]) -> tuple[str, str]:
        return happen("order", status="HandedToDrone")["orderNumber"], "HandedToDrone"

    @pytest.fixture
    def many_orders(self, happen: Callable[..., Any]) -> set[str]:
        return {happen("order")["orderNumber"] for _ in range(450)}

    @pytest.fixture
    def change_an_order(self, happen: Callable[..., Any]) -> Callable[[], str]:
        ordered = happen("order")
        package = ordered["shipmentPackageId"]
        return lambda: str(happen("status", package_id=package, status="Picking")["orderNumber"])

    @pytest.fixture
    def many_claims(self, happen: Callable[..., Any]) -> set[str]:
        package = happen("order")["shipmentPackageId"]
        return {happen("claim", package_id=package)["claimId"] for _ in range(450)}

    @pytest.fixture
    def many_questions(self, happen: Callable[..., Any]) -> set[str]:
        return {happen("question")["id"] for _ in range(120)}


class TestWebhooks(WebhookContract):
    proof_header = "x-api-key"

    @pytest.fixture
    def a_signed_webhook(
        self,
        sandbox: TrendyolSandbox,
        settings: Settings,
        marketplace: TrendyolMarketplace,
        happen: Callable[..., Any],
    ) -> RawWebhook:
        assert settings.webhook_secret is not None
        marketplace.subscribe("https://house.example/hooks/t1", settings.webhook_secret)
        happen("order")
        return raw(sandbox.deliveries.take()[0])
