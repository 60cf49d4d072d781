"""Meta's approved templates in our words."""

from __future__ import annotations

import re

from ports.families.channel import OutgoingTemplate
from ports.wild import Wild

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_PLAIN_BUTTONS = frozenset({"QUICK_REPLY", "PHONE_NUMBER", "URL"})


def to_template(template: Wild) -> OutgoingTemplate | None:
    """The template with its body's placeholders; None for one that `send` cannot fill.

    `OutgoingTemplate` carries values of the body by position. A template that is not approved,
    names its values, or wants values for its header or buttons is therefore not offered.
    """
    named = template["parameter_format"].text_or("POSITIONAL") == "NAMED"
    if named or template["status"].text() != "APPROVED":
        return None
    parts = list(template["components"].each())
    if not all(_fillable(part) for part in parts):
        return None
    bodies = [part["text"].text() for part in parts if _kind(part) == "BODY"]
    return OutgoingTemplate(
        template["name"].text(), template["language"].text(), _placeholders("".join(bodies))
    )


def _fillable(part: Wild) -> bool:
    match _kind(part):
        case "BODY" | "FOOTER":
            return True
        case "HEADER":
            is_text = part["format"].text_or("TEXT") == "TEXT"
            return is_text and not _PLACEHOLDER.search(part["text"].text_or("") or "")
        case "BUTTONS":
            return all(_plain(button) for button in part["buttons"].each())
        case _:
            return False


def _plain(button: Wild) -> bool:
    url = button["url"].text_or("") or ""
    return _kind(button) in _PLAIN_BUTTONS and not _PLACEHOLDER.search(url)


def _kind(part: Wild) -> str:
    return part["type"].text().upper()


def _placeholders(body: str) -> tuple[str, ...]:
    """Each placeholder once, in the order in which values are given: by number."""
    names = dict.fromkeys(_PLACEHOLDER.findall(body))
    return tuple(sorted(names, key=lambda name: int(name) if name.isdecimal() else 0))
