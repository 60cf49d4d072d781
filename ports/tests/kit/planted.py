"""Acme with one broken promise a class; test_kit.py says which contract test must notice."""

from __future__ import annotations

import dataclasses
import socket
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import sound
from acme.channel import AcmeChannel
from acme.manifest import MANIFEST
from acme.market import AcmeMarket
from acme.models import AcmeEmbedder, AcmeModel, AcmeUnderstanding
from acme.parcels import STATES, AcmeCarrier
from acme.sandbox import AcmeSandbox
from acme.webhooks import AcmeAppReader, AcmeReader

from ports.errors import OutcomeUnknown, Rejected, Transient, VendorError
from ports.families.carrier import Parcel, ParcelState
from ports.families.channel import MessageRef, SenderChanged
from ports.families.marketplace import Page
from ports.families.understanding import Guess, Reading
from ports.manifest import Text
from ports.settings import setting
from ports.values import Money


def plant(contract: type, flaw: str, **changes: Any) -> None:
    """A contract class, named after the flaw, whose manifest has it."""
    spoiled = dataclasses.replace(MANIFEST, **changes)
    fixture = pytest.fixture(name="manifest")(lambda self: spoiled)
    globals()[f"Test{flaw}"] = type(f"Test{flaw}", (contract,), {"manifest": fixture})


# --- carriers --------------------------------------------------------------------------------


class DropsUnknownStates(AcmeCarrier):
    def to_state(self, word):
        return STATES.get(word, ParcelState.IN_TRANSIT)


class ForgetsTheWord(AcmeCarrier):
    def to_parcel(self, said):
        return dataclasses.replace(super().to_parcel(said), vendor_state="?")


class StumblesOverNewStates(AcmeCarrier):
    def to_state(self, word):
        return STATES[word]


class NewestFirst(AcmeCarrier):
    def to_parcel(self, said):
        parcel = super().to_parcel(said)
        return dataclasses.replace(parcel, scans=parcel.scans[::-1])


class ForgetsTheTimeZone(AcmeCarrier):
    def to_scan(self, said):
        scan = super().to_scan(said)
        return dataclasses.replace(scan, at=scan.at.replace(tzinfo=None))


class Retries(AcmeCarrier):
    def track(self, number):
        try:
            return super().track(number)
        except Transient:
            return super().track(number)


class TakesSilenceForNo(AcmeCarrier):
    def track(self, number):
        try:
            return super().track(number)
        except VendorError:
            return None


class InventsParcels(AcmeCarrier):
    def track(self, number):
        found = super().track(number)
        return found or Parcel(number, ParcelState.ANNOUNCED, "?", ())


class KeepsTheSecret(AcmeCarrier):
    def __init__(self, context):
        super().__init__(context)
        self.ready = {"authorization": self.client.headers()["authorization"]}


class TellsTheSecret(AcmeCarrier):
    def track(self, number):
        try:
            return super().track(number)
        except Rejected as error:
            raise type(error)(f"refused {self.client.headers()}") from None


class OpensSockets(AcmeCarrier):
    def track(self, number):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", 9), timeout=0.1)
        return super().track(number)


for carrier in (
    DropsUnknownStates, ForgetsTheWord, StumblesOverNewStates, NewestFirst, ForgetsTheTimeZone,
    Retries, TakesSilenceForNo, InventsParcels, KeepsTheSecret, TellsTheSecret, OpensSockets,
):  # fmt: skip
    plant(sound.TestCarrier, carrier.__name__, carrier=carrier)


# --- channels --------------------------------------------------------------------------------


class FreshKeys(AcmeChannel):
    def send(self, message, *, key):
        return super().send(message, key=uuid4().hex)


class LostIsTransient(AcmeChannel):
    def send(self, message, *, key):
        try:
            return super().send(message, key=key)
        except OutcomeUnknown:
            raise Transient("try again") from None


class RepeatsWhatWasLost(AcmeChannel):
    def send(self, message, *, key):
        try:
            return super().send(message, key=key)
        except OutcomeUnknown:
            return super().send(message, key=f"{key}-again")


class TrustsHalfAnAnswer(AcmeChannel):
    def send(self, message, *, key):
        body = self.to_body(message)
        try:
            return MessageRef(self.client.post("/messages", body, key=key)["id"].text())
        except OutcomeUnknown as error:
            if "took it" in str(error):
                return MessageRef(key)
            raise


class HidesTheField(AcmeChannel):
    def send(self, message, *, key):
        try:
            return super().send(message, key=key)
        except Rejected as error:
            error.field = None
            raise


class CutsLongTexts(AcmeChannel):
    def to_content(self, body):
        content = super().to_content(body)
        return content | {"text": content["text"][:100]} if "text" in content else content


class PretendsToFetch(AcmeChannel):
    def fetch(self, ref):
        return super().fetch("i1")


for channel in (
    FreshKeys, LostIsTransient, RepeatsWhatWasLost, TrustsHalfAnAnswer, HidesTheField,
    CutsLongTexts, PretendsToFetch,
):  # fmt: skip
    plant(sound.TestChannel, channel.__name__, channel=channel)


# --- marketplaces ----------------------------------------------------------------------------


class PagesForEver(AcmeMarket):
    def orders_changed_since(self, since, cursor=None):
        page = super().orders_changed_since(since, cursor)
        return Page(page.items, page.cursor or "0")


class SkipsAPage(AcmeMarket):
    def orders_changed_since(self, since, cursor=None):
        return super().orders_changed_since(since, str(int(cursor) + 1) if cursor else None)


