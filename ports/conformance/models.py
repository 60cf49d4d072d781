"""The promises of the language families: LanguageModel, Embedder, Understanding."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ports.conformance.base import LAWS, build
from ports.conformance.faults import FamilyContract, ReadsContract
from ports.conformance.strategies import TURKISH
from ports.errors import AuthRejected
from ports.families.embedding import Embedder
from ports.families.llm import Completion, LanguageModel, Turn
from ports.families.understanding import Understanding
from ports.http import Request, Response, Transport
from ports.manifest import Context, Manifest

TURNS = (
    Turn("system", "Bir mağazanın yardımcısısın. Kısa yaz."),
    Turn("user", "Kargom nerede? Siparişim İstanbul'a üç gündür gelmedi."),
)
ANSWER_SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}


class LanguageModelContract(ReadsContract):
    """Wanted: `refused_question` and `spend_quota`.

    A completion has no effect but its price, so a lost one may be asked for again: its requests
    are marked `reads=True`.
    """

    family = "llm"

    @pytest.fixture
    def llm(self, port: Any) -> LanguageModel:
        built: LanguageModel = port
        return built

    @pytest.fixture
    def ask(self) -> Callable[[Any], object]:
        return lambda llm: llm.complete(TURNS)

    def test_a_completion_says_who_answered_and_what_it_used(self, llm: LanguageModel) -> None:
        completion = llm.complete(TURNS)
        assert isinstance(completion, Completion)
        assert completion.text
        assert completion.model
        assert completion.ended == "stop"
        assert completion.usage.input_tokens > 0
        assert completion.usage.output_tokens > 0

    def test_at_most_so_many_tokens_are_written(self, llm: LanguageModel) -> None:
        completion = llm.complete(TURNS, limit=3)
        assert completion.usage.output_tokens <= 3
        assert completion.ended in ("stop", "length")

    def test_a_schema_may_be_asked_for(self, llm: LanguageModel) -> None:
        assert llm.complete(TURNS, schema=ANSWER_SCHEMA).text

    def test_a_refusal_is_a_value(
        self, llm: LanguageModel, refused_question: Sequence[Turn]
    ) -> None:
        assert llm.complete(refused_question).ended == "refused"

    def test_a_spent_quota_is_auth_rejected(
        self, llm: LanguageModel, spend_quota: Callable[[], None]
    ) -> None:
        """A person must act: waiting does not fill a purse."""
        spend_quota()
        with pytest.raises(AuthRejected):
            llm.complete(TURNS)


class Counting:
    """A Transport that counts what passes."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.requests = 0

    def send(self, request: Request) -> Response:
        self.requests += 1
        return self.inner.send(request)


class EmbedderContract(ReadsContract):
    """Nothing more is wanted. Without a sandbox the embedder must be one that calls nobody."""

    family = "embedding"

    @pytest.fixture
    def embedder(self, port: Any) -> Embedder:
        built: Embedder = port
        return built

    @pytest.fixture
    def ask(self) -> Callable[[Any], object]:
        return lambda embedder: embedder.embed(["kırmızı elbise"])

    @given(texts=st.lists(TURKISH, min_size=1, max_size=5))
    @LAWS
    def test_as_many_unit_vectors_as_texts(self, embedder: Embedder, texts: list[str]) -> None:
        """Also for empty texts: whoever asked for five gets five."""
        vectors = embedder.embed(texts)
        assert len(vectors) == len(texts)
        for vector in vectors:
            assert len(vector) == embedder.dimensions
            assert math.hypot(*vector) == pytest.approx(1.0, abs=1e-3), "vectors have length one"

    def test_vectors_come_in_the_order_of_the_texts(self, embedder: Embedder) -> None:
        texts = ["taksit var mı", "iade etmek istiyorum", "kargom nerede"]
        together = embedder.embed(texts)
        for text, vector in zip(texts, together, strict=True):
            assert list(embedder.embed([text])[0]) == pytest.approx(list(vector), abs=1e-4)
        assert list(together[0]) != pytest.approx(list(together[1]), abs=1e-4)

    def test_the_empty_list_costs_nothing(self, manifest: Manifest, context: Context) -> None:
        counting = Counting(context.transport)
        embedder = build(
            manifest, self.family, Context(context.settings, counting, context.clock, context.cache)
        )
        assert list(embedder.embed([])) == []
        assert counting.requests == 0


class UnderstandingContract(FamilyContract):
    """Nothing more is wanted: reading never fails, so there are no faults to try."""

    family = "understanding"

    @pytest.fixture
    def understanding(self, port: Any) -> Understanding:
        built: Understanding = port
        return built

    @given(text=st.text(max_size=300) | TURKISH)
    @LAWS
    def test_any_text_is_read_and_reads_the_same(
        self, understanding: Understanding, text: str
    ) -> None:
        reading = understanding.read(text)
        assert reading == understanding.read(text), "the same text reads the same"
        assert reading.language in ("tr", "en", "und")
        assert reading.model
        confidences = [guess.confidence for guess in reading.guesses]
        assert len(confidences) >= 3, "at least three guesses"
        assert confidences == sorted(confidences, reverse=True), "most likely first"
        assert all(0.0 <= c <= 1.0 for c in confidences)
        intents = [guess.intent for guess in reading.guesses]
        assert len(set(intents)) == len(intents), "an intent is guessed once"

    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("Merhaba, siparişim ne zaman gelir acaba?", "tr"),
            ("Hello, when will my order arrive please?", "en"),
            ("12345", "und"),
            ("", "und"),
        ],
    )
    def test_the_language_is_told_or_left_open(
        self, understanding: Understanding, text: str, language: str
    ) -> None:
        assert understanding.read(text).language == language

    def test_a_tenants_own_intents_stand_beside_the_others_for_this_call(
        self, understanding: Understanding
    ) -> None:
        examples = {
            "coffee_reading": [
                "kahve falı bakar mısınız",
                "fal baktırmak istiyorum",
                "kahve falıma bakın",
            ]
        }
        text = "kahve falı baktırmak istiyorum"
        before = understanding.read(text)
        guesses = understanding.read(text, examples).guesses
        assert "coffee_reading" in {g.intent for g in guesses}
        assert len({g.intent for g in guesses} - {"coffee_reading"}) >= 1, "the taxonomy stays"
        assert understanding.read(text) == before, "examples are forgotten after the call"
