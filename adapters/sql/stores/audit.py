"""The audit log: only ever added to."""

from __future__ import annotations

import os
from uuid import UUID

from sqlalchemy import insert

from adapters.sql import tables
from adapters.sql.codec import to_json
from adapters.sql.transaction import Transaction
from core.audit.events import AuditEvent
from core.shared.ids import uuid7


class Audit:
    """Fulfils core.audit.events.AuditLog."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, event: AuditEvent) -> UUID:
        id = uuid7(event.at, os.urandom(10))
        actor = event.actor
        self._transaction.run(
            insert(tables.audit_events).values(
                tenant_id=self._transaction.tenant,
                id=id,
                event_type=event.event_type,
                actor_kind=actor.kind,
                actor_id=actor.id,
                resource_type=event.resource_type,
                resource_id=event.resource_id,
                ip=actor.ip,
                user_agent=actor.user_agent,
                correlation_id=actor.correlation_id,
                before=None if event.before is None else to_json(event.before),
                after=None if event.after is None else to_json(event.after),
                at=event.at,
            )
        )
        return id
