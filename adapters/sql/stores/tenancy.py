"""Tenants, their flags and API keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from adapters.sql import tables
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows
from adapters.sql.transaction import Transaction
from core.shared.errors import Conflict, NotFound
from core.tenancy.api_keys import ApiKey
from core.tenancy.tenant import Tenant

_TENANT = Mapper(Tenant, tables.tenants, {"id": "tenant_id"})
_API_KEY = Mapper(ApiKey, tables.api_keys)


class Tenants:
    """Fulfils core.tenancy.tenant.TenantStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._rows = Rows(transaction, _TENANT)

    def get(self) -> Tenant:
        found = self._rows.one()
        if found is None:
            raise NotFound("there is no such tenant")
        return found

    def add(self, tenant: Tenant) -> None:
        if not self._rows.add(tenant):
            raise Conflict("there is a tenant of this id already")

    def save(self, tenant: Tenant) -> None:
        self._rows.save(tenant)


class Flags:
    """Fulfils core.tenancy.flags.FlagStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def all(self) -> Mapping[str, bool]:
        flags = tables.flags.c
        mine = flags.tenant_id == self._transaction.tenant
        rows = self._transaction.run(select(flags.name, flags.enabled).where(mine))
        return {row.name: row.enabled for row in rows}

    def set(self, name: str, enabled: bool, now: datetime) -> None:
        self._transaction.run(
            insert(tables.flags)
            .values(tenant_id=self._transaction.tenant, name=name, enabled=enabled, updated_at=now)
            .on_conflict_do_update(
                index_elements=["tenant_id", "name"],
                set_={"enabled": enabled, "updated_at": now},
            )
        )


class ApiKeys:
    """Fulfils core.tenancy.api_keys.ApiKeyStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._rows = Rows(transaction, _API_KEY)

    def get(self, id: UUID, *, lock: bool = False) -> ApiKey | None:
        return self._rows.one(tables.api_keys.c.id == id, lock=Lock.WAIT if lock else None)

    def all(self) -> Sequence[ApiKey]:
        keys = tables.api_keys.c
        return self._rows.all(self._rows.select().order_by(keys.created_at, keys.id))

    def add(self, key: ApiKey) -> None:
        if not self._rows.add(key):
            raise Conflict("there is an API key of this id already")

    def save(self, key: ApiKey) -> None:
        self._rows.save(key)
