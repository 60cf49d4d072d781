"""The transaction of one unit of work, as its stores see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, CursorResult, Engine, Executable, text
from sqlalchemy.exc import DBAPIError

from adapters.sql.failures import translated
from core.shared.actor import Reach

_LOCK = text(
    """
    select pg_advisory_xact_lock(key) from (
        select distinct hashtextextended(name, 0) as key
        from unnest(cast(:names as text[])) as name order by key
    ) as one_after_the_other
    """
)


@dataclass(slots=True)
class Transaction:
    """One tenant's transaction. `owes` says whether somebody should look after the commit."""

    connection: Connection
    tenant: UUID
    owes: bool = False

    def run(
        self, statement: Executable, values: Mapping[str, Any] | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        """Execute it; refusals come out in the core's words."""
        with translated():
            return self.connection.execute(statement, values)

    def lock(self, *names: str) -> None:
        """Hold these names of the tenant until the transaction ends; others wait for them.

        Always in the same order, so that two who want the same names never wait for each other.
        """
        self.run(_LOCK, {"names": [f"{self.tenant}:{name}" for name in names]})


@contextmanager
def begun(engine: Engine, tenant: UUID, reach: Reach | None = None) -> Iterator[Transaction]:
    """A transaction that is that tenant's, rolled back unless its connection commits."""
    with translated(), _become(engine, tenant, reach) as connection:
        yield Transaction(connection, tenant)


def _become(engine: Engine, tenant: UUID, reach: Reach | None) -> Connection:
    """A transaction that is the tenant's; one that had died in the pool is replaced, once."""
    begin = f"begin; set local invekto.tenant_id = '{tenant}'"  # in one round trip
    if reach is not None:
        within = ",".join(str(id) for id in (UUID(reach.person), *reach.teams))
        begin += f"; set local invekto.reach = '{within}'"
    for last in (False, True):
        connection = engine.connect()
        try:
            connection.exec_driver_sql(begin)
            return connection
        except DBAPIError as error:
            connection.close()
            if last or not error.connection_invalidated:
                raise
    raise AssertionError("the loop returns or raises")


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """A connection where each statement is a transaction of its own, and is nobody's."""
    with translated(), engine.connect() as connection:
        yield connection
