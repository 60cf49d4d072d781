"""Writing, through the real library."""

from __future__ import annotations

import json

import pytest

from plugins.openai.tests.answers import JSON, Replay, fixture, llm
from ports.errors import AuthRejected, ContractBroken, RateLimited, Rejected, Transient
from ports.families.llm import Completion, Turn, Usage
from ports.http import Response
from ports.sandbox import Fault, SandboxTransport

TURNS = [Turn("system", "Kısa yaz."), Turn("user", "Kargom nerede?")]
CLOSED = {
    "type": "object",
    "properties": {
        "intent": {"type": "string", "enum": ["track", "other"]},
        "order": {"type": ["string", "null"]},
        "sure": {"type": "boolean"},
        "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}, "minItems": 1},
    },
    "required": ["intent", "order", "sure", "steps"],
    "additionalProperties": False,
    "$defs": {
        "step": {
            "type": "object",
            "properties": {"words": {"type": "string"}},
            "required": ["words"],
            "additionalProperties": False,
        }
    },
}


def complete(answer: Response) -> Completion:
    return llm(Replay(answer)).complete(TURNS)


# --- what is asked -------------------------------------------------------------------------


def test_the_conversation_goes_out_as_it_is(openai):
    llm(SandboxTransport(openai)).complete([*TURNS, Turn("assistant", "Yolda."), TURNS[1]])
    [body] = openai.control("asked")
    assert body == {
        "model": "gpt-5-mini",
        "max_completion_tokens": 800,
        "messages": [
            {"role": "system", "content": "Kısa yaz."},
            {"role": "user", "content": "Kargom nerede?"},
            {"role": "assistant", "content": "Yolda."},
            {"role": "user", "content": "Kargom nerede?"},
        ],
    }


def test_an_older_server_is_told_the_limit_by_its_old_name(openai):
    llm(SandboxTransport(openai), limit_parameter="max_tokens").complete(TURNS, limit=50)
    [body] = openai.control("asked")
    assert body["max_tokens"] == 50
    assert "max_completion_tokens" not in body


def test_a_closed_schema_is_asked_for_strictly(openai):
    llm(SandboxTransport(openai)).complete(TURNS, schema=CLOSED)
    [body] = openai.control("asked")
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": CLOSED, "strict": True},
    }


@pytest.mark.parametrize("schema", [
    {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {}}, "required": [], "additionalProperties": False},
    CLOSED | {"properties": CLOSED["properties"] | {"more": {"type": ["object", "null"]}}},
])  # fmt: skip
def test_an_open_schema_is_asked_for_without_strictness_which_would_be_refused(openai, schema):
    llm(SandboxTransport(openai)).complete(TURNS, schema=schema)
    [body] = openai.control("asked")
    assert body["response_format"]["json_schema"]["strict"] is False


def test_half_a_letter_does_not_stop_a_conversation(openai):
    llm(SandboxTransport(openai)).complete([Turn("user", "tamam \ud83d")])
    [body] = openai.control("asked")
    assert body["messages"][0]["content"] == "tamam ?"


# --- what is answered ----------------------------------------------------------------------


@pytest.mark.parametrize(("name", "text", "ended"), [
    ("completion.stop", "Kargonuz yolda, yarın teslim edilecek.", "stop"),
    ("completion.length", "Kargonuz yolda, ya", "length"),
    ("completion.length__only_reasoning", "", "length"),
    ("completion.refusal", "Bu konuda yardımcı olamam.", "refused"),
    ("completion.content_filter", "", "refused"),
])  # fmt: skip
def test_an_answer_says_how_it_ended(name, text, ended):
    usage = Usage(input_tokens=41, output_tokens=12)
    assert complete(fixture(name)) == Completion(text, "gpt-5-mini-2026-02-01", usage, ended)


def test_a_compatible_server_may_have_words_of_its_own_and_no_name():
    answer = complete(fixture("completion.compatible_server"))
    assert (answer.text, answer.model, answer.ended) == ("Merhaba!", "gpt-5-mini", "stop")


