"""A WhatsApp message's content in our words: one row a type, and nothing is dropped.

Source: developers.facebook.com/documentation/business-messaging/whatsapp, "Messages webhook".
"""

from __future__ import annotations

from collections.abc import Callable

from plugins.whatsapp.reading import needed, said
from ports.errors import ContractBroken
from ports.families.channel import (
    Choice,
    ContactCard,
    ContactCards,
    Content,
    FormAnswer,
    Location,
    Media,
    MediaKind,
    ProductAsked,
    Reaction,
    Referral,
    Text,
    Unsupported,
)
from ports.wild import Wild

ANY_MIME = "application/octet-stream"


def to_content(message: Wild) -> Content:
    """Never raises: a type nobody told us of, or one that cannot be read, is Unsupported."""
    kind = said(message, "type")
    if kind is None:
        return Unsupported("unreadable")
    read = _READERS.get(kind)
    if read is None:
        return Unsupported(kind)
    try:
        return read(message)
    except ContractBroken:
        return Unsupported(f"unreadable {kind}")


def to_referral(message: Wild) -> Referral | None:
    """The click-to-WhatsApp ad or post; it comes with the first message after the tap only."""
    ad = message["referral"]
    if not ad.present:
        return None
    return Referral(
        source=said(ad, "source_type") or "unknown",
        source_id=said(ad, "source_id"),
        click_id=said(ad, "ctwa_clid"),
        headline=said(ad, "headline"),
        url=said(ad, "source_url"),
    )


def _text(message: Wild) -> Content:
    body = message["text"]["body"].text()
    product = said(message, "context", "referred_product", "product_retailer_id")
    return ProductAsked(f"{product}: {body}") if product else Text(body)


def _media(kind: MediaKind) -> Callable[[Wild], Content]:
    def read(message: Wild) -> Content:
        media = message[kind.value]
        return Media(
            kind=_voice_or(kind, media),
            ref=media["id"].digits(),
            mime=said(media, "mime_type") or ANY_MIME,
            caption=said(media, "caption"),
            filename=said(media, "filename"),
        )

    return read


def _voice_or(kind: MediaKind, media: Wild) -> MediaKind:
    """There is no type for voice notes: they are audio with `voice: true`."""
    is_voice = kind is MediaKind.AUDIO and media["voice"].raw is True
    return MediaKind.VOICE if is_voice else kind


def _location(message: Wild) -> Content:
    place = message["location"]
    return Location(
        latitude=_degrees(place["latitude"], 90),
        longitude=_degrees(place["longitude"], 180),
        name=said(place, "name"),
        address=said(place, "address"),
    )


def _degrees(number: Wild, limit: int) -> str:
    degrees = number.decimal()
    if not -limit <= degrees <= limit:
        raise ContractBroken(f"{number.path} is not on the globe")
    return str(degrees)


def _contacts(message: Wild) -> Content:
    return ContactCards(tuple(_card(contact) for contact in message["contacts"].each()))


def _card(contact: Wild) -> ContactCard:
    phones = [said(phone, "phone") or said(phone, "wa_id") for phone in _listed(contact, "phones")]
    emails = [said(email, "email") for email in _listed(contact, "emails")]
    return ContactCard(
        name=said(contact, "name", "formatted_name") or "",
        phones=tuple(phone for phone in phones if phone),
        emails=tuple(email for email in emails if email),
    )


def _listed(contact: Wild, name: str) -> list[Wild]:
    return list(contact[name].each_or_none())


def _interactive(message: Wild) -> Content:
    answer = message["interactive"]
    if not answer.present:
        return Unsupported("interactive")  # seen together with a value-level error 131000
    kind = answer["type"].text()
    if kind in ("button_reply", "list_reply"):
        return Choice(needed(answer[kind]["id"]), said(answer, kind, "title") or "")
    if kind == "nfm_reply":
        return FormAnswer(answer["nfm_reply"]["response_json"].text())
    return Unsupported(kind)


def _button(message: Wild) -> Content:
    """A quick reply of a template; its payload is the button's text where we set none."""
    text = needed(message["button"]["text"])
    return Choice(said(message, "button", "payload") or text, text)


def _reaction(message: Wild) -> Content:
    reaction = message["reaction"]
    return Reaction(needed(reaction["message_id"]), said(reaction, "emoji"))


def _order(message: Wild) -> Content:
    order = message["order"]
    lines = [_order_line(item) for item in order["product_items"].each()]
    note = said(order, "text")
    return ProductAsked("\n".join([*lines, note] if note else lines))


def _order_line(item: Wild) -> str:
    amount = f"{item['quantity'].decimal()} × {needed(item['product_retailer_id'])}"
    if not item["item_price"].present:
        return amount
    return f"{amount} ({item['item_price'].decimal()} {said(item, 'currency') or ''})"


def _unsupported(message: Wild) -> Content:
    """Also how a person's first message may reach a number that is shared with the phone app."""
    return Unsupported(said(message, "unsupported", "type") or "unsupported")


_READERS: dict[str, Callable[[Wild], Content]] = {
    "text": _text,
    "image": _media(MediaKind.IMAGE),
    "video": _media(MediaKind.VIDEO),
    "audio": _media(MediaKind.AUDIO),
    "document": _media(MediaKind.DOCUMENT),
    "sticker": _media(MediaKind.STICKER),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "reaction": _reaction,
    "order": _order,
    "unsupported": _unsupported,
}
"""`request_welcome` (a chat opened, nothing said yet) has no content: Unsupported by its name."""
