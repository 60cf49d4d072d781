"""What Trendyol posts: the order list's own shape, proven by a header, not by a signature.

https://developers.trendyol.com/docs/webhook-model
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence

from plugins.trendyol.mapping import to_orders
from plugins.trendyol.settings import Settings
from ports.errors import ContractBroken, Ignored, Unreadable, Unverified
from ports.families.marketplace import OrderChanged
from ports.webhooks import RawWebhook
from ports.wild import Wild

_PLAIN_KEY = re.compile(r"[A-Za-z0-9:]{1,200}")


class TrendyolWebhooks:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def verify(self, webhook: RawWebhook) -> None:
        """The header proves who calls, not what the bytes say: an event is a hint to look again."""
        if self._settings.webhook_secret is None:
            raise Unverified("no webhook secret is stored")
        expected = _bytes(self._settings.webhook_secret.reveal())
        if not hmac.compare_digest(_proof(webhook), expected):
            raise Unverified("the x-api-key (or password) is not ours")

    def dedupe_key(self, webhook: RawWebhook) -> str:
        """Package, status and time of modification: Trendyol gives deliveries no id."""
        try:
            keys = [_key(p) for p in _packages(webhook)]
        except ContractBroken:
            keys = []
        if len(keys) == 1 and _PLAIN_KEY.fullmatch(keys[0]):
            return keys[0]
        return hashlib.sha256(_bytes("\n".join(keys)) if keys else webhook.body).hexdigest()

    def read(self, webhook: RawWebhook) -> Sequence[OrderChanged]:
        """One event a package."""
        try:
            orders = [o for p in _packages(webhook) for o in to_orders([p])]
        except ContractBroken as error:
            raise Unreadable(str(error)) from error
        if not orders:
            raise Ignored("no package inside")
        return [OrderChanged(order) for order in orders]


def _packages(webhook: RawWebhook) -> list[Wild]:
    """From the list's envelope, or one package bare."""
    body = Wild.parse(webhook.body)
    return [body] if body["shipmentPackageId"].present else list(body["content"].each())


def _key(package: Wild) -> str:
    names = ("shipmentPackageId", "status", "lastModifiedDate")
    return ":".join(package[name].digits() for name in names)


def _proof(webhook: RawWebhook) -> bytes:
    """The API key, or the password of a webhook that was set up by hand with Basic."""
    if "x-api-key" in webhook.headers:
        return _bytes(webhook.headers["x-api-key"])
    scheme, _, pair = webhook.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(_bytes(pair), validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _bytes(text: str) -> bytes:
    """Any text at all, lone surrogates too: a stranger chose it."""
    return text.encode("utf-8", "surrogatepass")
