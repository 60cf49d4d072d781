"""Two vendors in memory: a channel that parrots, and a shop that sells nothing."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ports.errors import AuthRejected, Ignored, Transient, Unverified
from ports.events import Event
from ports.families.channel import MessageRef, Outgoing
from ports.families.marketplace import Order, Page
from ports.families.understanding import Guess, Reading
from ports.manifest import API_VERSION, Account, Context, Manifest, Text
from ports.settings import Secret, setting
from ports.values import IdempotencyKey
from ports.webhooks import Part, RawWebhook, Reply

SIGNATURE = "x-parrot-signature"


@dataclass(frozen=True, slots=True)
class Settings:
    number: str = setting("Any number.", tr="Bir numara.", example="1", pattern="[0-9]{1,40}")
    api_key: Secret = setting("`refused` and `away` are answered so.", tr="Anahtar.")
    signing_secret: Secret | None = setting("Signs.", tr="İmzalar.", default=None)


@dataclass(frozen=True, slots=True)
class AppSettings:
    app_secret: Secret = setting("Signs.", tr="İmzalar.")


@dataclass(frozen=True, slots=True)
class NoSettings:
    """Nothing to tell."""


def sign(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass
class Parrot:
    """A channel that says yes to everything, and its reader."""

    secret: str

    def send(self, message: Outgoing, *, key: IdempotencyKey) -> MessageRef:
        return MessageRef(f"parrot-{key}")

    def verify(self, webhook: RawWebhook) -> None:
        given = webhook.headers.get(SIGNATURE, "")
        if not hmac.compare_digest(given.encode(), sign(self.secret, webhook.body).encode()):
            raise Unverified("the signature does not match")

    def dedupe_key(self, webhook: RawWebhook) -> str:
        return hashlib.sha256(webhook.body).hexdigest()

    def read(self, webhook: RawWebhook) -> Sequence[Event]:
        raise Ignored("parrots only repeat")

    def handshake(self, query: Mapping[str, str]) -> Reply:
        if query.get("token") != self.secret:
            raise Unverified("not our token")
        return Reply(200, query.get("challenge", "").encode())

    def split(self, webhook: RawWebhook) -> Sequence[Part]:
        return [Part("1", webhook.body)]


@dataclass
class Shop:
    """A shop without orders."""

    orders: list[Order] = field(default_factory=list)

    def orders_changed_since(self, since: datetime, cursor: str | None = None) -> Page[Order]:
        return Page([], None)

    def find_order(self, number: str) -> Order | None:
        return None


class Reader:
    """Reads every text as a question about a parcel."""

    def read(self, text: str, examples: Mapping[str, Sequence[str]] = {}) -> Reading:
        guesses = ("shipment_tracking", "order_status", "greeting")
        return Reading("tr", tuple(Guess(g, 0.9 / n) for n, g in enumerate(guesses, 1)), "test")


def _check(context: Context) -> Account:
    match context.settings.api_key.reveal():
        case "refused":
            raise AuthRejected("the parrot does not know this key", field="api_key")
        case "away":
            raise Transient("the parrot is asleep")
    return Account(context.settings.number, f"Parrot {context.settings.number}")


def _reader(context: Context) -> Any:
    secret = context.settings.signing_secret
    return Parrot(secret.reveal() if secret else "")


PARROT = Manifest(
    id="parrot",
    name="Parrot",
    summary=Text(en="Says it again.", tr="Tekrar eder."),
    api=API_VERSION,
    settings=Settings,
    hosts=frozenset({"parrot.example"}),
    owners=("@birds",),
    check=_check,
    channel=_reader,
    webhooks=_reader,
    webhook_events=frozenset({"MessageReceived"}),
    webhook_reply=Reply(200, b"PARROT OK"),
    app_settings=AppSettings,
    app_webhooks=lambda context: Parrot(context.settings.app_secret.reveal()),
)

MARKET = Manifest(
    id="market",
    name="Market",
    summary=Text(en="Sells nothing.", tr="Bir şey satmaz."),
    api=API_VERSION,
    settings=Settings,
    hosts=frozenset({"market.example"}),
    owners=("@birds",),
    check=_check,
    marketplace=lambda _: Shop(),
)

READER = Manifest(
    id="local_models",
    name="Reader",
    summary=Text(en="Reads.", tr="Okur."),
    api=API_VERSION,
    settings=NoSettings,
    hosts=frozenset(),
    owners=("@birds",),
    check=_check,
    understanding=lambda _: Reader(),
)
