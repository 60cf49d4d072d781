"""The agent's rules and turns."""

from __future__ import annotations

from adapters.sql.tables.shape import (
    ID,
    JSON,
    MOMENT,
    REAL,
    TEXT,
    WHOLE,
    YES_NO,
    has,
    index,
    may,
    of_tenant,
    position,
    refers,
    rings,
    tenant_table,
    unique,
)

intents = tenant_table(
    "intents",
    has("name", TEXT),
    has("threshold", REAL),
    has("autonomous", YES_NO),
    may("title", TEXT),
    has("examples", JSON),
    has("updated_at", MOMENT),
    of_tenant(),
    key=("name",),
)

turns = tenant_table(
    "turns",
    has("id", ID),
    position(),
    has("conversation_id", ID),
    has("created_at", MOMENT),
    has("due_at", MOMENT),
    has("state", TEXT),
    has("attempts", WHOLE),
    may("lease_until", MOMENT),
    may("finished_at", MOMENT),
    may("outcome", TEXT),
    may("verdict", TEXT),
    has("record", JSON),
    may("correlation_id", TEXT),
    *rings("turns"),
    refers("conversations", "conversation_id"),
    unique("turns_due", "conversation_id", where="state = 'due'"),
    unique("turns_running", "conversation_id", where="state = 'running'"),
    index("turns_done", "created_at", "position", where="state = 'done'"),
    index("turns_conversation", "conversation_id", "created_at", "position"),
)
