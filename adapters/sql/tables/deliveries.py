"""What came in and what is owed: the inbox and the outbox."""

from __future__ import annotations

from adapters.sql.tables.shape import (
    BYTES,
    ID,
    JSON,
    MOMENT,
    TEXT,
    WHOLE,
    YES_NO,
    across,
    has,
    index,
    may,
    position,
    refers,
    rings,
    tenant_table,
    unique,
)

UNFINISHED = ("ready", "sending", "unknown", "parked")
"""Outbox rows that those behind them in the mailbox wait for."""

inbox = tenant_table(
    "inbox",
    has("id", ID),
    position(),
    has("installation_id", ID),
    has("plugin_id", TEXT),
    has("dedupe_key", TEXT),
    has("body", BYTES),
    has("headers", JSON),
    has("received_at", MOMENT),
    has("state", TEXT),
    may("reason", TEXT),
    has("attempts", WHOLE),
    may("due_at", MOMENT),
    may("processed_at", MOMENT),
    has("replays", WHOLE),
    may("correlation_id", TEXT),
    *rings("inbox"),
    refers("installations", "installation_id"),
    unique("inbox_dedupe", "installation_id", "dedupe_key"),
    across("inbox_trouble", "state", where="state in ('unreadable', 'unrouted', 'failed')"),
    index("inbox_received", "received_at", "position"),
    index("inbox_state", "state", "received_at", "position"),
)

outbox = tenant_table(
    "outbox",
    has("id", ID),
    position(),
    has("mailbox", TEXT),
    has("installation_id", ID),
    has("kind", TEXT),
    has("payload", JSON),
    may("message_id", ID),
    has("repeatable", YES_NO),
    has("due_at", MOMENT),
    has("created_at", MOMENT),
    has("state", TEXT),
    has("attempts", WHOLE),
    may("lease_until", MOMENT),
    may("cause", TEXT),
    may("error", TEXT),
    may("correlation_id", TEXT),
    *rings("outbox"),
    refers("installations", "installation_id"),
    index("outbox_mailbox", "mailbox", "position", where=f"state in {UNFINISHED}"),
    index("outbox_newest", "position"),
    index("outbox_state", "state", "position"),
    across("outbox_unsent", "state", "due_at", where="state <> 'sent'"),
    index("outbox_message", "message_id", where="message_id is not null"),
)
