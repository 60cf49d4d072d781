"""The unit of work: one transaction of one tenant, and a bell after it."""

from __future__ import annotations

from uuid import UUID

from adapters.sql.work import SqlWorks


def test_x(works: SqlWorks, tenant: UUID) -> None:
    with works(tenant) as work:
        assert work.tenants.get().id == tenant
