"""The webhook door's way in: one round trip, durable when it answers, without a thread."""

from __future__ import annotations

import json
from uuid import UUID

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from adapters.sql.codec import clean
from adapters.sql.engine import as_application
from core.inbox.journal import Entry
from core.shared.errors import Unavailable

_INGEST = "select ingest(%s, %s, %s, %s, %s, %s, %s, %s, %s)"
SIZE = 10
PATIENCE = 1.5
"""Seconds to wait for a connection; a vendor hears within two that we are away."""


class AsyncIngest:
    """A pool of its own on the loop that serves the door; opened at the first delivery."""

    def __init__(self, url: str) -> None:
        address, arguments = as_application(url)
        plain = address.set(drivername="postgresql")
        self._pool = AsyncConnectionPool(
            plain.render_as_string(hide_password=False),
            min_size=1,
            max_size=SIZE,
            timeout=PATIENCE,
            kwargs={**arguments, "autocommit": True, "prepare_threshold": 0},
            open=False,
        )
        self._opened = False

    async def __call__(self, tenant: UUID, version: int, entry: Entry) -> str:
        """Keep a verified delivery under its dedupe key, for the installation of that version.

        `new`; `seen` when its installation has one with this key already; `stale` when the
        installation has another version by now or does not listen, and nothing was kept.
        """
        values = (
            tenant,
            entry.installation_id,
            version,
            entry.id,
            clean(entry.dedupe_key),
            json.dumps({clean(n): clean(v) for n, v in entry.webhook.headers.items()}),
            entry.webhook.body,
            entry.received_at,
            entry.correlation_id,
        )
        try:
            return await self._ask(values)
        except (psycopg.OperationalError, PoolTimeout, PoolClosed) as error:
            raise Unavailable("the database cannot be asked now") from error

    async def close(self) -> None:
        await self._pool.close()

    async def _ask(self, values: tuple[object, ...]) -> str:
        """Once more on a fresh connection when the first was dead: it is kept under one key."""
        if not self._opened:
            self._opened = True
            await self._pool.open()
        for last in (False, True):
            try:
                async with self._pool.connection() as connection:
                    row = await (await connection.execute(_INGEST, values)).fetchone()
                    return str(row[0]) if row else "stale"
            except psycopg.OperationalError as error:
                if last or isinstance(error, PoolTimeout):
                    raise
                await self._pool.check()
        raise AssertionError("the loop returns or raises")
