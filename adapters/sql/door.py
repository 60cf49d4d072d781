"""The webhook door's way in: one round trip, durable when it answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine, text

from adapters.sql.codec import to_json
from adapters.sql.transaction import alone
from core.inbox.journal import Entry

_INGEST = text(
    "select ingest(:tenant, :installation, :version, :id, :key, cast(:headers as jsonb),"
    " :body, :now, :correlation)"
)


@dataclass(frozen=True, slots=True)
class Door:
    engine: Engine

    def ingest(self, tenant: UUID, version: int, entry: Entry) -> str:
        """Keep a verified delivery under its dedupe key, for the installation of that version.

        `new`; `seen` when its installation has one with this key already; `stale` when the
        installation has another version by now or does not listen, and nothing was kept.
        """
        values = {
            "tenant": tenant,
            "installation": entry.installation_id,
            "version": version,
            "id": entry.id,
            "key": entry.dedupe_key,
            "headers": json.dumps(to_json(entry.webhook.headers)),
            "body": entry.webhook.body,
            "now": entry.received_at,
            "correlation": entry.correlation_id,
        }
        with alone(self.engine) as connection:
            taken: str = connection.execute(_INGEST, values).scalar_one()
        return taken
