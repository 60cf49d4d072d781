"""Reading proof out of what people write: the number and the total, whatever stands around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commerce.gate import MOST_AMOUNTS, MOST_NUMBERS, facts_in
from tests.core.fakes.laws import law

N = "1087654321"
PROOFS = [
    "1087654321 1079,80",
    "1087654321 1079.80",
    "1087654321 1.079,80",
    "1087654321 1,079.80",
    "1087654321 1.079,80 TL",
    "1087654321 1.079,80TL",
    "1087654321 1079,80 tl",
    "1087654321 ₺1.079,80",
    "1087654321 1.079,80₺",
    "1087654321 1.079,80 ₺.",
    "1087654321, 1079,80",
    "1087654321 - 1079,80 TL",
    "1087654321\n1079,80",
    "#1087654321 1079,80 TL",
    "No: 1087654321 Tutar: 1079,80 TL",
    "no:1087654321 tutar:1079,80",
    "Sipariş no 1087654321, toplam 1.079,80 TL ödedim.",
    "sipariş numaram 1087654321 ödediğim tutar 1079.80 lira",
    "1087654321 nolu siparişe 1.079,80 TL'ydi sanırım",
    "1.079,80 TL ödedim, sipariş numarası 1087654321",
    "1079,80 1087654321",
    "Tutar 1079,80. Numara 1087654321.",
    "kargom nerede? 1087654321 (1.079,80 TL)",
    "sipariş: 1087654321 / tutar: 1079,80 TRY",
    "1087654321'i soruyorum 1079,80 ödemiştim",
    "3 gündür bekliyorum 1087654321 1079,80 TL",
    "2 adet gömlek aldım, 1087654321, 1.079,80 TL",
    "24.11.2026 tarihinde 1087654321 numarayla 1.079,80 TL ödedim",
    "24/11/2026 14:30 1087654321 1079,80",
    "24 Kasım 2026'da verdim, 1087654321, 1.079,80 TL",
    "24 kasımda verdim 1087654321 1.079,80",
    "saat 14:30'da sipariş verdim no 1087654321 tutar 1079,80",
    "telefonum 0532 123 45 67, siparişim 1087654321, 1079,80 TL",
    "+90 532 123 45 67 siparişim 1087654321 1079,80 TL",
    "tel: 532 123 4567 sipariş 1087654321 tutar 1079,80",
    "41 beden 2 tane, 1087654321, 1079,80 TL",
    "SİPARİŞ 1087654321 TOPLAM 1.079,80 LİRA",
    "Order 1087654321, I paid 1,079.80 TRY",
    "order number 1087654321 total 1079.80",
    "I ordered 2 items on 24 November 2026, number 1087654321, paid TRY 1,079.80",
    "It has been 5 days! Order 1087654321 for 1,079.80 TL",
    "my order is #1087654321 and the total was 1079.80 lira",
    "2026-11-24: order 1087654321, 1,079.80",
    "Nov 24, 2026 - order 1087654321 - 1,079.80 TL",
    "1087654321 numaralı, 1.079,80 liralık sipariş",
    "ödenen: 1.079,80 TL; sipariş: 1087654321",
    "Merhaba 1087654321 siparişim 1 haftadır gelmedi 1079,80 TL ödedim iyi günler",
    '"1087654321" ve "1079,80"',
]


@pytest.mark.parametrize("text", PROOFS)
def test_number_and_total_are_found_however_they_are_written(text: str) -> None:
    facts = facts_in(text)
    assert N in facts.numbers
    assert 107980 in facts.amounts
    assert facts.is_guess


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1079 TL", 107900),
        ("1079", 107900),
        ("250 lira", 25000),
        ("250tl", 25000),
        ("1.250", 125000),
        ("12.345.678,90 TL", 1234567890),
        ("1,250", 125000),
        ("99,90", 9990),
        ("249,9", 24900),
        ("5 TL", 500),
    ],
)
def test_an_amount_is_read_in_minor_units(text: str, minor: int) -> None:
    assert facts_in(text).amounts[0] == minor


@pytest.mark.parametrize(
    "text",
    [
        "24.11.2026 tarihinde aldım",
        "24/11/2026",
        "2026-11-24",
        "24 Kasım 2026",
        "24 kasımda aldım",
        "24 November 2026",
        "Nov 24, 2026",
        "saat 14:30'da",
        "3 gündür bekliyorum",
        "5 days",
        "2 adet aldım",
        "41 beden",
        "1 haftadır",
        "0532 123 45 67",
        "+90 532 123 45 67",
        "532 123 4567",
        "%20 indirim",
        "kargom nerede",
    ],
)
def test_dates_times_counts_and_phones_are_no_amounts(text: str) -> None:
    assert facts_in(text).amounts == ()


@pytest.mark.parametrize(
    "text", ["05321234567", "+905321234567", "+90 532 123 45 67", "1087654321"]
)
def test_a_number_alone_is_no_guess(text: str) -> None:
    assert not facts_in(text).is_guess


@pytest.mark.parametrize("text", ["2026-11-24", "24.11.2026", "14:30", "1079,80", "12345"])
def test_what_is_too_short_or_a_date_is_no_order_number(text: str) -> None:
    assert facts_in(text).numbers == ()


@pytest.mark.parametrize(
    ("text", "number"), [("ty-12345678", "TY-12345678"), ("#AB123456", "AB123456")]
)
def test_numbers_with_letters_are_compared_in_capitals(text: str, number: str) -> None:
    assert facts_in(text).numbers == (number,)


@law
@given(st.text(max_size=300))
def test_any_text_offers_few_facts(text: str) -> None:
    facts = facts_in(text)
    assert len(facts.numbers) <= MOST_NUMBERS
    assert len(facts.amounts) <= MOST_AMOUNTS


@law
@given(st.lists(st.integers(1, 9999), min_size=3, max_size=60))
def test_a_message_full_of_amounts_is_one_try(amounts: list[int]) -> None:
    text = f"{N} " + " ".join(f"{a},50 TL" for a in amounts)
    assert len(facts_in(text).amounts) <= MOST_AMOUNTS


@law
@given(st.integers(10**5, 10**10), st.integers(1, 10**7))
def test_what_is_written_is_what_is_read(number: int, minor: int) -> None:
    said = facts_in(f"{number} {minor // 100},{minor % 100:02d} TL")
    if len(str(minor // 100)) < 6:
        assert minor in said.amounts
    assert str(number) in said.numbers or number < 10**5
