"""Rows and dataclasses: a field is the column of its name, a nested value is several or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Generic, TypeVar, get_type_hints

from sqlalchemy import Row, Table
from sqlalchemy.dialects.postgresql import JSONB

from adapters.sql.codec import reader, to_json

T = TypeVar("T")


class Mapper(Generic[T]):
    """Between values of one kind and rows of one table.

    A dataclass in a field without a column of its own is spread over the columns of its own
    fields. `names` tells which column a field has where the names differ.
    """

    def __init__(self, kind: type[T], table: Table, names: Mapping[str, str] = {}) -> None:
        self.table = table
        self._kind = kind
        hints = get_type_hints(kind)
        self._columns = {f.name: names.get(f.name, f.name) for f in fields(kind)}  # type: ignore[arg-type]
        self._spread: dict[str, Mapper[Any]] = {}
        for field, column in self._columns.items():
            if column not in table.c:
                if not is_dataclass(hints[field]):
                    raise TypeError(f"{table.name} has no column for {kind.__name__}.{field}")
                self._spread[field] = Mapper(hints[field], table)
        self._readers = {f: reader(hints[f]) for f in self._columns if f not in self._spread}

    def row(self, value: T) -> dict[str, Any]:
        """The value's columns and what they hold."""
        row: dict[str, Any] = {}
        for field, column in self._columns.items():
            item = getattr(value, field)
            if field in self._spread:
                row |= self._spread[field].row(item)
            else:
                row[column] = self._stored(column, item)
        return row

    def value(self, row: Row[Any]) -> T:
        """The value that a row of the whole table holds."""
        found = row._mapping
        known = {f: read(found[self._columns[f]]) for f, read in self._readers.items()}
        return self._kind(**known, **{f: m.value(row) for f, m in self._spread.items()})

    def _stored(self, column: str, item: Any) -> Any:
        json = isinstance(self.table.c[column].type, JSONB)
        return to_json(item) if json and item is not None else item