@pytest.mark.parametrize("body", [
    b"<html>oops</html>",
    b"",
    b"[]",
    b"null",
    b'"text"',
    b"{}",
    b'{"choices":null}',
    b'{"choices":[]}',
    b'{"choices":[null]}',
    b'{"choices":[{"finish_reason":"stop","message":{"content":null}}]}',
    b'{"choices":[{"finish_reason":"tool_calls","message":{"content":null,"tool_calls":[]}}]}',
    b'{"choices":[{"finish_reason":"stop","message":{"content":"x"}}]}',
    b'{"choices":[{"finish_reason":"stop","message":{"content":"x"}}],"usage":{"prompt_tokens":"1"}}',
])  # fmt: skip
@pytest.mark.parametrize("content_type", ["application/json", "text/html"])
def test_an_answer_that_is_none_is_a_broken_contract(body, content_type):
    with pytest.raises(ContractBroken):
        complete(Response(200, {"content-type": content_type}, body))


@pytest.mark.parametrize(("mode", "ended"), [
    ("truncated", "length"), ("refusal", "refused"), ("content_filter", "refused"),
])  # fmt: skip
def test_the_sandbox_ends_answers_in_every_way(openai, mode, ended):
    openai.control("mode", name=mode)
    model = llm(SandboxTransport(openai))
    assert model.complete(TURNS).ended == ended
    assert model.complete(TURNS).ended == "stop", "a mode is used up"


# --- what goes wrong -----------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "error", "field", "code"), [
    ("context_too_long", Rejected, "turns", "context_length_exceeded"),
    ("bad_key", AuthRejected, "api_key", "invalid_api_key"),
    ("forbidden", AuthRejected, "api_key", "unsupported_country_region_territory"),
    ("unknown_model", Rejected, "model", "model_not_found"),
    ("quota", AuthRejected, None, "insufficient_quota"),
])  # fmt: skip
def test_a_refusal_names_the_culprit(openai, mode, error, field, code):
    openai.control("mode", name=mode)
    with pytest.raises(error) as caught:
        llm(SandboxTransport(openai)).complete(TURNS)
    assert type(caught.value) is error
    assert (caught.value.field, caught.value.vendor_code) == (field, code)


@pytest.mark.parametrize("mode", ["server_error", "overloaded", "bad_gateway"])
def test_a_server_that_fails_may_be_asked_again_because_nothing_happened(openai, mode):
    openai.control("mode", name=mode)
    with pytest.raises(Transient):
        llm(SandboxTransport(openai)).complete(TURNS)


def test_a_page_instead_of_json_is_a_broken_contract(openai):
    openai.control("mode", name="html")
    with pytest.raises(ContractBroken):
        llm(SandboxTransport(openai)).complete(TURNS)


def test_no_choices_are_a_broken_contract(openai):
    openai.control("mode", name="no_choices")
    with pytest.raises(ContractBroken):
        llm(SandboxTransport(openai)).complete(TURNS)


@pytest.mark.parametrize(("status", "error"), [
    (302, Rejected), (400, Rejected), (402, AuthRejected), (404, Rejected), (408, Transient),
    (409, Transient), (422, Rejected), (429, RateLimited), (500, Transient), (529, Transient),
])  # fmt: skip
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error":"text"}', b'{"error":{}}', b"[1]"])
def test_a_status_has_its_meaning_whatever_the_body_says(status, error, body):
    with pytest.raises(error) as caught:
        complete(Response(status, JSON, body))
    assert type(caught.value) is error


@pytest.mark.parametrize("mode", ["rate_limited", "quota", "server_error", "bad_gateway"])
def test_the_library_never_asks_twice_by_itself(mode, openai):
    openai.control("mode", name=mode, times=2)
    model = llm(SandboxTransport(openai))
    for _ in range(2):
        with pytest.raises((RateLimited, AuthRejected, Transient)):
            model.complete(TURNS)
    assert model.complete(TURNS).ended == "stop", "each failure was met by one call"


