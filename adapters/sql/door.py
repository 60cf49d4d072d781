"""The webhook door's way in: one round trip, durable when it answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Engine, text

from adapters.sql.codec import to_json
from adapters.sql.transaction import alone
from ports.webhooks import RawWebhook

_INGEST = text(
    "select ingest(:tenant, :installation, :version, :id, :key, cast(:headers as jsonb),"
    " :body, :now, :correlation)"
)


class Taken(StrEnum):
    NEW = "new"
    SEEN = "seen"
    """It came before; the vendor is answered alike."""
    STALE = "stale"
    """The connection is not as the caller knows it: look it up again. Nothing was kept."""


@dataclass(frozen=True, slots=True)
class Door:
    engine: Engine

    def ingest(
        self,
        tenant: UUID,
        installation: UUID,
        version: int,
        id: UUID,
        key: str,
        webhook: RawWebhook,
        *,
        now: datetime,
        correlation_id: str | None = None,
    ) -> Taken:
        """Keep a verified delivery under its dedupe key, for the installation of that version."""
        values = {
            "tenant": tenant,
            "installation": installation,
            "version": version,
            "id": id,
            "key": key,
            "headers": json.dumps(to_json(webhook.headers)),
            "body": webhook.body,
            "now": now,
            "correlation": correlation_id,
        }
        with alone(self.engine) as connection:
            return Taken(connection.execute(_INGEST, values).scalar_one())
