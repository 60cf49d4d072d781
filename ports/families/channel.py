"""Channels: where a business and its customers write to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from ports.events import Event
from ports.values import IdempotencyKey


class IdentityKind(StrEnum):
    PHONE = "phone"
    """E.164 with the plus sign; the channel itself has verified it."""
    VENDOR = "vendor"
    """The vendor's own id for the person, scoped to the business."""


@dataclass(frozen=True, slots=True)
class Identity:
    kind: IdentityKind
    value: str


@dataclass(frozen=True, slots=True)
class Sender:
    """A person as the channel knows them: at least one identity, all of the same person."""

    identities: tuple[Identity, ...]
    name: str | None = None


# --- what people write ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    text: str


class MediaKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"
    STICKER = "sticker"


@dataclass(frozen=True, slots=True)
class Media:
    kind: MediaKind
    ref: str
    """What FetchesMedia.fetch takes; valid for a limited time."""
    mime: str
    caption: str | None = None
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class Location:
    latitude: str
    longitude: str
    name: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class ContactCard:
    name: str
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContactCards:
    cards: tuple[ContactCard, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A tap on a button or a list row that we offered."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """A filled-in form: the answers as JSON text, unread."""

    json: str


@dataclass(frozen=True, slots=True)
class Reaction:
    to: str
    """The id of the message reacted to."""
    emoji: str | None
    """None takes the reaction back."""


@dataclass(frozen=True, slots=True)
class ProductAsked:
    """A basket or a product from the channel's own catalogue, as readable text."""

    summary: str


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Somebody wrote, but the channel or we cannot show what. Never dropped."""

    vendor_kind: str


Content = (
    Text
    | Media
    | Location
    | ContactCards
    | Choice
    | FormAnswer
    | Reaction
    | ProductAsked
    | Unsupported
)


@dataclass(frozen=True, slots=True)
class Referral:
    """The ad or post that led the person here."""

    source: str
    source_id: str | None
    click_id: str | None
    headline: str | None
    url: str | None


# --- events --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MessageReceived(Event):
    id: str
    """The vendor's id, unique within the account."""
    sender: Sender
    sent_at: datetime
    content: Content
    reply_to: str | None = None
    referral: Referral | None = None


@dataclass(frozen=True, slots=True)
class MessageEchoed(Event):
    """The business wrote from outside (its phone app): ours, but not sent by the house."""

    id: str
    recipient: Sender
    sent_at: datetime
    content: Content


@dataclass(frozen=True, slots=True)
class MessageEdited(Event):
    id: str
    """The message that was edited."""
    at: datetime
    content: Content


@dataclass(frozen=True, slots=True)
class MessageRevoked(Event):
    id: str
    at: datetime


class DeliveryState(StrEnum):
    """Rises only: SENT < DELIVERED < READ. FAILED is final."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DeliveryReported(Event):
    message_id: str
    state: DeliveryState
    at: datetime
    key: IdempotencyKey | None = None
    """Our own key, where the vendor echoes it: settles an OutcomeUnknown."""
    reason: str | None = None
    """Why it failed, for people."""
    vendor_code: str | None = None
    window_closed: bool = False
    """It failed because the channel takes no free-form message now."""


@dataclass(frozen=True, slots=True)
class SenderChanged(Event):
    """One person got another identity (a new number, a new vendor id)."""

    before: tuple[Identity, ...]
    after: tuple[Identity, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class ConsentChanged(Event):
    """The person allowed or stopped marketing by the channel's own means."""

    sender: Sender
    allowed: bool
    at: datetime


# --- what we write -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutgoingText:
    text: str


@dataclass(frozen=True, slots=True)
class OutgoingChoices:
    """A text with up to ten choices; a tap comes back as Choice."""

    text: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class OutgoingMedia:
    kind: MediaKind
    link: str
    caption: str | None = None
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class OutgoingTemplate:
    """A message approved by the vendor beforehand; passes a closed window."""

    name: str
    language: str
    parameters: tuple[str, ...] = ()


Body = OutgoingText | OutgoingChoices | OutgoingMedia | OutgoingTemplate


@dataclass(frozen=True, slots=True)
class Outgoing:
    to: Identity
    body: Body
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class MessageRef:
    id: str


class Channel(Protocol):
    def send(self, message: Outgoing, *, key: IdempotencyKey) -> MessageRef:
        """Hand the message to the vendor: accepted, not yet delivered.

        The same key sends once; where the vendor knows no keys, a lost answer is OutcomeUnknown
        and the key comes back in DeliveryReported. Too long, unknown template or bad recipient is
        Rejected with the field; a closed reply window is WindowClosed.
        """


@runtime_checkable
class LimitsReplies(Protocol):
    reply_window: timedelta
    """Free-form messages pass only this long after the person's last one."""


@runtime_checkable
class SendsTemplates(Protocol):
    def templates(self) -> Sequence[OutgoingTemplate]:
        """The approved templates; parameters hold the placeholders' names."""


@runtime_checkable
class SettlesByReport(Protocol):
    settles_within: timedelta
    """A send in doubt is settled by a DeliveryReported with its key, within about this long."""


@runtime_checkable
class FindsSent(Protocol):
    def find_sent(self, key: IdempotencyKey) -> MessageRef | None:
        """Ask the vendor what became of a key; None when it never arrived."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    data: bytes
    mime: str


@runtime_checkable
class FetchesMedia(Protocol):
    def fetch(self, ref: str) -> MediaFile:
        """Download what a person sent; Rejected when the vendor no longer has it."""


@runtime_checkable
class MarksRead(Protocol):
    def mark_read(self, message_id: str) -> None:
        """Show the person that their message was seen. Repeating it changes nothing."""


@runtime_checkable
class SendsCodes(Protocol):
    def send_code(self, to: Identity, text: str, *, key: IdempotencyKey) -> MessageRef:
        """Hand over a short text with a one-time code, by the quickest way that the vendor has.

        `text` is ASCII of at most 160 characters. Nothing is promised of a second call with the
        same key: a lost answer is OutcomeUnknown, and the person asks for another code.
        """
