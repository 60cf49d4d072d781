"""What is only ever added: the audit log; and what the API answered to a repeated key."""

from __future__ import annotations

from adapters.sql.tables.shape import (
    BYTES,
    ID,
    JSON,
    MOMENT,
    TEXT,
    WHOLE,
    has,
    index,
    may,
    of_tenant,
    position,
    tenant_table,
)

audit_events = tenant_table(
    "audit_events",
    has("id", ID),
    position(),
    has("event_type", TEXT),
    has("actor_kind", TEXT),
    has("actor_id", TEXT),
    has("resource_type", TEXT),
    has("resource_id", TEXT),
    may("ip", TEXT),
    may("user_agent", TEXT),
    may("correlation_id", TEXT),
    may("before", JSON),
    may("after", JSON),
    has("at", MOMENT),
    of_tenant(),
    index("audit_events_position", "position"),
    index("audit_events_resource", "resource_type", "resource_id", "position"),
)

idempotency_keys = tenant_table(
    "idempotency_keys",
    has("operation", TEXT),
    has("key", TEXT),
    has("request_hash", BYTES),
    has("state", TEXT),
    may("status", WHOLE),
    may("body", BYTES),
    may("headers", JSON),
    has("created_at", MOMENT),
    has("expires_at", MOMENT),
    of_tenant(),
    index("idempotency_keys_expired", "expires_at"),
    key=("operation", "key"),
)
