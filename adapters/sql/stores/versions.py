"""Values with a version: whoever saves one that was changed meanwhile is told."""

from __future__ import annotations

from typing import Protocol, TypeVar

from adapters.sql.rows import Rows
from core.shared.errors import Conflict


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


V = TypeVar("V", bound=Versioned)


def replace(rows: Rows[V], value: V, what: str, **more: object) -> None:
    """Save the value over the one before it; Conflict when that is not what stands."""
    before = rows.table.c.version == value.version - 1
    if not rows.save(value, before, **more):
        raise Conflict(f"{what} was changed meanwhile")


def keep(rows: Rows[V], value: V, what: str) -> None:
    """Add the first version, replace with any other; Conflict where something else stands."""
    if value.version > 1:
        replace(rows, value, what)
    elif not rows.add(value):
        raise Conflict(f"{what} was changed meanwhile")
