"""Hostile bodies are refused in words, and what passes is understood alike by every layer."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoints.http.guard import DEPTH, check_json
from entrypoints.http.problems import Malformed
from tests.api.asking import is_problem
from tests.api.client import Client
from tests.api.house import Tenant

NOTE = b'{"text": %s}'
JSON = {"Content-Type": "application/json"}

HOSTILE: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "nothing": (400, b"", JSON),
    "white space": (400, b"   ", JSON),
    "null": (400, b"null", JSON),
    "an array": (400, b"[]", JSON),
    "half an object": (400, b'{"text": "a', JSON),
    "two values": (400, b'{"text": "a"} {}', JSON),
    "single quotes": (400, b"{'text': 'a'}", JSON),
    "a trailing comma": (400, b'{"text": "a",}', JSON),
    "invalid UTF-8": (400, NOTE % b'"\xff\xfe"', JSON),
    "an overlong encoding": (400, NOTE % b'"\xc0\x80"', JSON),
    "a raw surrogate": (400, NOTE % b'"\xed\xa0\x80"', JSON),
    "UTF-16": (400, '{"text": "a"}'.encode("utf-16"), JSON),
    "a byte order mark": (400, b"\xef\xbb\xbf" + NOTE % b'"a"', JSON),
    "NUL escaped": (400, NOTE % rb'"\u0000"', JSON),
    "NUL raw": (400, NOTE % b'"\x00"', JSON),
    "NUL in a name": (400, rb'{"te\u0000xt": "a"}', JSON),
    "half a pair": (400, NOTE % rb'"\ud800"', JSON),
    "the other half": (400, NOTE % rb'"\udc00 b"', JSON),
    "NaN": (400, NOTE % b"NaN", JSON),
    "Infinity": (400, NOTE % b"-Infinity", JSON),
    "a float beyond floats": (400, NOTE % b"1e999", JSON),
    "a number of 5000 digits": (400, NOTE % (b"9" * 5000), JSON),
    "a name twice": (400, b'{"text": "a", "text": "b"}', JSON),
    "65 levels": (400, NOTE % (b"[" * 65 + b"1" + b"]" * 65), JSON),
    "100 000 levels": (400, b"[" * 100_000 + b"]" * 100_000, JSON),
    "100 000 objects": (400, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, JSON),
    "another type": (400, NOTE % b"5", JSON),
    "one more field": (400, b'{"text": "a", "admin": true}', JSON),
    "too long a text": (400, NOTE % (b'"' + b"a" * 10_001 + b'"'), JSON),
    "20 megabytes": (413, b"a" * (20 * 1024 * 1024), JSON),
    "a form": (415, b"text=a", {"Content-Type": "application/x-www-form-urlencoded"}),
    "a multipart form": (415, b"--x--", {"Content-Type": "multipart/form-data; boundary=x"}),
    "a form without boundary": (415, b"--x--", {"Content-Type": "multipart/form-data"}),
    "XML": (415, b"<text>a</text>", {"Content-Type": "text/xml"}),
    "another charset": (415, NOTE % b'"a"', {"Content-Type": "application/json; charset=utf-16"}),
    "no such charset": (415, NOTE % b'"a"', {"Content-Type": "application/json; charset=klingon"}),
    "a nonsense type": (415, NOTE % b'"a"', {"Content-Type": ";;;"}),
    "a type like JSON": (415, NOTE % b'"a"', {"Content-Type": "application/vnd.x+json"}),
    "no type": (400, b"text=a", {}),
    "an empty type": (415, b"text=a", {"Content-Type": ""}),
    "a length that is no number": (400, b"", {**JSON, "Content-Length": "many"}),
    "a length in other digits": (400, b"", {**JSON, "Content-Length": "\u00b2"}),
    "a negative length": (400, b"", {**JSON, "Content-Length": "-1"}),
    "a length beyond reason": (413, b"", {**JSON, "Content-Length": "9" * 40}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_refused_in_words(ask: Client, hostile_shop: Tenant, name: str) -> None:
    status, body, headers = HOSTILE[name]
    path = f"/api/v1/inbox/conversations/{hostile_shop.things['conversation']}/notes"
    sent = {k: v.encode("latin-1") for k, v in headers.items()}
    answer = ask("POST", path, key=hostile_shop.key, content=body, headers=sent)
    is_problem(answer, status)


@pytest.mark.parametrize(
    "path",
    [
        "/inbox/conversations?label=%00",
        "/inbox/conversations?cursor=%00",
        "/inbox/conversations?cursor=zzz",
        "/inbox/conversations?limit=101",
        "/inbox/conversations?limit=" + "9" * 5000,
        "/inbox/conversations?limit=1.5",
        "/inbox/conversations?state=OPEN",
        "/inbox/conversations?contact_id=1",
        "/inbox/conversations?unknown=1",
        "/inbox/conversations/..%2f..",
        "/journal/webhooks?since=yesterday",
        "/journal/webhooks?since=0001-01-01T00:00:00%2B14:00",
        "/journal/webhooks?since=2026-02-30T00:00:00Z",
        "/orders/latest",
        "/orders/latest?customer_id=%7B00000000-0000-7000-8000-000000000001%7D",
        "/contacts/%00",
        "/contacts?query=" + "a" * 101,
        "/integrations/PARROT",
    ],
)
def test_a_hostile_address_is_refused_in_words(
    ask: Client, hostile_shop: Tenant, path: str
) -> None:
    answer = ask("GET", "/api/v1" + path, key=hostile_shop.key)
    assert 400 <= answer.status_code < 500
    is_problem(answer, answer.status_code)


def test_a_path_with_a_slash_behind_is_nowhere(ask: Client, hostile_shop: Tenant) -> None:
    is_problem(ask("GET", "/api/v1/contacts/", key=hostile_shop.key), 404)


def test_a_chunked_body_is_a_body(ask: Client, hostile_shop: Tenant) -> None:
    async def parts() -> Any:
        yield b'{"te'
        yield b'xt": "in parts"}'

    path = f"/api/v1/inbox/conversations/{hostile_shop.things['conversation']}/notes"
    answer = ask("POST", path, key=hostile_shop.key, content=parts(), headers=JSON)
    assert answer.status_code == 201
    assert answer.json()["text"] == "in parts"


def test_sixty_four_levels_pass_and_one_more_does_not() -> None:
    check_json(b"[" * DEPTH + b"1" + b"]" * DEPTH)
    with pytest.raises(Malformed, match="deeper"):
        check_json(b"[" * (DEPTH + 1) + b"1" + b"]" * (DEPTH + 1))


def test_brackets_in_a_text_are_no_levels() -> None:
    check_json(json.dumps({"text": "[" * 5000}).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_refused(body: bytes) -> None:
    try:
        check_json(body)
    except Malformed:
        return
    json.loads(body)


JSONISH = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSONISH)
def test_what_passes_can_be_stored(value: Any) -> None:
    """Either refused, or without anything that a database would refuse."""
    try:
        check_json(json.dumps(value).encode())
    except Malformed:
        assert "\\u0000" in json.dumps(value) or _unstorable(value)
        return
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    assert "\\u0000" not in json.dumps(value)


def _unstorable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return isinstance(value, float) and not math.isfinite(value)
