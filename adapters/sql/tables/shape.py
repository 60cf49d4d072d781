"""How every table of a tenant is made: the tenant first in each key and each reference."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)

ID = Uuid()
TEXT = Text()
WHOLE = Integer()
REAL: Double[float] = Double()
YES_NO = Boolean()
BYTES = LargeBinary()
MOMENT = DateTime(timezone=True)
JSON = JSONB(none_as_null=True)


def tenant_table(name: str, *items: Any, key: tuple[str, ...] = ("id",)) -> Table:
    """A table whose rows belong to a tenant; `key` names one of them within it."""
    tenant = Column("tenant_id", ID, nullable=False)
    return Table(name, metadata, tenant, *items, PrimaryKeyConstraint("tenant_id", *key))


def has(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=False)


def may(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=True)


def position() -> Column[Any]:
    """Rises with every row: the order in which they were written down."""
    return Column("position", BigInteger, Identity(always=True), nullable=False)


def of_tenant() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"])


def refers(table: str, *columns: str, to: tuple[str, ...] = ("id",)) -> ForeignKeyConstraint:
    """These columns name a row of that table, which is always one of the same tenant."""
    targets = [f"{table}.{column}" for column in ("tenant_id", *to)]
    return ForeignKeyConstraint(["tenant_id", *columns], targets)


def unique(name: str, *columns: str, where: str | None = None) -> Index:
    return _index(name, columns, where, only=True)


def index(name: str, *columns: str, where: str | None = None) -> Index:
    """An index led by the tenant."""
    return _index(name, columns, where, only=False)


def rings(table: str) -> tuple[Column[Any], Index]:
    """`ring_at`: when somebody must look at the row next; null when nobody needs to."""
    return may("ring_at", MOMENT), index(f"{table}_rings", "ring_at", where="ring_at is not null")


def across(name: str, *columns: str, where: str | None = None) -> Index:
    """An index over all tenants, for the few questions asked before a tenant is known."""
    return Index(name, *columns, postgresql_where=text(where or f"{columns[0]} is not null"))


def _index(name: str, columns: tuple[str, ...], where: str | None, *, only: bool) -> Index:
    condition = text(where) if where else None
    return Index(name, "tenant_id", *columns, unique=only, postgresql_where=condition)
