"""Lists that go on where they left off: no page is skipped or doubled when rows come in."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, ColumnElement, Row, Text, literal, tuple_

from adapters.sql.codec import from_json, to_json
from core.shared.errors import Invalid

_KINDS: dict[type[Any], type[Any]] = {datetime: datetime, UUID: UUID, int: int, str: str}
_LARGEST = 2**63


class Keyset:
    """The columns that order a list, newest or largest first unless it is rising; together they
    are unique."""

    def __init__(self, *columns: Column[Any], rising: bool = False) -> None:
        self._columns = columns
        self._rising = rising

    @property
    def order(self) -> Sequence[ColumnElement[Any]]:
        return [column if self._rising else column.desc() for column in self._columns]

    def after(self, cursor: str) -> ColumnElement[bool]:
        """What comes behind the cursor; Invalid for one that we did not hand out for this list."""
        values = [
            literal(value, column.type)
            for column, value in zip(self._columns, self._read(cursor), strict=True)
        ]
        place, given = tuple_(*self._columns), tuple_(*values)
        return place > given if self._rising else place < given

    def cursor(self, row: Row[Any]) -> str:
        """The place of a row."""
        place = json.dumps([to_json(row._mapping[column.name]) for column in self._columns])
        return urlsafe_b64encode(place.encode()).decode().rstrip("=")

    def _read(self, cursor: str) -> Sequence[Any]:
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            place = json.loads(urlsafe_b64decode(padded.encode("ascii")))
            if not isinstance(place, list):
                raise TypeError(place)
            return [_typed(c, v) for c, v in zip(self._columns, place, strict=True)]
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise Invalid({"cursor": "is not one that this list handed out"}) from None


def _typed(column: Column[Any], given: Any) -> Any:
    kind = _KINDS[column.type.python_type]
    if type(given) is not (int if kind is int else str):
        raise TypeError(given)
    value = from_json(kind, given)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(given)
    if isinstance(column.type, BigInteger) and not -_LARGEST <= value < _LARGEST:
        raise ValueError(given)
    if isinstance(column.type, Text) and "\x00" in value:
        raise ValueError(given)
    return value
