"""What Tortoise posts to us.

The header `x-tortoise-signature: t=<moment>,v1=<hex>` is an HMAC-SHA256 over `<moment>.<body>`. An
attempt is repeated for a day; the body then differs in its `attempt`, not in its `delivery_id`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from ports.errors import ContractBroken, Ignored, Unreadable, Unverified
from ports.events import Event
from ports.webhooks import RawWebhook
from ports.wild import Wild

from invekto_plugin_tortoise.mapping import to_event
from invekto_plugin_tortoise.settings import Settings

SIGNATURE = "x-tortoise-signature"


class TortoiseWebhooks:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def verify(self, webhook: RawWebhook) -> None:
        given = webhook.headers.get(SIGNATURE, "").encode("utf-8", "replace")
        moment = given.partition(b",")[0].removeprefix(b"t=")
        secret = self._settings.webhook_secret.reveal().encode()
        if not hmac.compare_digest(signature(moment, webhook.body, secret), given):
            raise Unverified("the signature does not match")

    def dedupe_key(self, webhook: RawWebhook) -> str:
        try:
            named = Wild.parse(webhook.body)["delivery_id"].text().encode("utf-8", "replace")
        except ContractBroken:
            named = webhook.body
        return hashlib.sha256(named).hexdigest()

    def read(self, webhook: RawWebhook) -> Sequence[Event]:
        try:
            said = Wild.parse(webhook.body)["news"].each()
            events = [event for event in map(to_event, said) if event is not None]
        except ContractBroken as error:
            raise Unreadable(str(error)) from None
        if not events:
            raise Ignored("nothing in it that we follow")
        return events


def signature(moment: bytes, body: bytes, secret: bytes) -> bytes:
    proof = hmac.new(secret, moment + b"." + body, hashlib.sha256).hexdigest()
    return b"t=" + moment + b",v1=" + proof.encode()
