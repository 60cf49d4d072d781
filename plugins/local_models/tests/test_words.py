"""Folding, words, mending, concepts, echoes: the small steps before any learning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.local_models import concepts
from plugins.local_models.echoes import too_close
from plugins.local_models.folding import fold
from plugins.local_models.mending import Mender
from plugins.local_models.words import words


@pytest.mark.parametrize(
    "text",
    [
        "iade",
        "İADE",
        "IADE",
        "ıade",
        "İade",
        "i\u0307ade",
        "\uff49\uff41\uff44\uff45",
        "ia\u200bde",
    ],
)
def test_every_way_of_typing_a_word_is_one_word(text: str) -> None:
    assert fold(text) == "iade"


def test_turkish_letters_fold_before_lowering() -> None:
    assert fold("ÇĞIİÖŞÜ çğıiöşü âîû") == "cgiiosu cgiiosu aiu"


@given(st.text(max_size=200))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ankara'dan geldiiii 48213", ["ankara", "dan", "geldi", "0"]),
        ("it doesn’t work", ["it", "does", "not", "work"]),
        ("i cant, dont, won't", ["i", "can", "not", "do", "not", "will", "not"]),
        ("where's it", ["where", "is", "it"]),
        ("", []),
    ],
)
def test_words_are_cut_and_completed(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("kargo", "kargo"),
        ("kagro", "kargo"),
        ("kargoo", "kargo"),
        ("kango", "kargo"),
        ("siprişm".replace("ş", "s"), "siparisim"),
        ("krgm", "kargom"),
        ("televizyon", "televizyon"),
        ("abc", "abc"),
    ],
)
def test_slips_lead_back_to_known_words(typed: str, meant: str) -> None:
    assert Mender({"kargo": 9, "kargom": 5, "siparisim": 7}).mend(typed) == meant


def test_concepts_join_languages_and_phrases() -> None:
    found = concepts.Concepts(["parcel\tkarg koli parcel", "refund\tpara+iade =refund"])
    assert found.of(["kargom", "parcels"]) == ["parcel", "parcel"]
    assert found.of(["iade", "para"]) == []
    assert found.of(["param", "iadesi", "refund"]) == ["refund", "refund"]
    assert found.of(["refunded"]) == []


def test_the_shipped_thesaurus_is_folded() -> None:
    for line in concepts.FILE.read_text(encoding="utf-8").splitlines():
        name, _, entries = line.partition("\t")
        assert name
        assert entries
        assert fold(entries) == entries, line


def test_an_echo_is_found() -> None:
    close = too_close(["kargom nerede acaba", "fatura istiyorum"], ["Kargom nerede?"])
    assert close.tolist() == [[True], [False]]
