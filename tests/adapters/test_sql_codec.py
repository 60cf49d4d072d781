"""Values survive the way into JSON and back, and rows survive what customers write."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from adapters.sql.codec import clean, from_json, to_json
from adapters.sql.mapper import Mapper
from adapters.sql.tables import contacts
from core.commerce.orders import StoredOrder
from core.conversations.conversation import Handover
from ports.families.carrier import Parcel
from ports.families.marketplace import Claim, Order, Question
from ports.values import IdempotencyKey, Money


class Colour(Enum):
    RED = 1


@dataclass(frozen=True)
class Everything:
    moment: datetime
    id: UUID
    data: bytes
    pair: tuple[int, str]
    names: Sequence[str]
    bag: frozenset[int]
    prices: Mapping[str, Money | None]
    key: IdempotencyKey
    word: Literal["a", "b"]
    share: float
    colour: Colour
    anything: Any = None
    inner: tuple[Money, ...] = ()


_WORDS = st.lists(st.text()).map(tuple)
_STRATEGIES = [
    *(st.from_type(kind) for kind in (Order, Parcel, Claim, Question, StoredOrder)),
    st.builds(Handover, tried=_WORDS, missing=_WORDS),
    st.builds(Everything, names=_WORDS, anything=st.none(), share=st.just(0.5)),
]


@pytest.mark.parametrize("strategy", _STRATEGIES)
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_goes_into_json_comes_out_the_same(
    strategy: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    value = data.draw(strategy)
    stored = json.dumps(to_json(value), allow_nan=False)
    assume("\\ufffd" not in stored)
    assert from_json(type(value), json.loads(stored)) == value


@given(st.datetimes(), st.integers(-14 * 60, 14 * 60))
def test_moments_keep_their_offset(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    back = from_json(datetime, to_json(moment))
    assert (back, back.utcoffset()) == (moment, moment.utcoffset())


def test_a_field_that_stored_json_lacks_takes_its_default() -> None:
    assert from_json(Money, {"minor": 5, "currency": "TRY", "added_later": 1}) == Money(5, "TRY")
    stored = {"number": "1", "state": "in_transit", "vendor_state": "x", "scans": []}
    assert from_json(Parcel, stored).delivered_to is None


@pytest.mark.parametrize("hint", [int | str, complex, tuple[int | str, ...], type])
def test_a_hint_that_does_not_say_what_is_stored_is_refused(hint: Any) -> None:
    with pytest.raises(TypeError):
        from_json(hint, "1")


@pytest.mark.parametrize("value", [object(), {1: "a number is no key"}, complex(1)])
def test_what_has_no_json_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        to_json(value)


def test_a_mapper_refuses_a_field_without_a_column() -> None:
    @dataclass
    class Odd:
        nowhere: int

    with pytest.raises(TypeError, match=r"no column for Odd\.nowhere"):
        Mapper(Odd, contacts)


@given(st.text())
def test_clean_text_is_text_that_postgresql_holds(given: str) -> None:
    assert "\x00" not in clean(given)
    clean(given).encode()
    assert len(clean(given)) <= len(given)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a\x00b", "a\ufffdb"),
        ("\ud83d", "\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),
        ("ığdır", "ığdır"),
    ],
)
def test_what_postgresql_cannot_hold_becomes_a_replacement(
    engine: Engine, given: str, kept: str
) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("select cast(:given as text)"), {"given": given}) == kept
        stored = json.dumps(to_json({given: [given]}))
        question = text("select cast(:given as jsonb)")
        assert connection.scalar(question, {"given": stored}) == {kept: [kept]}


def test_moments_come_back_in_utc(engine: Engine) -> None:
    moment = datetime(2026, 3, 29, 3, 30, tzinfo=UTC)
    with engine.connect() as connection:
        found = connection.scalar(text("select cast(:moment as timestamptz)"), {"moment": moment})
    assert (found, found.tzinfo.utcoffset(found).total_seconds()) == (moment, 0)
