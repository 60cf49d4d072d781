"""Every kind of delivery becomes the event it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from plugins.whatsapp.webhooks import WhatsAppReader
from ports.errors import Ignored, Unreadable
from ports.events import Event
from ports.families.channel import (
    Choice,
    ConsentChanged,
    ContactCard,
    ContactCards,
    Content,
    DeliveryReported,
    DeliveryState,
    FormAnswer,
    Identity,
    IdentityKind,
    Location,
    Media,
    MediaKind,
    MessageEchoed,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    ProductAsked,
    Reaction,
    Referral,
    Sender,
    SenderChanged,
    Text,
    Unsupported,
)
from ports.webhooks import RawWebhook

Payload = Callable[[str], RawWebhook]

USER = Identity(IdentityKind.VENDOR, "TR.7742190053186204")
PHONE = Identity(IdentityKind.PHONE, "+905301234567")
NEW_USER = Identity(IdentityKind.VENDOR, "TR.1190022003300440")
NEW_PHONE = Identity(IdentityKind.PHONE, "+905309998877")
PERSON = Sender((USER, PHONE), "Işıl Çağlar")

CONTENTS: dict[str, Content] = {
    "text": Text("Merhaba, kırmızı çanta stokta mı?"),
    "text_reply": Text("Evet, alıyorum"),
    "text_forwarded": Text("Şuna bak"),
    "text_about_product": ProductAsked("CANTA-12: Bunun mavisi var mı?"),
    "text_from_ad": Text("Kampanya bitti mi?"),
    "image": Media(MediaKind.IMAGE, "7100001", "image/jpeg", "kutu ezik geldi"),
    "video": Media(MediaKind.VIDEO, "7100002", "video/mp4"),
    "document": Media(
        MediaKind.DOCUMENT, "7100003", "application/pdf", "fatura", "fatura ekim.pdf"
    ),
    "sticker": Media(MediaKind.STICKER, "7100004", "image/webp"),
    "audio": Media(MediaKind.AUDIO, "7100005", "audio/mpeg"),
    "voice_note": Media(MediaKind.VOICE, "7100006", "audio/ogg; codecs=opus"),
    "location": Location("38.4192", "27.1287"),
    "location_of_place": Location(
        "39.9208", "32.8541", "Kızılay Şubesi", "Atatürk Blv. 1, Çankaya"
    ),
    "contacts": ContactCards(
        (ContactCard("Ömer Şahin", ("+90 530 765 43 21",), ("omer@example.org",)),)
    ),
    "button_reply": Choice("size_m", "M"),
    "list_reply": Choice("cargo_2", "Ertesi gün"),
    "form_answer": FormAnswer('{"flow_token":"t-1","iade":"beden"}'),
    "call_permission_reply": Unsupported("call_permission_reply"),
    "interactive_without_object": Unsupported("interactive"),
    "template_button": Choice("KAPAT", "Listeden çık"),
    "template_button_without_context": Choice("Bilgi al", "Bilgi al"),
    "reaction": Reaction("wamid.S900", "❤️"),
    "reaction_removed": Reaction("wamid.S900", None),
    "order": ProductAsked("2 × CANTA-12 (749.9 TRY)\n1 × KEMER-3 (200 TRY)\nhediye paketi olsun"),
    "unsupported_poll": Unsupported("poll"),
    "unsupported_first_contact_from_ad": Unsupported("unsupported"),
    "request_welcome": Unsupported("request_welcome"),
    "type_of_tomorrow": Unsupported("hologram"),
    "image_too_large": Unsupported("unreadable image"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_every_type_of_message_arrives(reader: WhatsAppReader, payload: Payload, name: str) -> None:
    [event] = reader.read(payload(name))
    assert isinstance(event, MessageReceived)
    assert event.content == CONTENTS[name]
    assert event.sender == PERSON
    assert event.id.startswith("wamid.")
    assert event.sent_at.tzinfo is UTC


def test_a_reply_says_to_what(reader: WhatsAppReader, payload: Payload) -> None:
    assert [m.reply_to for m in received(reader, payload("text_reply"))] == ["wamid.S900"]
    assert [m.reply_to for m in received(reader, payload("text_forwarded"))] == [None]


def test_the_ad_that_led_here_is_kept(reader: WhatsAppReader, payload: Payload) -> None:
    [message] = received(reader, payload("text_from_ad"))
    assert message.referral == Referral(
        source="ad",
        source_id="120330044005500660",
        click_id="click-001",
        headline="Sonbahar indirimi",
        url="https://fb.me/invekto1",
    )


def test_a_lead_whose_words_are_hidden_by_the_phone_app_is_not_lost(
    reader: WhatsAppReader, payload: Payload
) -> None:
    [message] = received(reader, payload("unsupported_first_contact_from_ad"))
    assert message.sender == PERSON
    assert message.referral
    assert message.referral.source_id == "120330044005500660"


def test_either_identity_may_be_absent(reader: WhatsAppReader, payload: Payload) -> None:
    [hidden] = received(reader, payload("text_hidden_phone"))
    assert hidden.sender == Sender((USER,), None)
    [old] = received(reader, payload("text_phone_only"))
    assert old.sender == Sender((PHONE,), None)


def test_people_of_one_delivery_are_not_mixed_up(reader: WhatsAppReader) -> None:
    """A contact belongs to a message only where an identity says so."""
    contacts = [{"wa_id": "905300000001", "user_id": "TR.1"}, {"user_id": "TR.2"}]
    messages = [
        {"from": "905300000001", "id": "wamid.1", **_hello()},
        {"from_user_id": "TR.2", "id": "wamid.2", **_hello()},
        {"from": "905300000003", "id": "wamid.3", **_hello()},
    ]
    found = received(reader, delivery(contacts=contacts, messages=messages))
    assert [[i.value for i in m.sender.identities] for m in found] == [
        ["TR.1", "+905300000001"],
        ["TR.2"],
        ["+905300000003"],
    ]


def at(clock: str) -> datetime:
    """A moment of the day of the fixtures."""
    return datetime.fromisoformat(f"2026-11-25T{clock}+00:00")


EVENTS: dict[str, Event] = {
    "edit": MessageEdited("wamid.K001", at("10:00:32"), Text("Merhaba, mavi çanta stokta mı?")),
    "revoke": MessageRevoked("wamid.K001", at("10:00:33")),
    "system_new_number": SenderChanged((USER, PHONE), (NEW_USER, NEW_PHONE), at("10:00:27")),
    "system_new_user_id": SenderChanged((USER, PHONE), (NEW_USER,), at("10:00:28")),
    "echo": MessageEchoed(
        "wamid.E001", Sender((PHONE,)), at("10:05:00"), Text("Buyurun, ben bakıyorum")
    ),
    "preference_stop": ConsentChanged(PERSON, False, at("10:03:20")),
    "preference_resume": ConsentChanged(PERSON, True, at("10:03:20")),
    "preference_signup": ConsentChanged(PERSON, True, at("10:03:20")),
}


@pytest.mark.parametrize("name", EVENTS)
def test_what_is_no_message_is_its_own_event(
    reader: WhatsAppReader, payload: Payload, name: str
) -> None:
    assert reader.read(payload(name)) == [EVENTS[name]]


def test_statuses_bring_our_key_back_and_played_means_read(
    reader: WhatsAppReader, payload: Payload
) -> None:
    found = [e for e in reader.read(payload("statuses")) if isinstance(e, DeliveryReported)]
    assert [(e.state, e.key) for e in found] == [
        (DeliveryState.SENT, "out-77"),
        (DeliveryState.DELIVERED, "out-77"),
        (DeliveryState.READ, "out-77"),
        (DeliveryState.READ, None),
    ]
    assert {e.message_id for e in found} == {"wamid.S901"}


def test_a_failure_says_why_and_whether_the_window_is_closed(
    reader: WhatsAppReader, payload: Payload
) -> None:
    assert reader.read(payload("status_failed_window")) == [
        DeliveryReported(
            "wamid.S902",
            DeliveryState.FAILED,
            at("10:01:45"),
            key="out-78",
            reason="Re-engagement message: The last message is older than 24 hours.",
            vendor_code="131047",
            window_closed=True,
        )
    ]
    [other] = reader.read(payload("status_failed_undeliverable"))
    assert isinstance(other, DeliveryReported)
    assert (other.vendor_code, other.window_closed) == ("131026", False)


def test_a_batch_yields_all_of_our_number_in_order_and_an_odd_one_loses_none(
    reader: WhatsAppReader, payload: Payload
) -> None:
    found = reader.read(payload("batch"))
    assert [e.content if isinstance(e, MessageReceived) else e.__class__ for e in found] == [
        Text("bir"),
        Text("iki"),
        DeliveryReported,
        Unsupported("unreadable text"),
        Text("üç"),
        Text("dört"),
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ignored_template_status", "message_template_status_update"),
        ("ignored_history", "history"),
        ("ignored_group", "groups"),
        ("ignored_system_identity", "customer_identity_changed"),
        ("ignored_status_of_tomorrow", "pondered"),
        ("ignored_vendor_error", "Something went wrong"),
        ("other_number", "another phone number"),
    ],
)
def test_what_is_skipped_is_skipped_with_a_reason(
    reader: WhatsAppReader, payload: Payload, name: str, reason: str
) -> None:
    with pytest.raises(Ignored, match=reason):
        reader.read(payload(name))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("unreadable_nobody", "neither a phone nor a user id"),
        ("unreadable_other_object", "object"),
        ("no_number", "phone_number_id is missing"),
    ],
)
def test_a_message_of_nobody_or_for_nobody_is_kept_for_a_person_to_see(
    reader: WhatsAppReader, payload: Payload, name: str, reason: str
) -> None:
    with pytest.raises(Unreadable, match=reason):
        reader.read(payload(name))


@pytest.mark.parametrize(
    "kind", ["text", "image", "location", "contacts", "interactive", "button", "order", "edit"]
)
@pytest.mark.parametrize("content", [None, 7, "x", [], [1], {}, {"id": None}])
def test_content_that_does_not_fit_still_arrives(
    reader: WhatsAppReader, kind: str, content: Any
) -> None:
    odd = {"from": "905300000001", "id": "wamid.1", "timestamp": "1795600800", "type": kind}
    [message] = received(reader, delivery(messages=[{**odd, kind: content}]))
    assert message.content == ContactCards(()) or isinstance(message.content, Unsupported)


def received(reader: WhatsAppReader, webhook: RawWebhook) -> list[MessageReceived]:
    return [e for e in reader.read(webhook) if isinstance(e, MessageReceived)]


def delivery(**value: Any) -> RawWebhook:
    metadata = {"phone_number_id": "550100200300401"}
    change = {"field": "messages", "value": {"metadata": metadata, **value}}
    entry = {"id": "550900800700601", "changes": [change]}
    whole = {"object": "whatsapp_business_account", "entry": [entry]}
    return RawWebhook(json.dumps(whole).encode())


def _hello() -> dict[str, Any]:
    return {"timestamp": "1795600800", "type": "text", "text": {"body": "selam"}}
