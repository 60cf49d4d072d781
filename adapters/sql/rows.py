"""A table of the unit of work's tenant as a collection of values."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, ColumnElement, Row, Select, delete, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.cursors import Keyset
from adapters.sql.mapper import Mapper
from adapters.sql.transaction import Transaction
from core.shared.paging import Slice

T = TypeVar("T")


class Lock(Enum):
    """How rows are taken: others wait for them, or pass them by."""

    WAIT = False
    SKIP = True


class Rows(Generic[T]):
    """Every statement names the tenant; row-level security is the second wall behind it."""

    def __init__(self, transaction: Transaction, mapper: Mapper[T]) -> None:
        self._transaction = transaction
        self._mapper = mapper
        self.table = mapper.table

    def select(self, *where: ColumnElement[bool], lock: Lock | None = None) -> Select[Any]:
        found = select(self.table).where(self._mine, *where)
        if lock is None:
            return found
        return found.with_for_update(key_share=True, skip_locked=lock.value)

    def one(self, *where: ColumnElement[bool], lock: Lock | None = None) -> T | None:
        row = self._transaction.run(self.select(*where, lock=lock)).first()
        return None if row is None else self._mapper.value(row)

    def all(self, statement: Select[Any]) -> Sequence[T]:
        return [self._mapper.value(row) for row in self._transaction.run(statement)]

    def page(self, keyset: Keyset, cursor: str | None, limit: int, *where: Any) -> Slice[T]:
        """At most `limit` of those that meet `where`, in the keyset's order."""
        rows, after = self.page_of_rows(keyset, cursor, limit, *where)
        return Slice([self._mapper.value(row) for row in rows], after)

    def page_of_rows(
        self, keyset: Keyset, cursor: str | None, limit: int, *where: Any
    ) -> tuple[Sequence[Row[Any]], str | None]:
        """One row more is asked for, so that the last page says that it is the last."""
        behind = [keyset.after(cursor)] if cursor is not None else []
        statement = self.select(*where, *behind).order_by(*keyset.order).limit(limit + 1)
        rows = self._transaction.run(statement).all()
        if len(rows) <= limit:
            return rows, None
        return rows[:limit], keyset.cursor(rows[limit - 1])

    def add(self, value: T, **more: Any) -> bool:
        """Insert it; False, and nothing else happens, where a unique key is taken already."""
        row = {"tenant_id": self._transaction.tenant, **self._mapper.row(value), **more}
        statement = insert(self.table).values(row).on_conflict_do_nothing()
        added = self._transaction.run(statement.returning(self.table.c.tenant_id)).first()
        return added is not None

    def put(self, value: T, **more: Any) -> None:
        """Insert it, or replace the row of its key."""
        row = {"tenant_id": self._transaction.tenant, **self._mapper.row(value), **more}
        key = [column.name for column in self.table.primary_key]
        rest = {name: item for name, item in row.items() if name not in key}
        statement = (
            insert(self.table).values(row).on_conflict_do_update(index_elements=key, set_=rest)
        )
        self._transaction.run(statement)

    def save(self, value: T, *where: ColumnElement[bool], **more: Any) -> bool:
        """Replace the row of its key; False when there is none that meets `where`."""
        row = {**self._mapper.row(value), **more}
        key = [column.name for column in self.table.primary_key if column.name in row]
        same = [self.table.c[name] == row[name] for name in key]
        rest = {name: item for name, item in row.items() if name not in key}
        return self.change(*same, *where, **rest) == 1

    def change(self, *where: ColumnElement[bool], **to: Any) -> int:
        """Update those that meet `where`; answers how many."""
        statement = update(self.table).where(self._mine, *where).values(**to)
        return self._transaction.run(statement).rowcount

    def remove(self, *where: ColumnElement[bool]) -> int:
        """Delete those that meet `where`; answers how many."""
        return self._transaction.run(delete(self.table).where(self._mine, *where)).rowcount

    @property
    def _mine(self) -> ColumnElement[bool]:
        return self.table.c.tenant_id == self._transaction.tenant


def word(value: StrEnum) -> ColumnElement[str]:
    """A word of ours, written into the statement: as a parameter no partial index would know it."""
    return literal_column(f"'{value.value}'")


def equal(*wanted: tuple[Column[Any], object]) -> Sequence[ColumnElement[bool]]:
    """That each column holds what is wanted of it; None wants nothing."""
    return [column == value for column, value in wanted if value is not None]
