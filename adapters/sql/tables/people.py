"""What a seller decides of its people: members, roles, teams, the door's policy, SSO, sessions."""

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
    of_tenant,
    refers,
    tenant_table,
    unique,
)

members = tenant_table(
    "members",
    has("id", ID),
    has("email", TEXT),
    has("name", TEXT),
    has("folded", TEXT),
    has("state", TEXT),
    has("roles", JSON),
    has("teams", JSON),
    has("managed", YES_NO),
    may("external_id", TEXT),
    may("user_name", TEXT),
    may("given_name", TEXT),
    may("family_name", TEXT),
    has("created_at", MOMENT),
    has("updated_at", MOMENT),
    may("last_seen_at", MOMENT),
    may("protected_at", MOMENT),
    has("version", WHOLE),
    of_tenant(),
    unique("members_email", "email"),
    unique("members_external", "external_id", where="external_id is not null"),
    unique("members_user_name", "user_name", where="user_name is not null"),
    across("members_person", "id", where="state = 'active'"),
)

roles = tenant_table(
    "roles",
    has("name", TEXT),
    has("title", TEXT),
    has("permissions", JSON),
    may("updated_at", MOMENT),
    has("version", WHOLE),
    of_tenant(),
    key=("name",),
)

teams = tenant_table(
    "teams",
    has("id", ID),
    has("name", TEXT),
    has("created_at", MOMENT),
    may("external_id", TEXT),
    of_tenant(),
    unique("teams_name", "name"),
)

policies = tenant_table(
    "policies",
    has("policy", JSON),
    has("version", WHOLE),
    of_tenant(),
    key=(),
)

sso_connections = tenant_table(
    "sso_connections",
    has("id", ID),
    has("kind", TEXT),
    has("name", TEXT),
    has("enabled", YES_NO),
    has("issuer", TEXT),
    has("client_id", TEXT),
    has("settings", JSON),
    has("sealed", BYTES),
    has("rules", JSON),
    has("created_at", MOMENT),
    has("updated_at", MOMENT),
    has("version", WHOLE),
    of_tenant(),
)

sso_links = tenant_table(
    "sso_links",
    has("connection", ID),
    has("subject", TEXT),
    has("person", ID),
    has("created_at", MOMENT),
    refers("sso_connections", "connection"),
    refers("members", "person"),
    index("sso_links_person", "person"),
    key=("connection", "subject"),
)

sso_tokens = tenant_table(
    "sso_tokens",
    has("connection", ID),
    has("digest", BYTES),
    has("used_at", MOMENT),
    has("expires_at", MOMENT),
    refers("sso_connections", "connection"),
    across("sso_tokens_expired", "expires_at"),
    key=("connection", "digest"),
)

sessions = tenant_table(
    "sessions",
    has("id", ID),
    has("person", ID),
    has("device", ID),
    has("methods", JSON),
    has("created_at", MOMENT),
    has("last_seen_at", MOMENT),
    has("refresh_digest", BYTES),
    has("generation", WHOLE),
    may("rotated_at", MOMENT),
    has("remembered", YES_NO),
    may("proven_at", MOMENT),
    may("connection", ID),
    may("sso_subject", TEXT),
    may("sso_session", TEXT),
    may("user_agent", TEXT),
    may("ip", TEXT),
    may("country", TEXT),
    may("ended_at", MOMENT),
    may("ended_why", TEXT),
    of_tenant(),
    index("sessions_open", "person", where="ended_at is null"),
    index("sessions_subject", "connection", "sso_subject", where="ended_at is null"),
    index("sessions_provider", "connection", "sso_session", where="ended_at is null"),
    across("sessions_old", "created_at"),
)
"""Nothing is indexed that changes while a session lives: seeing it again costs no index."""

attempts = tenant_table(
    "attempts",
    has("id", ID),
    has("reason", TEXT),
    has("at", MOMENT),
    may("person", ID),
    may("email", TEXT),
    may("ip", TEXT),
    may("country", TEXT),
    may("user_agent", TEXT),
    may("device", ID),
    may("detail", TEXT),
    of_tenant(),
    index("attempts_at", "at", "id"),
    index("attempts_person", "person", "at", "id", where="person is not null"),
    across("attempts_old", "at"),
)
