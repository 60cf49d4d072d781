"""Who Tortoise Express is and what it offers; the rest is imported inside the factories."""

from __future__ import annotations

from ports.clock import Clock
from ports.families.carrier import Carrier
from ports.manifest import API_VERSION, Account, Context, Manifest, Text
from ports.sandbox import Sandbox
from ports.webhooks import WebhookReader

from invekto_plugin_tortoise.settings import HOST, Settings


def _check(context: Context) -> Account:
    from invekto_plugin_tortoise.client import TortoiseClient

    return TortoiseClient(context.transport, context.settings).account()


def _carrier(context: Context) -> Carrier:
    from invekto_plugin_tortoise.carrier import TortoiseCarrier
    from invekto_plugin_tortoise.client import TortoiseClient

    return TortoiseCarrier(TortoiseClient(context.transport, context.settings))


def _webhooks(context: Context) -> WebhookReader:
    from invekto_plugin_tortoise.webhooks import TortoiseWebhooks

    return TortoiseWebhooks(context.settings)


def _sandbox(clock: Clock) -> Sandbox:
    from invekto_plugin_tortoise.sandbox import TortoiseSandbox

    return TortoiseSandbox(clock)


MANIFEST = Manifest(
    id="tortoise",
    name="Tortoise Express",
    summary=Text(
        en="Tells customers where their Tortoise Express parcel is.",
        tr="Müşterilere Tortoise Express kargolarının nerede olduğunu söyler.",
    ),
    api=API_VERSION,
    settings=Settings,
    hosts=frozenset({HOST}),
    owners=("@tortoise-express",),
    check=_check,
    carrier=_carrier,
    webhooks=_webhooks,
    webhook_events=frozenset({"ParcelMoved"}),
    sandbox=_sandbox,
)
