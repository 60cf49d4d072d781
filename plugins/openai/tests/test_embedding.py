"""Vectors, through the real library."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.openai.mapping import BYTES_A_REQUEST, TEXTS_A_REQUEST, batches
from plugins.openai.tests.answers import JSON, Replay, embedder, fixture
from ports.errors import ContractBroken, Rejected
from ports.http import Response
from ports.sandbox import SandboxTransport


def answer(*items: object) -> Response:
    return Response(200, JSON, json.dumps({"data": items}).encode())


def one(embedding: object) -> Response:
    return answer({"index": 0, "embedding": embedding})


def test_base64_is_read():
    vectors = embedder(Replay(fixture("embeddings.base64")), dimensions=3).embed(["a"])
    assert vectors == [pytest.approx((0.6, 0.8, 0.0))]


def test_floats_are_read_and_put_in_the_order_of_the_texts():
    server = Replay(fixture("embeddings.floats__out_of_order"))
    vectors = embedder(server, embedding_model="bge-m3", dimensions=2).embed(["a", "b"])
    assert vectors == [pytest.approx((0.6, 0.8)), pytest.approx((0.0, 1.0))]


def test_a_server_that_ignores_base64_gives_the_same_vectors(openai):
    vectors = embedder(SandboxTransport(openai))
    before = vectors.embed(["kargom nerede"])
    openai.control("mode", name="floats")
    assert vectors.embed(["kargom nerede"]) == [pytest.approx(before[0], abs=1e-6)]


def test_openais_third_generation_shortens_by_itself(openai):
    vectors = embedder(SandboxTransport(openai), dimensions=64)
    assert [len(v) for v in vectors.embed(["a"])] == [64]
    assert openai.control("asked")[0]["dimensions"] == 64


@pytest.mark.parametrize(("changes", "dimensions"), [
    ({"dimensions": None}, 1536),
    ({"dimensions": None, "embedding_model": "text-embedding-3-large"}, 3072),
    ({"dimensions": 100, "embedding_model": "text-embedding-ada-002"}, 100),
])  # fmt: skip
def test_where_nothing_is_asked_the_model_decides_and_others_are_cut_here(
    openai, changes, dimensions
):
    vectors = embedder(SandboxTransport(openai), **changes)
    [vector] = vectors.embed(["iade etmek istiyorum"])
    assert len(vector) == vectors.dimensions == dimensions
    assert math.hypot(*vector) == pytest.approx(1.0)
    assert "dimensions" not in openai.control("asked")[0]


@pytest.mark.parametrize(("changes", "field"), [
    ({"embedding_model": None}, "embedding_model"),
    ({"embedding_model": "bge-m3", "dimensions": None}, "dimensions"),
    ({"dimensions": -1}, "dimensions"),
])  # fmt: skip
def test_vectors_of_unknown_length_are_refused_before_any_is_paid_for(openai, changes, field):
    with pytest.raises(Rejected) as caught:
        embedder(SandboxTransport(openai), **changes)
    assert caught.value.field == field


@pytest.mark.parametrize("server", [
    one([1.0, 0.0]),
    one([0, 0, 0]),
    one(["1", "0", "0"]),
    one([1e999, 0, 0]),
    one("AAAA"),
    one("AACAfwAAgH8AAIB/"),
    one("not base64!"),
    one(None),
    answer(),
    answer({"index": 1, "embedding": [1, 0, 0]}),
    answer({"index": 0, "embedding": [1, 0, 0]}, {"index": 0, "embedding": [1, 0, 0]}),
    answer({"embedding": [1, 0, 0]}),
    answer(None),
    Response(200, JSON, b'{"data":null}'),
    Response(200, {"content-type": "text/html"}, b"<html>oops</html>"),
])  # fmt: skip
def test_what_is_not_one_vector_a_text_is_a_broken_contract(server):
    with pytest.raises(ContractBroken):
        embedder(Replay(server), dimensions=3).embed(["a"])


def test_many_texts_are_asked_for_in_several_requests(openai):
    texts = [str(i) for i in range(TEXTS_A_REQUEST + 1)]
    vectors = embedder(SandboxTransport(openai), dimensions=4).embed(texts)
    assert [len(body["input"]) for body in openai.control("asked")] == [TEXTS_A_REQUEST, 1]
    assert len(vectors) == len(texts)


@given(st.lists(st.text(max_size=4) | st.integers(1, 90_000).map(lambda n: "ş" * n), max_size=8))
def test_batches_keep_the_order_lose_nothing_and_stay_below_the_limits(texts):
    cut = list(batches(texts))
    assert [t for batch in cut for t in batch] == [
        t.encode("utf-8", "replace").decode() or " " for t in texts
    ]
    for batch in cut:
        assert 0 < len(batch) <= TEXTS_A_REQUEST
        assert len(batch) == 1 or sum(len(t.encode()) for t in batch) <= BYTES_A_REQUEST


def test_alike_texts_lie_nearer_than_others_in_the_sandbox(openai):
    a, b, c = embedder(SandboxTransport(openai)).embed(
        ["kargom nerede kaldı", "kargom nerede", "taksit seçenekleri var mı"]
    )
    assert math.dist(a, b) < math.dist(a, c)
