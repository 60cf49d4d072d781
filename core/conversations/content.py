"""What was written, as we keep it: a kind, a readable text, and the rest by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ports.families.channel import (
    Body,
    Choice,
    ContactCards,
    Content,
    FormAnswer,
    Location,
    Media,
    OutgoingChoices,
    OutgoingMedia,
    OutgoingTemplate,
    OutgoingText,
    ProductAsked,
    Reaction,
    Text,
    Unsupported,
)

PREVIEW = 160


@dataclass(frozen=True, slots=True)
class Written:
    kind: str
    text: str
    content: dict[str, Any]


def written(content: Content) -> Written:
    """How an inbound content is kept, without the characters that no database takes."""
    kept = _written(content)
    return Written(kept.kind, clean(kept.text), {k: _clean(v) for k, v in kept.content.items()})


def clean(text: str) -> str:
    """The text without NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean(v) for v in value]
    if isinstance(value, dict):
        return {k: _clean(v) for k, v in value.items()}
    return value


def _written(content: Content) -> Written:
    match content:
        case Text(text):
            return Written("text", text, {})
        case Media(kind, ref, mime, caption, filename):
            return Written(
                str(kind), caption or "", {"ref": ref, "mime": mime, "filename": filename}
            )
        case Location(latitude, longitude, name, address):
            place = ", ".join(p for p in (name, address) if p)
            return Written("location", place, {"latitude": latitude, "longitude": longitude})
        case ContactCards(cards):
            names = ", ".join(card.name for card in cards)
            kept = [{"name": c.name, "phones": [*c.phones], "emails": [*c.emails]} for c in cards]
            return Written("contacts", names, {"cards": kept})
        case Choice(id, title):
            return Written("choice", title, {"choice": id})
        case FormAnswer(json):
            return Written("form", "", {"answers": json})
        case ProductAsked(summary):
            return Written("product", summary, {})
        case Reaction(to, emoji):
            return Written("reaction", emoji or "", {"to": to})
        case Unsupported(vendor_kind):
            return Written("unsupported", "", {"vendor_kind": vendor_kind})


def outgoing(body: Body) -> Written:
    """How an outbound body is kept."""
    match body:
        case OutgoingText(text):
            return Written("text", text, {})
        case OutgoingChoices(text, choices):
            offered = [{"id": c.id, "title": c.title} for c in choices]
            return Written("choices", text, {"choices": offered})
        case OutgoingMedia(kind, link, caption, filename):
            return Written(str(kind), caption or "", {"link": link, "filename": filename})
        case OutgoingTemplate(name, language, parameters):
            shown = f"[{name}] {' · '.join(parameters)}".strip()
            return Written("template", shown, {"name": name, "language": language})


def preview(message: Written) -> str:
    """One line for a list."""
    line = " ".join(message.text.split()) or f"[{message.kind}]"
    return line if len(line) <= PREVIEW else line[: PREVIEW - 1] + "…"
