"""Who Netgsm is and what it offers; vendor code is imported only inside the factories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugins.netgsm.settings import HOST, Settings
from ports.clock import Clock
from ports.families.channel import Channel
from ports.manifest import API_VERSION, Account, Context, Manifest, Text
from ports.sandbox import Sandbox
from ports.webhooks import WebhookReader

if TYPE_CHECKING:
    from plugins.netgsm.channel import NetgsmChannel


def _netgsm(context: Context) -> NetgsmChannel:
    from plugins.netgsm.channel import NetgsmChannel
    from plugins.netgsm.client import Client

    return NetgsmChannel(Client(context.transport, context.settings), context.settings)


def _channel(context: Context) -> Channel:
    return _netgsm(context)


def _check(context: Context) -> Account:
    return _netgsm(context).account()


def _webhooks(_: Context) -> WebhookReader:
    from plugins.netgsm.webhooks import NetgsmReader

    return NetgsmReader()


def _sandbox(clock: Clock) -> Sandbox:
    from plugins.netgsm.sandbox import NetgsmSandbox

    return NetgsmSandbox(clock)


MANIFEST = Manifest(
    id="netgsm",
    name="Netgsm",
    summary=Text(
        en="Writes to customers by SMS in Turkey and hears their replies.",
        tr="Müşterilerinize SMS gönderir, yanıtlarını alır.",
    ),
    api=API_VERSION,
    settings=Settings,
    hosts=frozenset({HOST}),
    owners=("@invekto/channels",),
    check=_check,
    channel=_channel,
    webhooks=_webhooks,
    webhook_events=frozenset({"MessageReceived", "ConsentChanged", "DeliveryReported"}),
    sandbox=_sandbox,
)
