"""Encodings, lengths and numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.netgsm.numbers import to_identity, to_ten_digits
from plugins.netgsm.outgoing import LIMITS, encoding_of, to_sms
from ports.conformance.strategies import PHONES, TURKISH
from ports.errors import Rejected
from ports.families.channel import Identity, IdentityKind, Outgoing, OutgoingText
from ports.values import IdempotencyKey

AYSE = Identity(IdentityKind.PHONE, "+905320000101")
KEY = IdempotencyKey("out-1")


def body(text: str) -> dict[str, object]:
    return to_sms(Outgoing(AYSE, OutgoingText(text)), "ORNEKMGZ", KEY)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Kargonuz yolda", None),
        ("Siparişiniz hazır, İyi günler", "TR"),
        ("Yolda 🚚", "UNICODE"),
        ("Hâlâ bekliyoruz", "UNICODE"),
        ("250 ₺", "UNICODE"),
        ("Işıl’a", "UNICODE"),
    ],
)
def test_the_narrowest_encoding_that_keeps_every_letter(text: str, encoding: str | None) -> None:
    assert encoding_of(text) == encoding
    assert body(text).get("encoding") == encoding


@given(text=TURKISH.filter(lambda text: text.strip() and "’" not in text))
def test_turkish_never_needs_unicode(text: str) -> None:
    assert encoding_of(text) in (None, "TR")


@pytest.mark.parametrize(("encoding", "letter"), [(None, "a"), ("TR", "ş"), ("UNICODE", "â")])
def test_the_limit_is_that_of_the_encoding(encoding: str | None, letter: str) -> None:
    body(letter * LIMITS[encoding])
    with pytest.raises(Rejected) as caught:
        body(letter * (LIMITS[encoding] + 1))
    assert caught.value.field == "text"


def test_an_emoji_counts_as_the_two_units_that_it_takes() -> None:
    body("🚚" * 195)
    with pytest.raises(Rejected):
        body("🚚" * 196)


@pytest.mark.parametrize("text", ["", " \n", "yarım \ud83d"])
def test_a_text_that_is_none_is_rejected(text: str) -> None:
    with pytest.raises(Rejected) as caught:
        body(text)
    assert caught.value.field == "text"


@given(phone=PHONES)
def test_a_number_goes_out_and_comes_back_the_same(phone: str) -> None:
    ours = Identity(IdentityKind.PHONE, phone)
    assert to_identity(to_ten_digits(ours)) == ours


@pytest.mark.parametrize("number", ["5320000101", "05320000101", "905320000101", "+905320000101"])
def test_every_way_of_writing_a_mobile_is_one_person(number: str) -> None:
    assert to_identity(number) == AYSE


@given(number=st.text(min_size=1, max_size=20))
def test_a_sender_is_always_somebody(number: str) -> None:
    identity = to_identity(number)
    if identity.kind is IdentityKind.VENDOR:
        assert identity.value == number


@pytest.mark.parametrize(
    "to",
    [
        Identity(IdentityKind.PHONE, "+902123334455"),
        Identity(IdentityKind.PHONE, "+491701234567"),
        Identity(IdentityKind.PHONE, "5320000101"),
        Identity(IdentityKind.PHONE, "+9053200001011"),
        Identity(IdentityKind.PHONE, "+90532000010\uff11"),
        Identity(IdentityKind.VENDOR, "+905320000101"),
    ],
)
def test_what_is_no_turkish_mobile_is_rejected(to: Identity) -> None:
    with pytest.raises(Rejected) as caught:
        to_ten_digits(to)
    assert caught.value.field == "to"
