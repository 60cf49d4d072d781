"""What is asked before a tenant is known: whose is it, and what is due. Ids and numbers only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, text

from adapters.sql.transaction import alone
from core.inbox.journal import Route


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows of one state over all tenants."""

    rows: int
    age: float
    """For how many seconds the oldest has been due."""


@dataclass(frozen=True, slots=True)
class Lookups:
    """Each question is a transaction of its own.

    A `due_…` answer is not given again before `visibility` is over, unless the row was changed
    meanwhile; several may ask at once. Tenants take turns in it.
    """

    engine: Engine

    def find_hook(self, digest: bytes) -> Route | None:
        """The installation whose webhook token has this SHA-256."""
        rows = self._ask("find_hook(:digest)", digest=digest)
        return Route(rows[0].tenant_id, rows[0].installation_id) if rows else None

    def find_api_key(self, digest: bytes) -> tuple[UUID, UUID] | None:
        """Tenant and id of the API key that has, or had before its rotation, this SHA-256.

        It may be revoked or expired.
        """
        rows = self._ask("find_api_key(:digest)", digest=digest)
        return (rows[0].tenant_id, rows[0].key_id) if rows else None

    def find_route(self, plugin_id: str, account: str) -> Route | None:
        """Who has connected this vendor account."""
        rows = self._ask("find_route(:plugin, :account)", plugin=plugin_id, account=account)
        return Route(rows[0].tenant_id, rows[0].installation_id) if rows else None

    def find_email(self, email: str) -> UUID | None:
        """The person who has proven this folded address."""
        rows = self._ask("find_email(:email)", email=email)
        return rows[0].id if rows else None

    def memberships(self, person: UUID) -> Sequence[UUID]:
        """The sellers whose active member the person is, oldest id first."""
        return [row.tenant_id for row in self._ask("memberships(:person)", person=person)]

    def tenants(self) -> Sequence[UUID]:
        """The ids of all tenants, oldest id first."""
        return [row.tenant_id for row in self._ask("tenants()")]

    def due_inbox(
        self, now: datetime, visibility: timedelta, n: int
    ) -> Sequence[tuple[UUID, UUID]]:
        """Tenant and id of entries that wait to be read."""
        return self._due("inbox", now, visibility, n)

    def due_outbox(
        self, now: datetime, visibility: timedelta, n: int
    ) -> Sequence[tuple[UUID, str]]:
        """Tenant and mailbox, each once: those whose first unfinished row is due."""
        return self._due("outbox", now, visibility, n)

    def due_turns(
        self, now: datetime, visibility: timedelta, n: int
    ) -> Sequence[tuple[UUID, UUID]]:
        """Tenant and id of turns that are due, or whose worker died."""
        return self._due("turns", now, visibility, n)

    def due_snoozes(
        self, now: datetime, visibility: timedelta, n: int
    ) -> Sequence[tuple[UUID, UUID]]:
        """Tenant and id of conversations whose snooze is over."""
        return self._due("snoozes", now, visibility, n)

    def due_sync(
        self, now: datetime, visibility: timedelta, n: int
    ) -> Sequence[tuple[UUID, UUID, str]]:
        """Tenant, installation and stream of what is to be polled."""
        return self._due("sync", now, visibility, n)

    def due_parcels(
        self, now: datetime, visibility: timedelta, n: int
    ) -> Sequence[tuple[UUID, UUID, str]]:
        """Tenant, carrier's installation and number of parcels to ask for."""
        return self._due("parcels", now, visibility, n)

    def due_letters(
        self, now: datetime, visibility: timedelta, n: int
    ) -> Sequence[tuple[UUID, UUID]]:
        """Tenant and id of letters that are to be sent, or whose sender died."""
        return self._due("letters", now, visibility, n)

    def purge_identity(self, now: datetime, n: int = 10_000) -> int:
        """Forget what sign-in will not ask for again, of all realms; answers how many rows.

        Tickets, one-time ids and lockouts when their time is over; letters after 30 days, sessions
        90 days after their end, refused attempts after 180. At most `n` of each kind.
        """
        rows = self._ask("purge_identity(:now, :n)", now=now, n=n)
        return int(rows[0].purge_identity)

    def inbox_counts(self, now: datetime) -> Mapping[str, Waiting]:
        """By state, those that are neither processed nor ignored; empty states are absent."""
        return self._counts("inbox_counts", now)

    def outbox_counts(self, now: datetime) -> Mapping[str, Waiting]:
        """By state, those that are not sent; empty states are absent."""
        return self._counts("outbox_counts", now)

    def _due(self, what: str, now: datetime, visibility: timedelta, n: int) -> Sequence[Any]:
        call = f"due_{what}(:now, :visibility, :n)"
        return [tuple(row) for row in self._ask(call, now=now, visibility=visibility, n=n)]

    def _counts(self, function: str, now: datetime) -> Mapping[str, Waiting]:
        rows = self._ask(f"{function}(:now)", now=now)
        return {row.state: Waiting(row.rows, row.age) for row in rows}

    def _ask(self, call: str, **values: Any) -> Sequence[Row[Any]]:
        question = text(f"select * from directory.{call}")  # noqa: S608 - the calls stand above
        with alone(self.engine) as connection:
            return connection.execute(question, values).all()