class EndsEarly(AcmeMarket):
    def orders_changed_since(self, since, cursor=None):
        try:
            return super().orders_changed_since(since, cursor)
        except VendorError:
            return Page([], None)


class MissesTheMoment(AcmeMarket):
    def orders_changed_since(self, since, cursor=None):
        page = super().orders_changed_since(since, cursor)
        return Page([o for o in page.items if o.placed_at > since], page.cursor)


class FloatMoney(AcmeMarket):
    def to_order(self, said):
        order = super().to_order(said)
        money = Money(float(said["price"].text()) * 100, "TRY")
        package = dataclasses.replace(order.packages[0], total=money)
        return dataclasses.replace(order, packages=(package,))


class SubscribesTwice(AcmeMarket):
    def subscribe(self, url, secret):
        return super().subscribe(f"{url}?{uuid4().hex}", secret)


for market in (PagesForEver, SkipsAPage, EndsEarly, MissesTheMoment, FloatMoney, SubscribesTwice):
    plant(sound.TestMarketplace, market.__name__, marketplace=market)


# --- models ----------------------------------------------------------------------------------


class CountsNothing(AcmeModel):
    def complete(self, turns, *, schema=None, limit=800):
        done = super().complete(turns, schema=schema, limit=limit)
        return dataclasses.replace(done, usage=dataclasses.replace(done.usage, output_tokens=0))


class IgnoresTheLimit(AcmeModel):
    def complete(self, turns, *, schema=None, limit=800):
        return super().complete(turns, schema=schema)


class SortsTheTexts(AcmeEmbedder):
    def embed(self, texts):
        return super().embed(sorted(texts))


class LongVectors(AcmeEmbedder):
    def unit(self, vector):
        return [2.0 * n for n in super().unit(vector)]


class PaysForNothing(AcmeEmbedder):
    def embed(self, texts):
        self.client.ask("/embed", {"texts": ["?"]})
        return super().embed(texts)


class StumblesOverSilence(AcmeUnderstanding):
    def read(self, text, examples={}):
        text.split()[0]
        return super().read(text, examples)


class RemembersExamples(AcmeUnderstanding):
    seen: dict = {}

    def read(self, text, examples={}):
        self.seen.update(examples)
        return super().read(text, self.seen)


class GuessesOnce(AcmeUnderstanding):
    def read(self, text, examples={}):
        return Reading(self.language(text), (Guess("order_status", 1.0),), "one")


plant(sound.TestModel, "CountsNothing", llm=CountsNothing)
plant(sound.TestModel, "IgnoresTheLimit", llm=IgnoresTheLimit)
for embedder in (SortsTheTexts, LongVectors, PaysForNothing):
    plant(sound.TestEmbedder, embedder.__name__, embedding=embedder)
for understanding in (StumblesOverSilence, RemembersExamples, GuessesOnce):
    plant(sound.TestUnderstanding, understanding.__name__, understanding=understanding)


# --- webhooks --------------------------------------------------------------------------------


class BelievesEverybody(AcmeReader):
    def verify(self, webhook):
        return None


class ChecksTheHeadOnly(AcmeReader):
    def verify(self, webhook):
        if webhook.headers.get("x-acme-signature", "") == "":
            super().verify(webhook)


class ComparesText(AcmeReader):
    def verify(self, webhook):
        import hmac

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
        import json

        if not json.loads(webhook.body)["changes"]:
            return super().read(webhook)
        return super().read(webhook)


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


for reader in (
    BelievesEverybody, ChecksTheHeadOnly, ComparesText, OneKeyForAll, NewKeyEachTime,
    KeyOfTheRequest, KeyThatRaises, RawDicts, TellsTheTime, SaysMoreThanItDeclares, ReturnsNothing,
):  # fmt: skip
    plant(sound.TestWebhooks, reader.__name__, webhooks=reader)
plant(sound.TestSplits, "LosesAnAccount", app_webhooks=LosesAnAccount)
plant(sound.TestSplits, "AnswersAnybody", app_webhooks=AnswersAnybody)


# --- manifests -------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Careless:
    api_key: str = setting("The key.", tr="Anahtar.", example="sandbox-api-key")


@dataclasses.dataclass(frozen=True, slots=True)
class EnglishOnly:
    shop: str = setting("The shop.", tr="", example="TR-1")


class RudeSandbox(AcmeSandbox):
    def control(self, command, **arguments):
        return {"sent": []}[command]


class WrongShape(AcmeCarrier):
    def track(self, number, *, depot):
        return super().track(number)


def no_credentials_needed(context: Any) -> Any:
    from ports.manifest import Account

    return Account("acme-1", "Acme")


no_credentials_needed.__module__ = "acme.manifest"

plant(sound.TestManifest, "WildHosts", hosts=frozenset({"*.acme.example"}))
plant(sound.TestManifest, "NoHosts", hosts=frozenset())
plant(sound.TestManifest, "OneLanguage", summary=Text("Everything.", ""))
plant(sound.TestManifest, "OldApi", api=0)
plant(sound.TestManifest, "OddId", id="acme-cargo")
plant(sound.TestManifest, "SecretAsText", settings=Careless)
plant(sound.TestManifest, "HelpInOneLanguage", settings=EnglishOnly)
plant(sound.TestManifest, "MisshapenCarrier", carrier=WrongShape)
plant(sound.TestManifest, "CheckThatChecksNothing", check=no_credentials_needed)
plant(sound.TestManifest, "RudeControl", sandbox=RudeSandbox)


class TestImportsItsLibrary(sound.TestManifest):
    @pytest.fixture
    def package(self):
        return "heavy"
