"""The audit log: only ever added to."""

from __future__ import annotations

import os
from uuid import UUID

from sqlalchemy import insert, text

from adapters.sql import tables
from adapters.sql.codec import to_json
from adapters.sql.transaction import Transaction
from core.audit.events import AuditEvent
from core.shared.ids import uuid7

_SEALED = text(
    """
    select c.relrowsecurity and c.relforcerowsecurity and exists (
        select from pg_trigger g where g.tgrelid = c.oid and g.tgname = 'audit_events_are_final'
        and g.tgenabled in ('O', 'A')
    )
    and c.relowner <> r.oid and not r.rolsuper and not r.rolbypassrls
    and not has_any_column_privilege(r.oid, c.oid, 'update')
    and not has_table_privilege(r.oid, c.oid, 'delete, truncate')
    from pg_class c, pg_roles r
    where c.oid = 'public.audit_events'::regclass and r.rolname = current_user
    """
)


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

    def sealed(self) -> bool:
        """Whether the catalogue says that who writes the log can do nothing else to it."""
        return self._transaction.run(_SEALED).scalar_one() is True
