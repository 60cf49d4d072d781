"""Passwords are kept as argon2id hashes, and nobody can tell by the time who has none."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError
from argon2.low_level import Type
from hypothesis import given
from hypothesis import strategies as st

from adapters.identity.argon2 import LANES, MEMORY_KIB, PASSES, Argon2
from core.identity.means import Hasher
from tests.core.fakes.laws import law

QUICK: Hasher = Argon2(memory_kib=64, passes=1)
ANY = st.text(st.characters(exclude_categories=()), max_size=200)


def test_it_is_stronger_than_owasp_asks() -> None:
    """Password Storage Cheat Sheet: m=19456 (19 MiB), t=2, p=1 and their like, at least."""
    kept = extract_parameters(Argon2().hash("kedi kapıda bekler"))
    assert kept.type is Type.ID
    assert (kept.memory_cost, kept.time_cost, kept.parallelism) == (MEMORY_KIB, PASSES, LANES)
    assert kept.memory_cost * kept.time_cost >= 2 * 19_456 * 2
    assert kept.salt_len >= 16
    assert kept.hash_len >= 32


def test_it_is_a_phc_string_that_others_read() -> None:
    kept = QUICK.hash("kedi kapıda bekler")
    assert re.fullmatch(r"\$argon2id\$v=19\$m=64,t=1,p=1\$[\w+/]{22}\$[\w+/]{43}", kept)
    assert PasswordHasher().verify(kept, "kedi kapıda bekler")


@law
@given(ANY)
def test_the_password_opens_as_it_was_typed(password: str) -> None:
    assert QUICK.verify(QUICK.hash(password), password)


@law
@given(ANY, ANY)
def test_no_other_password_opens(password: str, other: str) -> None:
    assert QUICK.verify(QUICK.hash(password), other) is (password == other)


@pytest.mark.parametrize(
    ("typed", "other"),
    [
        ("İstanbul", "istanbul"),
        ("é", "e\u0301"),
        ("parola\x00bir", "parola"),
        ("a" * 72 + "bir", "a" * 72 + "iki"),
        ("\ud800", "?"),
        (" parola ", "parola"),
    ],
)
def test_nothing_is_folded_cut_or_trimmed(typed: str, other: str) -> None:
    kept = QUICK.hash(typed)
    assert QUICK.verify(kept, typed)
    assert not QUICK.verify(kept, other)


def test_equal_passwords_have_unequal_hashes() -> None:
    assert QUICK.hash("kedi kapıda") != QUICK.hash("kedi kapıda")


def test_nobodys_password_opens_nothing() -> None:
    assert not any(QUICK.verify(None, password) for password in ("", "None", "kedi kapıda"))


def test_a_hash_that_is_none_is_told_aloud() -> None:
    with pytest.raises(InvalidHashError):
        QUICK.verify("", "kedi kapıda")


def test_a_hash_is_stale_once_the_parameters_grow() -> None:
    kept = QUICK.hash("kedi kapıda")
    assert not QUICK.stale(kept)
    assert Argon2(memory_kib=128, passes=1).stale(kept)
    assert Argon2(memory_kib=64, passes=2).stale(kept)
    assert Argon2(memory_kib=128, passes=2).verify(kept, "kedi kapıda"), "it still opens"


def test_nobodys_password_costs_what_a_real_one_costs() -> None:
    """By CPU time: right, wrong, and nobody's. The bounds are wide, for a busy machine."""
    hasher = Argon2()
    kept = hasher.hash("kedi kapıda bekler")
    right = _cost(lambda: hasher.verify(kept, "kedi kapıda bekler"))
    wrong = _cost(lambda: hasher.verify(kept, "köpek kapıda bekler"))
    nobodys = _cost(lambda: hasher.verify(None, "kedi kapıda bekler"))
    assert 0.5 < nobodys / right < 2
    assert 0.5 < nobodys / wrong < 2


def _cost(act: Callable[[], object], times: int = 5) -> float:
    costs = []
    for _ in range(times):
        begun = time.thread_time()
        act()
        costs.append(time.thread_time() - begun)
    return statistics.median(costs)
