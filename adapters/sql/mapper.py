"""Rows and dataclasses: a field is the column of its name, a nested value is several or JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from operator import itemgetter
from typing import Any, Generic, TypeVar, get_type_hints

from sqlalchemy import Row, Table
from sqlalchemy.dialects.postgresql import JSONB

from adapters.sql.codec import as_it_is, reader, required, to_json

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
        self._readers = {field: self._reader(field, hints[field]) for field in self._columns}
        self._json = {c.name for c in table.c if isinstance(c.type, JSONB)}

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
        """The value that a row of the whole table holds, its columns in the table's order."""
        return self._kind(**{field: read(row) for field, read in self._readers.items()})

    def _reader(self, field: str, hint: Any) -> Callable[[Row[Any]], Any]:
        if field in self._spread:
            return self._spread[field].value
        column = self._columns[field]
        place, kind = self.table.c.keys().index(column), self.table.c[column].type.python_type
        read = reader(hint)
        if read is as_it_is or required(hint) is kind:
            return itemgetter(place)
        return lambda row: read(row[place])

    def _stored(self, column: str, item: Any) -> Any:
        return to_json(item) if column in self._json and item is not None else item
