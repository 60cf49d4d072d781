"""Who Trendyol is and what it offers; vendor code is imported only inside the factories."""

from __future__ import annotations

from plugins.trendyol.settings import HOSTS, Settings
from ports.clock import Clock
from ports.families.marketplace import Marketplace
from ports.manifest import API_VERSION, Account, Context, Manifest, Text
from ports.sandbox import Sandbox
from ports.webhooks import WebhookReader


def _marketplace(context: Context) -> Marketplace:
    from plugins.trendyol.client import Client
    from plugins.trendyol.marketplace import TrendyolMarketplace

    return TrendyolMarketplace(Client(context.transport, context.settings), context.clock)


def _webhooks(context: Context) -> WebhookReader:
    from plugins.trendyol.webhooks import TrendyolWebhooks

    return TrendyolWebhooks(context.settings)


def _check(context: Context) -> Account:
    from plugins.trendyol.client import Client

    Client(context.transport, context.settings).orders({}, size=1)
    seller = context.settings.seller_id
    return Account(id=seller, name=f"Trendyol {seller}")


def _sandbox(clock: Clock) -> Sandbox:
    from plugins.trendyol.sandbox import TrendyolSandbox

    return TrendyolSandbox(clock)


MANIFEST = Manifest(
    id="trendyol",
    name="Trendyol",
    summary=Text(
        en="Follows your Trendyol orders, returns and product questions.",
        tr="Trendyol siparişlerinizi, iadelerinizi ve ürün sorularınızı izler.",
    ),
    api=API_VERSION,
    settings=Settings,
    hosts=frozenset(HOSTS.values()),
    owners=("@invekto",),
    check=_check,
    marketplace=_marketplace,
    webhooks=_webhooks,
    webhook_events=frozenset({"OrderChanged"}),
    sandbox=_sandbox,
)
