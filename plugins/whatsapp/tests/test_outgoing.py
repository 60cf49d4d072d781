"""What is sent is what Meta's documents ask for, and what is too long is not sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.whatsapp.outgoing import LIST_LABEL, to_message
from plugins.whatsapp.sandbox.rules import check
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
from ports.wild import Wild

PHONE = Identity(IdentityKind.PHONE, "+905301234567")
USER = Identity(IdentityKind.VENDOR, "TR.7742190053186204")
LINK = "https://example.org/a.jpg"


def sent(body: Body, *, to: Identity = PHONE, key: str = "k", **more: Any) -> dict[str, Any]:
    return to_message(Outgoing(to, body, **more), IdempotencyKey(key))


def choices(count: int, *, id: str = "", title: str = "Beden") -> OutgoingChoices:
    return OutgoingChoices("Seçin", tuple(Choice(f"{id}{n}", title) for n in range(count)))


def test_a_text_carries_our_key_and_what_it_answers() -> None:
    assert sent(OutgoingText("Yolda."), key="out-1", reply_to="wamid.K1") == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "905301234567",
        "biz_opaque_callback_data": "out-1",
        "type": "text",
        "text": {"preview_url": False, "body": "Yolda."},
        "context": {"message_id": "wamid.K1"},
    }


def test_a_person_without_a_phone_is_addressed_by_their_user_id() -> None:
    message = sent(OutgoingText("Merhaba"), to=USER)
    assert message["recipient"] == USER.value
    assert "to" not in message


def test_up_to_three_choices_are_buttons() -> None:
    interactive = sent(choices(3))["interactive"]
    assert interactive["type"] == "button"
    assert [b["reply"]["id"] for b in interactive["action"]["buttons"]] == ["0", "1", "2"]


def test_a_title_too_long_for_a_button_makes_a_list() -> None:
    title = "Yanlış ya da eksik ürün"
    assert sent(OutgoingChoices("Hangisi?", (Choice("a", title),)))["interactive"]["type"] == "list"


def test_more_choices_are_a_list_with_a_button_that_both_languages_read() -> None:
    interactive = sent(choices(10))["interactive"]
    assert interactive["type"] == "list"
    assert interactive["action"]["button"] == LIST_LABEL
    assert len(LIST_LABEL) <= 20
    [section] = interactive["action"]["sections"]
    assert [row["title"] for row in section["rows"]] == ["Beden"] * 10


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        (
            OutgoingMedia(MediaKind.IMAGE, LINK, "Çanta"),
            {"type": "image", "image": {"link": LINK, "caption": "Çanta"}},
        ),
        (
            OutgoingMedia(MediaKind.DOCUMENT, LINK, None, "fatura.pdf"),
            {"type": "document", "document": {"link": LINK, "filename": "fatura.pdf"}},
        ),
        (
            OutgoingMedia(MediaKind.VOICE, LINK),
            {"type": "audio", "audio": {"link": LINK, "voice": True}},
        ),
        (OutgoingMedia(MediaKind.AUDIO, LINK), {"type": "audio", "audio": {"link": LINK}}),
        (OutgoingMedia(MediaKind.STICKER, LINK), {"type": "sticker", "sticker": {"link": LINK}}),
        (OutgoingMedia(MediaKind.VIDEO, LINK), {"type": "video", "video": {"link": LINK}}),
    ],
)
def test_media_goes_by_its_link(media: OutgoingMedia, expected: dict[str, Any]) -> None:
    message = sent(media)
    assert {name: message[name] for name in expected} == expected


def test_a_template_is_filled_in_order() -> None:
    template = sent(OutgoingTemplate("siparis", "tr", ("Ayşe", "42")))["template"]
    assert template["language"] == {"code": "tr"}
    [body] = template["components"]
    assert [value["text"] for value in body["parameters"]] == ["Ayşe", "42"]


def test_a_template_without_values_has_no_components() -> None:
    assert "components" not in sent(OutgoingTemplate("selam", "tr"))["template"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (OutgoingText("ş" * 4097), "text"),
        (OutgoingText(" \n"), "text"),
        (OutgoingChoices("ş" * 1025, (Choice("a", "A"),)), "text"),
        (choices(0), "choices"),
        (choices(11), "choices"),
        (OutgoingChoices("Seçin", (Choice("a", "A"), Choice("a", "B"))), "choices"),
        (choices(3, title="ş" * 25), "choices"),
        (choices(4, title="ş" * 25), "choices"),
        (choices(3, id="i" * 256), "choices"),
        (choices(4, id="i" * 200), "choices"),
        (choices(2, title=""), "choices"),
        (OutgoingMedia(MediaKind.IMAGE, LINK, "ş" * 1025), "caption"),
        (OutgoingMedia(MediaKind.VOICE, LINK, "dinle"), "caption"),
        (OutgoingMedia(MediaKind.IMAGE, "file:///etc/passwd"), "link"),
        (OutgoingMedia(MediaKind.IMAGE, "https://[oops"), "link"),
        (OutgoingMedia(MediaKind.IMAGE, ""), "link"),
        (OutgoingTemplate("", "tr"), "name"),
        (OutgoingTemplate("selam", ""), "language"),
        (OutgoingTemplate("selam", "tr", ("",)), "parameters"),
        (OutgoingTemplate("selam", "tr", ("iki\nsatır",)), "parameters"),
        (OutgoingTemplate("selam", "tr", ("sek\tme",)), "parameters"),
        (OutgoingTemplate("selam", "tr", ("a" + " " * 5 + "b",)), "parameters"),
    ],
)
def test_what_whatsapp_would_refuse_is_refused_before_the_call(body: Body, field: str) -> None:
    with pytest.raises(Rejected) as caught:
        sent(body)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "body",
    [
        OutgoingText("ş" * 4096),
        OutgoingChoices("ş" * 1024, (Choice("i" * 256, "ş" * 20),)),
        choices(4, id="i" * 199, title="ş" * 24),
        OutgoingMedia(MediaKind.IMAGE, LINK, "ş" * 1024),
        OutgoingTemplate("selam", "tr", ("a" + " " * 4 + "b",)),
    ],
)
def test_what_just_fits_is_sent(body: Body) -> None:
    assert check(Wild(sent(body))) is not None


@pytest.mark.parametrize(
    "to",
    [
        Identity(IdentityKind.PHONE, ""),
        Identity(IdentityKind.PHONE, "0530 123 45 67"),
        Identity(IdentityKind.PHONE, "+90530"),
        Identity(IdentityKind.PHONE, "٩٠٥٣٠١٢٣٤٥٦"),
        Identity(IdentityKind.VENDOR, ""),
        Identity(IdentityKind.VENDOR, "iki kelime"),
    ],
)
def test_a_recipient_that_is_none_is_refused(to: Identity) -> None:
    with pytest.raises(Rejected) as caught:
        sent(OutgoingText("Merhaba"), to=to)
    assert caught.value.field == "to"


def test_a_key_that_whatsapp_would_not_echo_is_refused() -> None:
    sent(OutgoingText("Merhaba"), key="k" * 512)
    with pytest.raises(Rejected) as caught:
        sent(OutgoingText("Merhaba"), key="k" * 513)
    assert caught.value.field == "key"


words = st.text(max_size=30)
bodies = st.one_of(
    st.builds(OutgoingText, st.text()),
    st.builds(
        OutgoingChoices, words, st.lists(st.builds(Choice, words, words), max_size=12).map(tuple)
    ),
    st.builds(OutgoingMedia, st.sampled_from(MediaKind), st.just(LINK), words, words),
)


@given(body=bodies)
def test_whatever_passes_our_limits_passes_metas(body: Body) -> None:
    try:
        message = sent(body)
    except Rejected:
        return
    assert check(Wild(message)) is not None
