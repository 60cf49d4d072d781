"""Where the tenants' wrapped data keys are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import Engine, text

from adapters.sql.transaction import Transaction, begun


@dataclass(frozen=True, slots=True)
class WrappedKey:
    version: int
    wrapped: bytes = field(repr=False)
    kek_id: str
    """The master key that wraps it."""
    created_at: datetime


class KeyStore(Protocol):
    def all(self, tenant: UUID) -> Sequence[WrappedKey]:
        """Every version, oldest first."""

    def add(self, tenant: UUID, version: int, wrapped: bytes, kek_id: str) -> None:
        """Keep a new version; nothing happens where that version is there already."""

    def rewrap(self, tenant: UUID, version: int, wrapped: bytes, kek_id: str, *, was: str) -> None:
        """Replace the wrapping; nothing happens where it is no longer that of `was`."""


class Seals(Protocol):
    """Where what is sealed for long is kept, for sealing it anew. A ticket is over before that."""

    def each(self, tenant: UUID) -> Sequence[tuple[UUID, bytes]]:
        """Every sealed text, with the id that it is sealed for."""

    def swap(self, tenant: UUID, place: UUID, old: bytes, new: bytes) -> bool:
        """Replace `old`; False, and nothing happens, where it is not there any more."""


_ALL = text(
    "select version, wrapped, kek_id, created_at from tenant_keys"
    " where tenant_id = :tenant order by version"
)
_ADD = text(
    "insert into tenant_keys (tenant_id, version, wrapped, kek_id, created_at)"
    " values (:tenant, :version, :wrapped, :kek_id, now()) on conflict do nothing"
)
_REWRAP = text(
    "update tenant_keys set wrapped = :wrapped, kek_id = :kek_id"
    " where tenant_id = :tenant and version = :version and kek_id = :was"
)
_SEALED = {
    "installations": "settings",
    "factors": "sealed",
    "letters": "sealed",
    "signing_keys": "sealed",
    "sso_connections": "sealed",
}
_EACH = text(
    " union all ".join(
        f"select id, {column} from {table} where tenant_id = :tenant and {column} <> ''"  # noqa: S608
        for table, column in _SEALED.items()
    )
)
_SWAPS = [
    text(
        f"update {table} set {column} = :new"  # noqa: S608 - the names stand above
        f" where tenant_id = :tenant and id = :place and {column} = :old"
    )
    for table, column in _SEALED.items()
]


@contextmanager
def _own(engine: Engine, tenant: UUID) -> Iterator[Transaction]:
    """A short transaction of its own, whatever the caller has open."""
    with begun(engine, tenant) as transaction:
        yield transaction
        transaction.connection.commit()


@dataclass(frozen=True, slots=True)
class SqlKeys:
    engine: Engine

    def all(self, tenant: UUID) -> Sequence[WrappedKey]:
        with _own(self.engine, tenant) as transaction:
            rows = transaction.run(_ALL, {"tenant": tenant}).all()
        return [WrappedKey(v, bytes(wrapped), kek, made) for v, wrapped, kek, made in rows]

    def add(self, tenant: UUID, version: int, wrapped: bytes, kek_id: str) -> None:
        values = {"tenant": tenant, "version": version, "wrapped": wrapped, "kek_id": kek_id}
        with _own(self.engine, tenant) as transaction:
            transaction.run(_ADD, values)

    def rewrap(self, tenant: UUID, version: int, wrapped: bytes, kek_id: str, *, was: str) -> None:
        values = {"tenant": tenant, "version": version, "wrapped": wrapped, "kek_id": kek_id}
        with _own(self.engine, tenant) as transaction:
            transaction.run(_REWRAP, values | {"was": was})


@dataclass(frozen=True, slots=True)
class SqlSeals:
    engine: Engine

    def each(self, tenant: UUID) -> Sequence[tuple[UUID, bytes]]:
        with _own(self.engine, tenant) as transaction:
            rows = transaction.run(_EACH, {"tenant": tenant}).all()
        return [(id, bytes(sealed)) for id, sealed in rows]

    def swap(self, tenant: UUID, place: UUID, old: bytes, new: bytes) -> bool:
        values = {"tenant": tenant, "place": place, "old": old, "new": new}
        with _own(self.engine, tenant) as transaction:
            return any(transaction.run(swap, values).rowcount for swap in _SWAPS)
