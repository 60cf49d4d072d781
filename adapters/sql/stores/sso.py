"""Identity providers, whom their subjects are, and which of their one-time words were seen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from adapters.sql import tables
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Rows
from adapters.sql.stores import versions
from adapters.sql.transaction import Transaction
from core.identity.sso import Connection, Link
from core.shared.errors import Conflict

_CONNECTION = Mapper(Connection, tables.sso_connections)
_LINK = Mapper(Link, tables.sso_links)


class Connections:
    """Fulfils core.identity.sso.ConnectionStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, _CONNECTION)
        self._links = Rows(transaction, _LINK)

    def get(self, id: UUID) -> Connection | None:
        return self._rows.one(tables.sso_connections.c.id == id)

    def all(self) -> Sequence[Connection]:
        connections = tables.sso_connections.c
        return self._rows.all(self._rows.select().order_by(connections.created_at, connections.id))

    def add(self, connection: Connection) -> None:
        if not self._rows.add(connection):
            raise Conflict("there is an SSO connection of this id already")

    def save(self, connection: Connection) -> None:
        versions.replace(self._rows, connection, "the SSO connection")

    def remove(self, id: UUID) -> bool:
        for table in (tables.sso_links, tables.sso_tokens):
            mine = table.c.tenant_id == self._transaction.tenant
            self._transaction.run(table.delete().where(mine, table.c.connection == id))
        return self._rows.remove(tables.sso_connections.c.id == id) == 1

    def link(self, connection: UUID, subject: str) -> Link | None:
        links = tables.sso_links.c
        return self._links.one(links.connection == connection, links.subject == subject)

    def add_link(self, link: Link) -> None:
        if not self._links.add(link):
            raise Conflict("the subject is linked already")

    def links_of(self, person: UUID) -> Sequence[Link]:
        links = tables.sso_links.c
        theirs = self._links.select(links.person == person)
        return self._links.all(theirs.order_by(links.created_at, links.connection, links.subject))

    def used(self, connection: UUID, token: str, now: datetime, until: datetime) -> bool:
        seen = tables.sso_tokens
        statement = (
            insert(seen)
            .values(
                tenant_id=self._transaction.tenant,
                connection=connection,
                digest=hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest(),
                used_at=now,
                expires_at=until,
            )
            .on_conflict_do_nothing()
            .returning(seen.c.digest)
        )
        return self._transaction.run(statement).first() is not None
