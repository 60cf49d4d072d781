"""How the house says things: short, in both languages, in the tenant's own zone."""

from __future__ import annotations

import string
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.agents import answers, wording
from core.agents.answers import joined, title
from core.agents.evidence import Sentence
from core.agents.intents import TAXONOMY, IntentRule, all_rules
from core.conversations.content import PREVIEW, Written, preview
from core.shared.folding import fold_ascii, fold_tr
from ports.families.carrier import ParcelState
from ports.families.marketplace import ClaimState, PackageState
from ports.values import Money
from tests.core.fakes.laws import law

ISTANBUL, UTC_ZONE = ZoneInfo("Europe/Istanbul"), ZoneInfo("UTC")
AT = datetime(2026, 11, 24, 21, 5, tzinfo=UTC)
LANGUAGES = ("tr", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_has_a_title_of_its_own_that_fits_a_list_row(language: str) -> None:
    titles = [getattr(intent, language) for intent in TAXONOMY.values()]
    assert len(titles) == len(set(titles)) == 25
    assert all(0 < len(t) <= 24 for t in titles), [t for t in titles if len(t) > 24]


def test_intents_are_named_as_they_are_kept() -> None:
    assert all(name == intent.name for name, intent in TAXONOMY.items())


def test_a_tenants_own_intent_is_shown_by_its_title() -> None:
    assert title("order_status", "en", {}) == "The state of my order"
    assert title("gift_wrap", "tr", {"gift_wrap": "Hediye"}) == "Hediye"
    assert title("gone", "tr", {}) == "gone"


def test_every_intent_has_a_rule_and_the_tenants_own_come_last() -> None:
    own = IntentRule("aa", title="A", examples=("x",))
    rules = all_rules({"aa": own, "invoice": IntentRule("invoice", 0.9)})
    assert [r.name for r in rules] == [*TAXONOMY, "aa"]
    assert not any(r.autonomous for r in rules), "nothing is done alone by default"


STATES = [
    (wording.PACKAGE, set(PackageState) - {PackageState.SUPERSEDED, PackageState.UNKNOWN}),
    (wording.PARCEL, set(ParcelState) - {ParcelState.UNKNOWN}),
    (wording.CLAIM, set(ClaimState) - {ClaimState.UNKNOWN}),
]


@pytest.mark.parametrize(("words", "states"), STATES)
def test_every_state_has_words_in_both_languages(
    words: dict[object, dict[str, str]], states: set[object]
) -> None:
    assert set(words) == states
    assert all(set(w) == set(LANGUAGES) and all(w.values()) for w in words.values())


FIXED = [
    answers.GREETING,
    answers.ASK_PROOF,
    answers.NOT_PROVEN,
    answers.UNSURE,
    answers.HANDED_OVER,
    answers.SORRY_LATE,
    answers.NO_CLAIM,
]


@pytest.mark.parametrize("text", FIXED)
def test_every_sentence_of_the_house_stands_in_both_languages(text: dict[str, str]) -> None:
    assert set(text) == set(LANGUAGES)
    holes = [{name for _, name, _, _ in string.Formatter().parse(t) if name} for t in text.values()]
    assert holes[0] == holes[1]


@pytest.mark.parametrize(
    ("zone", "language", "said"),
    [
        (ISTANBUL, "tr", "25 Kasım 2026 00:05"),
        (ISTANBUL, "en", "25 November 2026 00:05"),
        (UTC_ZONE, "tr", "24 Kasım 2026 21:05"),
    ],
)
def test_a_moment_is_told_in_the_tenants_zone(zone: ZoneInfo, language: str, said: str) -> None:
    assert wording.moment(AT, zone, language) == said
    assert said.startswith(wording.day(AT, zone, language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_month_has_its_own_name(language: str) -> None:
    firsts = [datetime(2026, m, 1, 12, tzinfo=UTC) for m in range(1, 13)]
    days = {wording.day(first, ISTANBUL, language) for first in firsts}
    assert len(days) == 12


MONEY = [
    ("1079.80", "TRY", "1.079,80 TL", "TRY 1,079.80"),
    ("5", "TRY", "5,00 TL", "TRY 5.00"),
    ("1234567.89", "EUR", "1.234.567,89 EUR", "EUR 1,234,567.89"),
    ("0", "TRY", "0,00 TL", "TRY 0.00"),
    ("5000", "JPY", "5.000 JPY", "JPY 5,000"),
    ("1.234", "KWD", "1,234 KWD", "KWD 1.234"),
]


@pytest.mark.parametrize(("amount", "currency", "tr", "en"), MONEY)
def test_money_is_written_as_people_write_it(amount: str, currency: str, tr: str, en: str) -> None:
    money = Money.parse(amount, currency)
    assert (wording.money(money, "tr"), wording.money(money, "en")) == (tr, en)


def test_links_stand_on_lines_of_their_own() -> None:
    texts = ["Yolda.", "Yarın gelir.", "Takip: https://a.example/x", "Teşekkürler.", "İyi günler."]
    assert joined([Sentence(t) for t in texts]) == (
        "Yolda. Yarın gelir.\nTakip: https://a.example/x\nTeşekkürler. İyi günler."
    )


# --- text ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("İSTANBUL", "istanbul"),
        ("ISPARTA", "isparta"),
        ("ÇİĞKÖFTE  ıŞık", "cigkofte isik"),
        ("kâğıt", "kagit"),
        ("a\n\tb ", "a b"),
        ("i\u0307", "i"),
    ],
)
def test_turkish_letters_fold_to_what_a_hurried_person_types(text: str, folded: str) -> None:
    assert fold_ascii(text) == folded


def test_the_two_turkish_letters_i_stay_apart() -> None:
    assert (fold_tr("İI"), fold_tr("iı")) == ("iı", "iı")


@law
@given(st.text(max_size=80))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold_ascii(fold_ascii(text)) == fold_ascii(text)


@law
@given(st.text(max_size=400))
def test_a_preview_is_one_short_line(text: str) -> None:
    line = preview(Written("text", text, {}))
    assert 0 < len(line) <= PREVIEW
    assert len(line.splitlines()) == 1
