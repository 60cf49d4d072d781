"""One dataclass gives validation, schema and secrecy."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ports.conformance.base import LAWS, attempt
from ports.conformance.strategies import JSON
from ports.settings import (
    MASK,
    Secret,
    SettingsInvalid,
    example,
    masked,
    parse_settings,
    plain,
    schema,
    setting,
)


@dataclass(frozen=True, slots=True)
class Settings:
    code: str = setting("The code.", tr="Kod.", example="TR-1", pattern=r"TR-\d+")
    api_key: Secret = setting("The key.", tr="Anahtar.")
    mode: str = setting("Which.", tr="Hangisi.", choices=("live", "test"), default="live")
    days: int = setting("How many.", tr="Kaç.", default=7, example="3")
    loud: bool | None = setting("Loud?", tr="Yüksek mi?", default=None)
    pin: Secret | None = setting("Old key.", tr="Eski anahtar.", max_length=4, default=None)


GOOD = {"code": "TR-42", "api_key": "gizli-şifre"}


def test_what_is_left_out_takes_its_default() -> None:
    parsed = parse_settings(Settings, GOOD)
    assert parsed == Settings("TR-42", Secret("gizli-şifre"), "live", 7, None, None)


def test_every_problem_is_named_at_once() -> None:
    given_ = {"code": "TR-x", "mode": "maybe", "days": True, "pin": "12345", "extra": 1}
    with pytest.raises(SettingsInvalid) as caught:
        parse_settings(Settings, given_)
    assert set(caught.value.problems) == {"code", "api_key", "mode", "days", "pin", "extra"}
    assert "TR-1" in caught.value.problems["code"], "the example helps"


@given(st.dictionaries(st.sampled_from([*schema(Settings)["properties"], "x"]), JSON))
@LAWS
def test_any_answer_is_parsed_or_its_problems_are_named(answers: dict[str, object]) -> None:
    said = attempt(lambda: parse_settings(Settings, answers), SettingsInvalid)
    if isinstance(said, SettingsInvalid):
        assert said.problems
        assert set(said.problems) <= {*answers, "code", "api_key"}
    else:
        assert isinstance(said, Settings)


@given(st.from_regex(r"TR-[0-9]{1,6}", fullmatch=True), st.text("abcğş", min_size=1))
@LAWS
def test_what_is_sealed_opens_to_the_same_settings(code: str, key: str) -> None:
    parsed = parse_settings(Settings, {"code": code, "api_key": key})
    assert parse_settings(Settings, json.loads(json.dumps(plain(parsed)))) == parsed


def test_the_mask_keeps_what_is_stored_and_nothing_else() -> None:
    stored = parse_settings(Settings, GOOD)
    assert masked(stored)["api_key"] == MASK
    assert parse_settings(Settings, {**GOOD, "api_key": MASK}, stored) == stored
    with pytest.raises(SettingsInvalid, match="no stored value"):
        parse_settings(Settings, {**GOOD, "api_key": MASK})


@pytest.mark.parametrize("text", ["a\nb", "tab\t", "\x00", "zero\u200bwidth"])
def test_characters_that_do_not_print_are_refused(text: str) -> None:
    with pytest.raises(SettingsInvalid, match="printed"):
        parse_settings(Settings, {**GOOD, "api_key": text})


@given(st.text("abcdefğüşiöç0123", min_size=6))
@LAWS
def test_a_secret_does_not_show(value: str) -> None:
    secret = Secret(value)
    assert value not in f"{secret} {secret!r} {[secret]} {parse_settings(Settings, GOOD)}"
    assert secret == Secret(value)
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)


def test_the_schema_says_what_a_form_needs() -> None:
    said = schema(Settings)
    assert said["required"] == ["code", "api_key"]
    assert said["additionalProperties"] is False
    assert said["properties"]["api_key"]["writeOnly"] is True
    assert said["properties"]["code"]["x-help-tr"] == "Kod."
    assert said["properties"]["mode"]["enum"] == ["live", "test"]
    assert said["properties"]["days"] == {
        "type": "integer", "title": "Days", "description": "How many.", "x-help-tr": "Kaç.",
        "example": "3", "default": 7,
    }  # fmt: skip


def test_the_example_is_made_of_examples_defaults_and_sandbox_words() -> None:
    assert plain(example(Settings)) == {
        "code": "TR-1", "api_key": "sandbox-api-key", "mode": "live", "days": 3,
        "loud": None, "pin": None,
    }  # fmt: skip


def test_a_field_that_is_no_setting_is_refused() -> None:
    @dataclass
    class Odd:
        ratio: float = setting("x", tr="x")

    with pytest.raises(TypeError, match="ratio"):
        schema(Odd)
