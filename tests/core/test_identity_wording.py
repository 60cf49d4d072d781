"""Letters: what they say, in both languages, and what a name in them cannot do."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identity import wording
from core.tenancy.tenant import LANGUAGES
from tests.core.fakes.laws import law

FACTS = {
    "seller": "Deniz",
    "token": "T0KEN",
    "at": "24.11.2026 12:30 (Europe/Istanbul)",
    "agent": "Firefox",
    "ip": "192.0.2.7",
    "country": "TR",
    "email": "ayse@deniz.example",
    "factor": "Telefon",
    "left": "9",
    "member": "Ayşe",
}
KINDS = sorted(wording._LETTERS["tr"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_has_a_reason_and_says_what_to_do_if_it_was_not_you(
    kind: str, language: str
) -> None:
    subject, text = wording.letter(kind, language, FACTS, "https://house.example")
    assert subject
    assert "{" not in subject + text
    negations = {
        "tr": ("değilse", "istemediyseniz", "yapmadıysanız", "tanımıyorsanız", "yoksa"),
        "en": ("If that was not you", "If you do not", "If they know nothing", "is not yours"),
    }
    assert any(word in text for word in negations[language])


def test_both_languages_have_the_same_letters_with_the_same_facts() -> None:
    formatter = string.Formatter()

    def facts(pair: tuple[str, str]) -> set[str | None]:
        return {name for text in pair for _, name, _, _ in formatter.parse(text) if name}

    turkish, english = wording._LETTERS["tr"], wording._LETTERS["en"]
    assert turkish.keys() == english.keys()
    assert {k: facts(v) for k, v in turkish.items()} == {k: facts(v) for k, v in english.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_fits_one_message_of_any_vendor(language: str) -> None:
    text = wording.code_text("123456", language)
    assert text.isascii()
    assert len(text) <= 160


@law
@given(name=st.text())
def test_a_name_makes_neither_a_header_nor_a_paragraph(name: str) -> None:
    facts = FACTS | {"seller": name}
    subject, text = wording.letter("invitation", "en", facts, "https://house.example")
    assert subject.isprintable()
    plain = wording.letter("invitation", "en", FACTS, "https://house.example")[1]
    assert text.count("\n") == plain.count("\n")


def test_a_token_stands_where_no_server_logs_it() -> None:
    for kind in ("invitation", "confirm_email", "reset", "recovery"):
        _, text = wording.letter(kind, "en", FACTS, "https://house.example")
        address = next(word for word in text.split() if "T0KEN" in word)
        assert address.partition("#")[2] == "T0KEN"
