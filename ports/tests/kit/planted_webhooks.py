"""Readers of webhooks that break one promise each."""

from __future__ import annotations

import dataclasses
import hmac
import json
from datetime import UTC, datetime
from uuid import uuid4

import sound
from acme.webhooks import AcmeAppReader, AcmeReader
from planting import plant

from ports.errors import Unreadable, Unverified
from ports.families.channel import SenderChanged
from ports.webhooks import Part


class BelievesEverybody(AcmeReader):
    def verify(self, webhook):
        return None


class ChecksThatASignatureIsThere(AcmeReader):
    def verify(self, webhook):
        if webhook.headers.get("x-acme-signature", "") == "":
            super().verify(webhook)


class ComparesText(AcmeReader):
    def verify(self, webhook):
        hmac.compare_digest(webhook.headers.get("x-acme-signature", ""), "0")
        super().verify(webhook)


class OneKeyForAll(AcmeReader):
    def dedupe_key(self, webhook):
        return "acme"


class NewKeyEachTime(AcmeReader):
    def dedupe_key(self, webhook):
        return uuid4().hex


class KeyOfTheRequest(AcmeReader):
    def dedupe_key(self, webhook):
        return webhook.headers.get("x-request-id") or super().dedupe_key(webhook)


class KeyThatRaises(AcmeReader):
    def dedupe_key(self, webhook):
        return str(self.changes(webhook)[0]["id"].raw)


class RawDicts(AcmeReader):
    def read(self, webhook):
        return super().read(webhook) if json.loads(webhook.body)["changes"] is not None else []


class TellsTheTime(AcmeReader):
    def __init__(self, context):
        super().__init__(context)
        self.clock = context.clock

    def to_event(self, change):
        event = super().to_event(change)
        return dataclasses.replace(event, at=self.clock.now()) if hasattr(event, "at") else event


class SaysMoreThanItDeclares(AcmeReader):
    def read(self, webhook):
        events = super().read(webhook)
        return [*events, SenderChanged((), (), datetime(2026, 3, 2, tzinfo=UTC))]


class ReturnsNothing(AcmeReader):
    def read(self, webhook):
        return [] if b'"changes":[]' in webhook.body else super().read(webhook)


class LosesAnAccount(AcmeAppReader):
    def split(self, webhook):
        return super().split(webhook)[:-1] * 2


class AnswersAnybody(AcmeAppReader):
    def handshake(self, query):
        return super().handshake({**query, "challenge": "", "token": "sandbox-webhook-secret"})


class BelievesNobody(AcmeReader):
    def verify(self, webhook):
        raise Unverified("no")


class ReadsNothing(AcmeReader):
    def read(self, webhook):
        return []


class ReaderKeepsTheSecret(AcmeReader):
    def __init__(self, context):
        super().__init__(context)
        self.secret = context.settings.webhook_secret.reveal().encode()


class SplitsNoise(AcmeAppReader):
    def split(self, webhook):
        try:
            return super().split(webhook)
        except Unreadable:
            return [Part("unknown", webhook.body)]


globals().update(
    plant(
        sound.TestWebhooks,
        "webhooks",
        BelievesEverybody,
        ChecksThatASignatureIsThere,
        ComparesText,
        OneKeyForAll,
        NewKeyEachTime,
        KeyOfTheRequest,
        KeyThatRaises,
        RawDicts,
        TellsTheTime,
        SaysMoreThanItDeclares,
        ReturnsNothing,
        BelievesNobody,
        ReadsNothing,
        ReaderKeepsTheSecret,
    )
)
globals().update(
    plant(
        sound.TestSplits,
        "app_webhooks",
        LosesAnAccount,
        AnswersAnybody,
        SplitsNoise,
    )
)
