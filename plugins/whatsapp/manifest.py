"""Who the plugin is; vendor code is imported inside the factories only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugins.whatsapp.settings import AppSettings, Settings
from ports.clock import Clock
from ports.families.channel import Channel
from ports.manifest import Account, Context, Manifest, Text
from ports.sandbox import Sandbox
from ports.webhooks import WebhookReader

if TYPE_CHECKING:
    from plugins.whatsapp.channel import WhatsAppChannel

HOSTS = frozenset({"graph.facebook.com", "lookaside.fbsbx.com"})
"""The Graph API, and where it keeps media."""


def _whatsapp(context: Context) -> WhatsAppChannel:
    from plugins.whatsapp.channel import WhatsAppChannel
    from plugins.whatsapp.client import GraphClient

    return WhatsAppChannel(GraphClient(context.transport, context.settings), context.settings)


def _channel(context: Context) -> Channel:
    return _whatsapp(context)


def _check(context: Context) -> Account:
    return _whatsapp(context).account()


def _webhooks(context: Context) -> WebhookReader:
    from plugins.whatsapp.webhooks import WhatsAppReader

    settings: Settings = context.settings
    return WhatsAppReader(
        secrets=(settings.app_secret,) if settings.app_secret else (),
        verify_token=settings.verify_token,
        phone_number_id=settings.phone_number_id,
    )


def _app_webhooks(context: Context) -> WebhookReader:
    from plugins.whatsapp.webhooks import WhatsAppAppReader

    settings: AppSettings = context.settings
    previous = settings.previous_app_secret
    return WhatsAppAppReader(
        secrets=(settings.app_secret, previous) if previous else (settings.app_secret,),
        verify_token=settings.verify_token,
    )


def _sandbox(clock: Clock) -> Sandbox:
    from plugins.whatsapp.sandbox import WhatsAppSandbox

    return WhatsAppSandbox(clock)


MANIFEST = Manifest(
    id="whatsapp",
    name="WhatsApp",
    summary=Text(
        en="Chat with customers on WhatsApp through Meta's Cloud API.",
        tr="Meta Cloud API ile müşterilerinizle WhatsApp üzerinden yazışın.",
    ),
    api=1,
    settings=Settings,
    hosts=HOSTS,
    owners=("@invekto/channels",),
    check=_check,
    channel=_channel,
    webhooks=_webhooks,
    webhook_events=frozenset(
        {
            "MessageReceived",
            "MessageEchoed",
            "MessageEdited",
            "MessageRevoked",
            "DeliveryReported",
            "SenderChanged",
            "ConsentChanged",
        }
    ),
    app_settings=AppSettings,
    app_webhooks=_app_webhooks,
    sandbox=_sandbox,
)
