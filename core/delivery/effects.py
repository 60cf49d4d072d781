"""The effects that the outbox can hold, to and from what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.delivery.outbox import Owed
from ports.families.channel import (
    Body,
    Choice,
    Identity,
    IdentityKind,
    MediaKind,
    Outgoing,
    OutgoingChoices,
    OutgoingMedia,
    OutgoingTemplate,
    OutgoingText,
)


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Hand one of our messages to its channel."""

    message_id: UUID
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class FetchMedia:
    """Download what a customer sent."""

    attachment_id: UUID
    ref: str


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Ask a shop to post its changes to us."""

    sealed: bytes
    """Address and secret, sealed by the vault for the installation."""


Effect = SendMessage | FetchMedia | Subscribe


def owe(
    id: UUID,
    effect: Effect,
    *,
    installation: UUID,
    subject: UUID,
    now: datetime,
    correlation_id: str | None,
) -> Owed:
    """An outbox row for the effect. Messages of one conversation share a mailbox."""
    kind, payload = _stored(effect)
    return Owed(
        id,
        f"{installation}:{subject}",
        installation,
        kind,
        payload,
        repeatable=not isinstance(effect, SendMessage),
        due_at=now,
        created_at=now,
        correlation_id=correlation_id,
    )


def effect_of(owed: Owed) -> Effect:
    """The effect that a row holds."""
    stored = owed.payload
    if owed.kind == "fetch_media":
        return FetchMedia(UUID(stored["attachment_id"]), stored["ref"])
    if owed.kind == "subscribe":
        return Subscribe(bytes.fromhex(stored["sealed"]))
    to = Identity(IdentityKind(stored["to"]["kind"]), stored["to"]["value"])
    outgoing = Outgoing(to, _body(stored["body"]), stored["reply_to"])
    return SendMessage(UUID(stored["message_id"]), outgoing)


def _stored(effect: Effect) -> tuple[str, dict[str, Any]]:
    if isinstance(effect, FetchMedia):
        return "fetch_media", {"attachment_id": str(effect.attachment_id), "ref": effect.ref}
    if isinstance(effect, Subscribe):
        return "subscribe", {"sealed": effect.sealed.hex()}
    out = effect.outgoing
    return "send_message", {
        "message_id": str(effect.message_id),
        "to": {"kind": out.to.kind, "value": out.to.value},
        "reply_to": out.reply_to,
        "body": _stored_body(out.body),
    }


def _stored_body(body: Body) -> dict[str, Any]:
    match body:
        case OutgoingText(text):
            return {"kind": "text", "text": text}
        case OutgoingChoices(text, choices):
            return {
                "kind": "choices",
                "text": text,
                "choices": [{"id": c.id, "title": c.title} for c in choices],
            }
        case OutgoingMedia(kind, link, caption, filename):
            return {
                "kind": "media",
                "media": kind,
                "link": link,
                "caption": caption,
                "filename": filename,
            }
        case OutgoingTemplate(name, language, parameters):
            return {
                "kind": "template",
                "name": name,
                "language": language,
                "parameters": [*parameters],
            }


def _body(stored: Mapping[str, Any]) -> Body:
    match stored["kind"]:
        case "text":
            return OutgoingText(stored["text"])
        case "choices":
            choices = tuple(Choice(c["id"], c["title"]) for c in stored["choices"])
            return OutgoingChoices(stored["text"], choices)
        case "media":
            kind = MediaKind(stored["media"])
            return OutgoingMedia(kind, stored["link"], stored["caption"], stored["filename"])
        case "template":
            return OutgoingTemplate(stored["name"], stored["language"], tuple(stored["parameters"]))
    raise ValueError(f"an outbox row holds a body of kind {stored['kind']!r}")
