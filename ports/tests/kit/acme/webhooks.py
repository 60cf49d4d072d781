from __future__ import annotations

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

from ports.errors import ContractBroken, Ignored, Unreadable, Unverified
from ports.events import Event
from ports.families.carrier import ParcelMoved
from ports.families.channel import DeliveryReported, DeliveryState
from ports.manifest import Context
from ports.webhooks import Part, RawWebhook, Reply
from ports.wild import Wild


class AcmeReader:
    def __init__(self, context: Context) -> None:
        self.settings = context.settings

    def verify(self, webhook: RawWebhook) -> None:
        given = webhook.headers.get("x-acme-signature", "")
        secret = self.settings.webhook_secret.reveal().encode()
        expected = hmac.new(secret, webhook.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
            raise Unverified("the signature does not match")

    def dedupe_key(self, webhook: RawWebhook) -> str:
        return hashlib.sha256(webhook.body).hexdigest()

    def read(self, webhook: RawWebhook) -> Sequence[Event]:
        try:
            events = [self.to_event(change) for change in self.changes(webhook)]
        except ContractBroken as error:
            raise Unreadable(str(error)) from None
        if not events:
            raise Ignored("an empty delivery")
        return events

    def changes(self, webhook: RawWebhook) -> list[Wild]:
        return list(Wild.parse(webhook.body)["changes"].each())

    def to_event(self, change: Wild) -> Event:
        if change["kind"].text() == "parcel":
            return ParcelMoved(change["number"].text())
        if change["kind"].text() == "message":
            at = change["at"].epoch_seconds()
            return DeliveryReported(change["id"].text(), DeliveryState.SENT, at)
        raise Unreadable(f"no kind {change['kind'].text()}")


class AcmeAppReader(AcmeReader):
    def split(self, webhook: RawWebhook) -> Sequence[Part]:
        shares: dict[str, list[object]] = defaultdict(list)
        try:
            for change in self.changes(webhook):
                shares[change["account"].text()].append(change.raw)
        except ContractBroken as error:
            raise Unreadable(str(error)) from None
        return [Part(a, json.dumps({"changes": c}).encode()) for a, c in shares.items()]

    def handshake(self, query: Mapping[str, str]) -> Reply:
        secret = self.settings.webhook_secret.reveal().encode()
        if not hmac.compare_digest(query.get("token", "").encode("utf-8", "replace"), secret):
            raise Unverified("not Acme")
        return Reply(200, query["challenge"].encode())
