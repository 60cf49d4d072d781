"""Wild data fails with the name of the field, whatever a stranger sends."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ports.conformance.base import LAWS, attempt
from ports.conformance.strategies import JSON
from ports.errors import ContractBroken
from ports.wild import Wild

READINGS: tuple[Callable[[Wild], Any], ...] = (
    lambda w: w["a"]["b"].text(),
    lambda w: list(w.each()),
    lambda w: list(w.each_or_none()),
    lambda w: w.keys(),
    Wild.text,
    lambda w: w.text_or(None),
    Wild.digits,
    lambda w: w.digits_or(None),
    Wild.integer,
    Wild.decimal,
    Wild.boolean,
    Wild.epoch_seconds,
    Wild.epoch_millis,
)


@given(JSON, st.sampled_from(READINGS))
@LAWS
def test_every_reading_answers_or_breaks_the_contract(
    value: Any, reading: Callable[[Wild], Any]
) -> None:
    said = attempt(lambda: reading(Wild(value)), ContractBroken)
    if isinstance(said, ContractBroken):
        assert str(said).startswith("$")


@given(st.binary(max_size=60) | JSON.map(lambda v: json.dumps(v).encode()))
@LAWS
def test_any_bytes_are_parsed_or_break_the_contract(body: bytes) -> None:
    said = attempt(lambda: Wild.parse(body).raw, ContractBroken)
    assert "not JSON" in str(said) if isinstance(said, ContractBroken) else floatless(said)


def floatless(value: Any) -> bool:
    inside = value.values() if isinstance(value, dict) else value
    deep = all(map(floatless, inside)) if isinstance(value, dict | list) else True
    return deep and not isinstance(value, float)


@pytest.mark.parametrize("text", [b"NaN", b"[Infinity]", b"[" * 100_000, b"\xff", b"", b"{'a': 1}"])
def test_what_only_resembles_json_is_refused(text: bytes) -> None:
    with pytest.raises(ContractBroken, match="not JSON"):
        Wild.parse(text)


def test_the_error_says_where() -> None:
    scans = Wild.parse('{"scans": [{"state": "x"}, {"state": 7}, {}]}')["scans"]
    _, second, third = scans.each()
    with pytest.raises(ContractBroken, match=r"^\$\.scans\[1\]\.state is not text$"):
        second["state"].text()
    with pytest.raises(ContractBroken, match=r"^\$\.scans\[2\]\.state is missing$"):
        third["state"].text()


def test_null_and_absent_are_both_not_present_and_take_the_default() -> None:
    said = Wild.parse('{"here": null, "empty": ""}')
    assert not said["here"].present
    assert not said["gone"].present
    assert [said[name].text_or("–") for name in ("here", "gone", "empty")] == ["–"] * 3
    assert list(said["gone"].each_or_none()) == []
    assert said["gone"].raw is None


@given(st.integers())
@LAWS
def test_an_identifier_reads_the_same_as_number_and_as_text(number: int) -> None:
    assert Wild(number).digits() == Wild(str(number)).digits() == str(number)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0, max_value=10**9))
@LAWS
def test_a_fraction_is_read_exactly(amount: Decimal) -> None:
    assert Wild.parse(f"{amount:f}").decimal() == amount


@pytest.mark.parametrize("value", [True, False])
def test_true_is_not_one(value: bool) -> None:
    for reading in (Wild.integer, Wild.digits, Wild.decimal):
        with pytest.raises(ContractBroken):
            reading(Wild(value))


def test_moments_are_aware_and_in_utc() -> None:
    moment = datetime(2026, 10, 26, 8, 0, tzinfo=UTC)
    assert Wild(1793001600).epoch_seconds() == moment
    assert Wild("1793001600000").epoch_millis() == moment
    with pytest.raises(ContractBroken, match="not a moment"):
        Wild("9" * 30).epoch_seconds()
