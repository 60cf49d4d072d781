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
    """Where the installations' sealed settings are kept, for sealing them anew."""

    def each(self, tenant: UUID) -> Sequence[tuple[UUID, bytes]]:
        """Every installation that has settings."""

    def swap(self, tenant: UUID, installation: UUID, old: bytes, new: bytes) -> bool:
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
_EACH = text(
    "select id, settings from installations"
    " where tenant_id = :tenant and settings <> '' order by id"
)
_SWAP = text(
    "update installations set settings = :new"
    " where tenant_id = :tenant and id = :installation and settings = :old"
)


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

    def swap(self, tenant: UUID, installation: UUID, old: bytes, new: bytes) -> bool:
        values = {"tenant": tenant, "installation": installation, "old": old, "new": new}
        with _own(self.engine, tenant) as transaction:
            return transaction.run(_SWAP, values).rowcount == 1