@pytest.mark.parametrize(("headers", "seconds"), [
    ({}, 20.0),
    ({"retry_after": "7"}, 7.0),
    ({"retry_after": "0.5"}, 0.5),
    ({"retry_after": "300"}, 300.0),
    ({"retry_after_ms": "1500", "retry_after": "2"}, 1.5),
    ({"retry_after": "Mon, 02 Mar 2026 09:01:30 GMT"}, 90.0),
    ({"retry_after": "Mon, 02 Mar 2026 08:00:00 GMT"}, 20.0),
    ({"retry_after": "soon"}, 20.0),
    ({"retry_after": "nonsense GMT"}, 20.0),
    ({"retry_after": "-3"}, 20.0),
    ({"retry_after": "inf"}, 20.0),
])  # fmt: skip
def test_a_rate_limit_says_how_long_to_wait(headers, seconds):
    answer = fixture("error.model_not_found", 429, **headers)
    with pytest.raises(RateLimited) as caught:
        complete(answer)
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(("name", "status", "error", "field"), [
    ("error.insufficient_quota", 429, AuthRejected, None),
    ("error.model_not_found", 404, Rejected, "model"),
    ("error.context_length_exceeded", 400, Rejected, "turns"),
])  # fmt: skip
def test_documented_errors_are_understood(name, status, error, field):
    with pytest.raises(error) as caught:
        complete(fixture(name, status))
    assert caught.value.field == field
    assert str(caught.value).endswith(json.loads(fixture(name).body)["error"]["message"])


def test_a_server_that_repeats_the_key_does_not_make_us_repeat_it():
    body = b'{"error":{"message":"Wrong key: sandbox-api-key","code":"invalid_api_key"}}'
    with pytest.raises(AuthRejected) as caught:
        complete(Response(401, JSON, body))
    assert str(caught.value) == "Wrong key: ***"


def test_what_the_house_says_passes_through_the_library_unchanged(openai):
    openai.faults.add(Fault.REFUSED_CONNECTION)
    with pytest.raises(Transient, match="connection refused"):
        llm(SandboxTransport(openai)).complete(TURNS)


# --- the sandbox's words -------------------------------------------------------------------


def test_ordered_answers_come_in_turn_before_scripts(openai):
    openai.control("script", contains="KARGO", text={"intent": "track"})
    openai.control("answer", text="Bir.")
    openai.control("answer", text="İki.")
    model = llm(SandboxTransport(openai))
    said = [model.complete(TURNS).text for _ in range(4)]
    assert said == ["Bir.", "İki.", '{"intent": "track"}', '{"intent": "track"}']


def test_a_newer_script_wins_and_others_hear_nothing_of_it(openai):
    openai.control("script", contains="nerede", text="eski")
    openai.control("script", contains="kargom", text="yeni")
    model = llm(SandboxTransport(openai))
    assert model.complete(TURNS).text == "yeni"
    assert model.complete([Turn("user", "Merhaba")]).text == "Sandbox: Merhaba"


def test_unscripted_json_has_the_schemas_shape(openai):
    text = llm(SandboxTransport(openai)).complete(TURNS, schema=CLOSED).text
    assert json.loads(text) == {
        "intent": "track", "order": "Kargom nerede?", "sure": False,
        "steps": [{"words": "Kargom nerede?"}],
    }  # fmt: skip


def test_an_answer_off_the_schema_reaches_the_caller_who_checks(openai):
    openai.control("mode", name="off_schema")
    text = llm(SandboxTransport(openai)).complete(TURNS, schema=CLOSED).text
    assert json.loads(text) == {"unexpected": True}


def test_a_mode_that_is_none_is_named(openai):
    with pytest.raises(ValueError, match="sulking"):
        openai.control("mode", name="sulking")
