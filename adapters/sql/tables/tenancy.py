"""Tenants, their keys, flags and installations."""

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
    may,
    of_tenant,
    tenant_table,
    unique,
)

tenants = tenant_table(
    "tenants",
    has("name", TEXT),
    has("timezone", TEXT),
    has("currency", TEXT),
    has("language", TEXT),
    has("created_at", MOMENT),
    has("kind", TEXT),
    key=(),
)

tenant_keys = tenant_table(
    "tenant_keys",
    has("version", WHOLE),
    has("wrapped", BYTES),
    has("kek_id", TEXT),
    has("created_at", MOMENT),
    of_tenant(),
    key=("version",),
)

flags = tenant_table(
    "flags",
    has("name", TEXT),
    has("enabled", YES_NO),
    has("updated_at", MOMENT),
    of_tenant(),
    key=("name",),
)

api_keys = tenant_table(
    "api_keys",
    has("id", ID),
    has("name", TEXT),
    has("hint", TEXT),
    has("digest", BYTES),
    has("scopes", JSON),
    has("created_at", MOMENT),
    may("expires_at", MOMENT),
    may("revoked_at", MOMENT),
    may("last_used_at", MOMENT),
    has("networks", JSON),
    has("countries", JSON),
    may("old_digest", BYTES),
    may("old_until", MOMENT),
    of_tenant(),
    across("api_keys_digest", "digest"),
    across("api_keys_old_digest", "old_digest"),
)

installations = tenant_table(
    "installations",
    has("id", ID),
    has("plugin_id", TEXT),
    has("account_id", TEXT),
    has("account_name", TEXT),
    has("state", TEXT),
    has("settings", BYTES),
    may("hook_digest", BYTES),
    has("created_at", MOMENT),
    has("updated_at", MOMENT),
    has("version", WHOLE),
    may("health", JSON),
    has("app", YES_NO),
    of_tenant(),
    unique(
        "installations_account", "plugin_id", "account_id", "app", where="state <> 'disconnected'"
    ),
    across("installations_hook", "hook_digest"),
)
