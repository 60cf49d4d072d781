"""What no answer may hold, whoever wrote it; and what a language model may word."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.agents.draft import NoDraft, draft
from core.agents.evidence import Evidence, Sentence
from core.agents.guard import LONGEST, guards, passes
from ports.errors import AuthRejected, ContractBroken, RateLimited, Transient
from tests.core.fakes.laws import law
from tests.core.fakes.vendors import FakeModel
from tests.core.fakes.world import NOW, World


def fact(value: str) -> Evidence:
    return Evidence("e1", "shop", value, value, NOW)


def identity_number(nine: int) -> str:
    """A Turkish identity number with its two check digits."""
    digits = [int(c) for c in str(nine)]
    digits.append((7 * sum(digits[0:9:2]) - sum(digits[1:8:2])) % 10)
    return "".join(map(str, [*digits, sum(digits) % 10]))


def card_number(fifteen: int) -> str:
    """A number of sixteen digits that passes Luhn."""
    digits = [int(c) for c in str(fifteen)]
    doubled = [d * 2 if i % 2 == 0 else d for i, d in enumerate(digits)]
    rest = sum(d - 9 if d > 9 else d for d in doubled) % 10
    return f"{fifteen}{(10 - rest) % 10}"


@law
@given(st.integers(100_000_000, 999_999_999))
def test_an_identity_number_is_never_sent(nine: int) -> None:
    number = identity_number(nine)
    results = guards([Sentence(f"Kimlik no {number}", ("e1",))], [fact(f"kimlik: {number}!")])
    assert "personal data" in [g.name for g in results if not g.ok]


@law
@given(st.integers(10**14, 10**15 - 1), st.sampled_from(["", " ", "-"]))
def test_a_card_number_is_never_sent(fifteen: int, gap: str) -> None:
    number = card_number(fifteen)
    shown = gap.join(number[i : i + 4] for i in range(0, 16, 4))
    results = guards([Sentence(f"Kart {shown}", ("e1",))], [fact("x")])
    assert "personal data" in [g.name for g in results if not g.ok]


@pytest.mark.parametrize(
    "iban",
    [
        "TR330006100519786457841326",
        "TR33 0006 1005 1978 6457 8413 26",
        "tr330006100519786457841326",
    ],
)
def test_an_iban_is_never_sent(iban: str) -> None:
    results = guards([Sentence(f"IBAN: {iban}")], [])
    assert "personal data" in [g.name for g in results if not g.ok]


@pytest.mark.parametrize("number", ["12345678901", "1234567890123456", "10876543210"])
def test_an_ordinary_number_is_not_taken_for_a_private_one(number: str) -> None:
    results = guards([Sentence(f"No {number}", ("e1",))], [fact(number)])
    assert passes(results)


def test_an_order_number_that_looks_private_is_still_an_order_number() -> None:
    number = identity_number(100_000_001)
    assert passes(guards([Sentence(f"Siparişiniz {number}.", ("e1",))], [fact(number)]))


def test_a_vendors_link_may_hold_a_number_that_looks_private() -> None:
    link = f"https://kargo.example/takip?kod={card_number(123_456_789_012_345)}"
    assert passes(guards([Sentence(f"Takip: {link}", ("e1",))], [fact(link)]))


@pytest.mark.parametrize(
    ("text", "ok"),
    [("", False), ("  ", False), ("a" * LONGEST, True), ("a" * (LONGEST + 1), False)],
)
def test_an_answer_says_something_and_not_too_much(text: str, ok: bool) -> None:
    assert passes(guards([Sentence(text)], [])) is ok


def test_a_failing_guard_says_why() -> None:
    [evidence, *_] = guards([Sentence("Kargonuz yolda.")], [])
    assert (evidence.name, evidence.ok) == ("evidence", False)
    assert "yolda" in evidence.detail


# --- drafts ----------------------------------------------------------------------------------


@pytest.fixture
def model() -> FakeModel:
    return FakeModel(World())


def says(model: FakeModel, *sentences: tuple[str, list[str]]) -> None:
    kept = [{"text": text, "evidence": cites} for text, cites in sentences]
    model.says = json.dumps({"sentences": kept})


PLAIN = (Sentence("1087654321 numaralı siparişiniz yolda.", ("e1",)),)


def ask(model: FakeModel) -> tuple[Sentence, ...]:
    return draft(model, "kargom nerede", [fact("1087654321 yolda")], PLAIN, "tr").sentences


def test_a_model_words_what_the_evidence_says(model: FakeModel) -> None:
    says(model, ("Siparişiniz yolda!", ["e1"]), ("İyi günler.", []))
    assert ask(model) == (Sentence("Siparişiniz yolda!", ("e1",)), Sentence("İyi günler."))
    system, user = model.heard[0]
    assert "in Turkish" in system.text
    given_facts: dict[str, Any] = json.loads(user.text)
    assert given_facts["evidence"] == [{"id": "e1", "what": "shop", "value": "1087654321 yolda"}]
    assert given_facts["customer"] == "kargom nerede"


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Tabii! Siparişiniz yolda.",
        "[]",
        "{}",
        '{"sentences": {}}',
        '{"sentences": [1]}',
        '{"sentences": [{"text": "x"}]}',
        '{"sentences": [{"text": 1, "evidence": []}]}',
        '{"sentences": [{"text": "x", "evidence": "e1"}]}',
        '{"sentences": [{"text": "x", "evidence": [1]}]}',
        '{"sentences": []}',
        '{"sentences": [{"text": "  ", "evidence": []}]}',
    ],
)
def test_a_model_that_rambles_gives_no_draft(model: FakeModel, said: str) -> None:
    model.says = said
    with pytest.raises(NoDraft):
        ask(model)


@pytest.mark.parametrize("ended", ["refused", "length"])
def test_a_model_that_refuses_or_breaks_off_gives_no_draft(model: FakeModel, ended: str) -> None:
    says(model, ("Siparişiniz yolda!", ["e1"]))
    model.ended = ended
    with pytest.raises(NoDraft, match=ended):
        ask(model)


@pytest.mark.parametrize(
    "error",
    [
        Transient("busy"),
        RateLimited("slow down", retry_after=3),
        AuthRejected("no money left"),
        ContractBroken("odd"),
    ],
)
def test_a_model_that_cannot_answer_gives_no_draft(model: FakeModel, error: Exception) -> None:
    model.down = error
    with pytest.raises(NoDraft, match=str(error)):
        ask(model)
