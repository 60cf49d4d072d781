"""Our messages in Meta's words, with Meta's limits checked before anything is called.

Source: developers.facebook.com/documentation/business-messaging/whatsapp (messages, interactive
lists, templates). Lengths are characters.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from ports.errors import Rejected
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
from ports.values import IdempotencyKey

TEXT = 4096
CHOICES_TEXT = 1024
CAPTION = 1024
KEY = 512

BUTTONS = 3
BUTTON_ID = 256
BUTTON_TITLE = 20
ROWS = 10
ROW_ID = 200
ROW_TITLE = 24

LIST_LABEL = "Seçenekler / Options"
"""On the button that opens a list: at most 20 characters, for readers of both languages."""

_MEDIA: dict[MediaKind, str] = {
    MediaKind.IMAGE: "image",
    MediaKind.VIDEO: "video",
    MediaKind.AUDIO: "audio",
    MediaKind.VOICE: "audio",
    MediaKind.DOCUMENT: "document",
    MediaKind.STICKER: "sticker",
}
_CAPTIONED = frozenset({MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.DOCUMENT})

_PHONE = re.compile(r"\+?([1-9][0-9]{6,14})")
_VENDOR_ID = re.compile(r"\S{1,200}")
_UNFIT_VALUE = re.compile(r"[\n\r\t]| {5,}")
"""A template's value holds no line break, no tab and no more than four spaces in a row."""


def to_message(message: Outgoing, key: IdempotencyKey) -> dict[str, Any]:
    """The body of `POST /{phone_number_id}/messages`; Rejected with the field when it is unfit."""
    _within(key, KEY, "key")
    sent: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_to_address(message.to),
        "biz_opaque_callback_data": key,
        **_to_body(message.body),
    }
    if message.reply_to:
        sent["context"] = {"message_id": message.reply_to}
    return sent


def _to_address(to: Identity) -> dict[str, str]:
    """A phone goes into `to`, the vendor's own id of the person into `recipient`."""
    if to.kind is IdentityKind.PHONE:
        match = _PHONE.fullmatch(to.value)
        if not match:
            raise Rejected("not a phone number in international form", field="to")
        return {"to": match[1]}
    if not _VENDOR_ID.fullmatch(to.value):
        raise Rejected("not a WhatsApp user id", field="to")
    return {"recipient": to.value}


def _to_body(body: Body) -> dict[str, Any]:
    match body:
        case OutgoingText():
            _within(body.text, TEXT, "text")
            return {"type": "text", "text": {"preview_url": False, "body": body.text}}
        case OutgoingChoices():
            return {"type": "interactive", "interactive": _to_interactive(body)}
        case OutgoingMedia():
            return _to_media(body)
        case OutgoingTemplate():
            return {"type": "template", "template": _to_template(body)}


def _to_interactive(body: OutgoingChoices) -> dict[str, Any]:
    _within(body.text, CHOICES_TEXT, "text")
    if not 1 <= len(body.choices) <= ROWS:
        raise Rejected(f"WhatsApp shows one to {ROWS} choices", field="choices")
    if len({choice.id for choice in body.choices}) < len(body.choices):
        raise Rejected("two choices have the same id", field="choices")
    text = {"text": body.text}
    short = all(len(choice.title) <= BUTTON_TITLE for choice in body.choices)
    if len(body.choices) <= BUTTONS and short:  # a list's rows have more room for words
        return {"type": "button", "body": text, "action": _to_buttons(body.choices)}
    return {"type": "list", "body": text, "action": _to_list(body.choices)}


def _to_buttons(choices: tuple[Choice, ...]) -> dict[str, Any]:
    for choice in choices:
        _within(choice.id, BUTTON_ID, "choices")
        _within(choice.title, BUTTON_TITLE, "choices")
    replies = [{"id": choice.id, "title": choice.title} for choice in choices]
    return {"buttons": [{"type": "reply", "reply": reply} for reply in replies]}


def _to_list(choices: tuple[Choice, ...]) -> dict[str, Any]:
    for choice in choices:
        _within(choice.id, ROW_ID, "choices")
        _within(choice.title, ROW_TITLE, "choices")
    rows = [{"id": choice.id, "title": choice.title} for choice in choices]
    return {"button": LIST_LABEL, "sections": [{"rows": rows}]}


def _to_media(body: OutgoingMedia) -> dict[str, Any]:
    kind = _MEDIA[body.kind]
    media: dict[str, Any] = {"link": _to_link(body.link)}
    if body.caption:
        if body.kind not in _CAPTIONED:
            raise Rejected(f"WhatsApp shows no caption with {body.kind}", field="caption")
        _within(body.caption, CAPTION, "caption")
        media["caption"] = body.caption
    if body.filename and body.kind is MediaKind.DOCUMENT:
        media["filename"] = body.filename
    if body.kind is MediaKind.VOICE:
        media["voice"] = True
    return {"type": kind, kind: media}


def _to_link(link: str) -> str:
    try:
        parts = urlsplit(link)
    except ValueError:
        raise Rejected("not an address", field="link") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Rejected("not an address that WhatsApp can fetch", field="link")
    return link


def _to_template(body: OutgoingTemplate) -> dict[str, Any]:
    _within(body.name, 512, "name")
    _within(body.language, 20, "language")
    template: dict[str, Any] = {"name": body.name, "language": {"code": body.language}}
    if body.parameters:
        values = [_to_parameter(value) for value in body.parameters]
        template["components"] = [{"type": "body", "parameters": values}]
    return template


def _to_parameter(value: str) -> dict[str, str]:
    if not value.strip() or _UNFIT_VALUE.search(value):
        raise Rejected(
            "a template's value is neither empty nor broken by lines, tabs or wide gaps",
            field="parameters",
        )
    return {"type": "text", "text": value}


def _within(text: str, limit: int, field: str) -> None:
    if not text.strip():
        raise Rejected(f"{field} is empty", field=field)
    if len(text) > limit:
        raise Rejected(f"longer than the {limit} characters of WhatsApp", field=field)
