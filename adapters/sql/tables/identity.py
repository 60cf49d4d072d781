"""A person's own realm, and what every realm keeps for those who come in: tickets, letters."""

from __future__ import annotations

from adapters.sql.tables.shape import (
    BYTES,
    ID,
    JSON,
    MOMENT,
    TEXT,
    WHOLE,
    across,
    has,
    index,
    may,
    of_tenant,
    rings,
    tenant_table,
    unique,
)

accounts = tenant_table(
    "accounts",
    has("email", TEXT),
    may("email_verified_at", MOMENT),
    has("created_at", MOMENT),
    may("password", TEXT),
    may("password_changed_at", MOMENT),
    may("closed_at", MOMENT),
    of_tenant(),
    key=(),
)

devices = tenant_table(
    "devices",
    has("id", ID),
    may("user_agent", TEXT),
    has("first_seen_at", MOMENT),
    has("last_seen_at", MOMENT),
    of_tenant(),
)

factors = tenant_table(
    "factors",
    has("id", ID),
    has("kind", TEXT),
    has("name", TEXT),
    has("created_at", MOMENT),
    has("sealed", BYTES),
    has("step", WHOLE),
    may("credential_id", BYTES),
    may("credential", JSON),
    may("last_used_at", MOMENT),
    of_tenant(),
    unique("factors_credential", "credential_id", where="credential_id is not null"),
)

backup_codes = tenant_table(
    "backup_codes",
    has("digest", BYTES),
    has("created_at", MOMENT),
    may("used_at", MOMENT),
    of_tenant(),
    key=("digest",),
)

tickets = tenant_table(
    "tickets",
    has("id", ID),
    has("purpose", TEXT),
    has("digest", BYTES),
    has("data", JSON),
    has("created_at", MOMENT),
    has("expires_at", MOMENT),
    may("used_at", MOMENT),
    has("tries", WHOLE),
    of_tenant(),
    index("tickets_purpose", "purpose", where="used_at is null"),
    across("tickets_expired", "expires_at"),
)

letters = tenant_table(
    "letters",
    has("id", ID),
    has("medium", TEXT),
    has("kind", TEXT),
    has("sealed", BYTES),
    has("due_at", MOMENT),
    has("created_at", MOMENT),
    may("channel", ID),
    has("state", TEXT),
    has("attempts", WHOLE),
    may("lease_until", MOMENT),
    may("error", TEXT),
    *rings("letters"),
    of_tenant(),
    across("letters_done", "due_at", where="ring_at is null"),
)

lockouts = tenant_table(
    "lockouts",
    has("key", TEXT),
    has("failures", WHOLE),
    has("locks", WHOLE),
    may("last_failed_at", MOMENT),
    may("locked_until", MOMENT),
    has("expires_at", MOMENT),
    of_tenant(),
    index("lockouts_locked", "locked_until", where="locked_until is not null"),
    across("lockouts_expired", "expires_at"),
    key=("key",),
)

signing_keys = tenant_table(
    "signing_keys",
    has("id", ID),
    has("public", TEXT),
    has("sealed", BYTES),
    has("created_at", MOMENT),
    of_tenant(),
)
