"""Installations, and the directory that says whose a vendor's account is."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from adapters.sql import tables
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Rows
from adapters.sql.transaction import Transaction
from core.shared.errors import Conflict
from core.tenancy.installations import Installation, InstallationState

_INSTALLATION = Mapper(Installation, tables.installations)


class Installations:
    """Fulfils core.tenancy.installations.InstallationStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, _INSTALLATION)

    def get(self, id: UUID) -> Installation | None:
        return self._rows.one(tables.installations.c.id == id)

    def all(self) -> Sequence[Installation]:
        mine = tables.installations.c
        standing = self._rows.select(mine.state != InstallationState.DISCONNECTED)
        return self._rows.all(standing.order_by(mine.created_at, mine.id))

    def add(self, installation: Installation, *, routed: bool) -> None:
        if not self._rows.add(installation):
            raise Conflict("this account is connected already")
        if not routed:
            return
        claim = func.directory.claim_route(
            installation.plugin_id,
            installation.account_id,
            self._transaction.tenant,
            installation.id,
        )
        try:
            self._transaction.run(select(claim))
        except Conflict as taken:
            raise Conflict("this account is connected already") from taken

    def save(self, installation: Installation) -> None:
        before = tables.installations.c.version == installation.version - 1
        if not self._rows.save(installation, before):
            raise Conflict("the connection was changed meanwhile")
        if installation.state is InstallationState.DISCONNECTED:
            tenant = self._transaction.tenant
            self._transaction.run(select(func.directory.release_route(tenant, installation.id)))
