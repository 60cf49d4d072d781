"""What guessers try first is no password here."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from adapters.identity.common_passwords import LIST, CommonPasswords
from adapters.identity.data.pack_passwords import pack
from adapters.identity.data.turkish import PROVINCES, passwords
from core.identity.means import Common
from core.shared.folding import fold_ascii

COMMON: Common = CommonPasswords()


@pytest.mark.parametrize(
    "password",
    [
        "123456",
        "password",
        "12345678",
        "qwertyuiop",
        "iloveyou",
        "trustno1",
        "galatasaray",
        "galatasaray1905",
        "fenerbahce1907",
        "besiktas1903",
        "trabzonspor61",
        "istanbul34",
        "ankara06",
        "123456aa",
        "123456789a",
        "mustafa1234",
        "seniseviyorum",
        "ataturk1881",
        "sifre12345678",
        "123456galatasaray",
    ],
)
def test_the_favourites_are_known(password: str) -> None:
    assert password in COMMON


@pytest.mark.parametrize(
    "password",
    [
        "GALATASARAY1905",
        "Fenerbahçe1907",
        "BEŞİKTAŞ1903",
        "İstanbul34",
        "ISTANBUL34",
        "ıstanbul34",
        "Şifre12345678",
        "\uff30assword",  # full width
        " password ",
        "Password!",
        "galatasaray1905...",
    ],
)
def test_case_turkish_letters_and_marks_at_the_end_make_no_difference(password: str) -> None:
    assert password in COMMON


@pytest.mark.parametrize(
    "password",
    [
        "",
        "!!!!!!!!!!!!?x",
        "kedi kapıda bekler dururdu",
        "correct horse battery staple",
        "Zq9!vfk2Lx0pWm",
        "1234567\n12345678",
        "parola\x00",
        "пароль от моей кошки",
        123456,
        None,
        b"123456",
    ],
)
def test_what_nobody_tries_first_is_not_among_them(password: object) -> None:
    assert password not in COMMON


def test_the_list_has_thousands_for_every_length_that_a_policy_may_ask_for() -> None:
    """ASVS 6.2.4: at least the top 3,000 of those that the policy would let pass."""
    listed = _listed(LIST.read_bytes())
    assert len(listed) > 10_000
    assert sum(len(word) >= 8 for word in listed) > 100_000
    assert sum(len(word) >= 12 for word in listed) > 10_000
    assert sum(len(word) >= 14 for word in listed) > 3_000


def test_the_list_is_folded_sorted_and_names_no_mailbox() -> None:
    listed = _listed(LIST.read_bytes())
    assert listed == sorted(set(listed))
    assert all(word == fold_ascii(word) for word in listed)
    assert not [word for word in listed if re.fullmatch(r"\S+@\S+\.[a-z]+", word)]


def test_every_password_of_our_own_making_is_in_the_list() -> None:
    """The list is what the script makes of today's words."""
    listed = set(_listed(LIST.read_bytes()))
    made = {word for word in map(fold_ascii, passwords()) if len(word) >= 8}
    assert len(made) > 10_000
    assert not made - listed


def test_plates_belong_to_their_provinces() -> None:
    assert len(PROVINCES) == 81
    assert [PROVINCES[n - 1] for n in (1, 6, 34, 35, 61, 81)] == (
        ["adana", "ankara", "istanbul", "izmir", "trabzon", "duzce"]
    )


def test_packing_keeps_the_long_and_the_likeliest(tmp_path: Path) -> None:
    plain, zipped = tmp_path / "a.txt", tmp_path / "b.gz"
    filler = "\n".join(f"uzunsifre{n:06}" for n in range(10_000))
    plain.write_text(f"Kısa\nÇok Uzun Şifre\nayse@example.com\n{filler}\ngec", encoding="utf-8")
    zipped.write_bytes(gzip.compress(b"q1w2e3zz\n\xff\xfe\n"))
    packed = pack([plain, zipped])
    listed = _listed(packed)
    assert {"kisa", "cok uzun sifre", "uzunsifre009999", "q1w2e3zz"} <= set(listed)
    assert not {"gec", "ayse@example.com", ""} & set(listed)
    assert pack([zipped, plain]) == packed, "the same lists give the same bytes"


def _listed(packed: bytes) -> list[str]:
    return gzip.decompress(packed).decode("ascii").removesuffix("\n").split("\n")
