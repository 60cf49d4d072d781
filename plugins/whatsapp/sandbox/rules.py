"""What the sandbox refuses, as Meta does: the shape and the limits of a message, its template.

The limits are written a second time on purpose: they are the vendor's, not ours.
"""

from __future__ import annotations

import re
from typing import Any

from plugins.whatsapp.sandbox.world import Refused, Template
from ports.errors import ContractBroken
from ports.wild import Wild

_MISSING = 131008
_INVALID = 131009
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_MEDIA = ("image", "video", "audio", "document", "sticker")


def check(payload: Wild) -> str:
    """The readable text of an acceptable message; Refused for any other."""
    try:
        if payload["messaging_product"].text() != "whatsapp":
            raise Refused(100, "messaging_product must be whatsapp")
        if len(payload["biz_opaque_callback_data"].text_or("") or "") > 512:
            raise Refused(_INVALID, "biz_opaque_callback_data is longer than 512")
        return _content(payload, payload["type"].text_or("text") or "text")
    except ContractBroken as error:
        raise Refused(_MISSING, str(error)) from error


def check_template(payload: Wild, templates: list[Template]) -> Template:
    """The template that the message names and fills; Refused where it does not."""
    try:
        return _filled(payload["template"], templates)
    except ContractBroken as error:
        raise Refused(_MISSING, str(error)) from error


def _content(payload: Wild, kind: str) -> str:
    if kind == "text":
        return _text(payload["text"]["body"], 4096)
    if kind == "interactive":
        return _interactive(payload["interactive"])
    if kind == "template":
        return payload["template"]["name"].text()
    if kind in _MEDIA:
        return _media(payload[kind])
    if kind == "reaction":
        return payload["reaction"]["emoji"].text()
    raise Refused(131051, f"{kind} is not a type of message")


def _text(text: Wild, limit: int) -> str:
    if not text.text().strip():
        raise Refused(_MISSING, f"{text.path} is empty")
    if len(text.text()) > limit:
        raise Refused(100, f"{text.path} is longer than {limit} characters")
    return text.text()


def _media(media: Wild) -> str:
    link = media["link"].text_or(None)
    if link is None and media["id"].digits_or(None) is None:
        raise Refused(_MISSING, f"{media.path} has neither id nor link")
    if link is not None and not re.match(r"https?://[^/\s]+", link):
        raise Refused(_INVALID, f"{media.path}.link is not an address")
    caption = media["caption"].text_or("") or ""
    if len(caption) > 1024:
        raise Refused(_INVALID, f"{media.path}.caption is longer than 1024 characters")
    return caption or link or ""


def _interactive(interactive: Wild) -> str:
    action = interactive["action"]
    text = _text(interactive["body"]["text"], 1024)
    if interactive["type"].text() == "button":
        replies = [button["reply"] for button in action["buttons"].each()]
        _choices(replies, most=3, id_limit=256, title_limit=20)
    else:
        _text(action["button"], 20)
        rows = [row for part in action["sections"].each() for row in part["rows"].each()]
        _choices(rows, most=10, id_limit=200, title_limit=24)
    return text


def _choices(choices: list[Wild], *, most: int, id_limit: int, title_limit: int) -> None:
    ids = [_text(choice["id"], id_limit) for choice in choices]
    for choice in choices:
        _text(choice["title"], title_limit)
    if not 1 <= len(ids) <= most or len(set(ids)) < len(ids):
        raise Refused(_INVALID, f"one to {most} choices with different ids are shown")


def _filled(asked: Wild, templates: list[Template]) -> Template:
    name, language = asked["name"].text(), asked["language"]["code"].text()
    template = _approved(name, language, templates)
    values: dict[str, list[Any]] = {"header": [], "body": []}
    for part in asked["components"].each_or_none():
        values.setdefault(part["type"].text(), []).extend(part["parameters"].each())
    wanted = dict.fromkeys(_PLACEHOLDER.findall(template.body))
    if len(values["body"]) != len(wanted):
        raise Refused(132000, f"{len(wanted)} values are wanted, {len(values['body'])} given")
    names = [value["parameter_name"].text_or(None) for value in values["body"]]
    if template.parameter_format == "NAMED" and set(names) != set(wanted):
        raise Refused(132012, "the template's values are named")
    if template.header and not values["header"]:
        raise Refused(132012, f"the header wants one {template.header}")
    if any(re.search(r"[\n\t]| {5,}", value["text"].text()) for value in values["body"]):
        raise Refused(132018, "a value holds a line break, a tab or a wide gap")
    return template


def _approved(name: str, language: str, templates: list[Template]) -> Template:
    for template in templates:
        if (template.name, template.language) == (name, language):
            if template.status == "PAUSED":
                raise Refused(132015, f"{name} is paused")
            if template.status == "DISABLED":
                raise Refused(132016, f"{name} is disabled")
            if template.status == "APPROVED":
                return template
    raise Refused(132001, f"{name} does not exist in {language}", 404)
