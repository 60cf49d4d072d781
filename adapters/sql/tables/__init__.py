"""Every table of a tenant, and the two without: which account is whose, which address is whose."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text, Uuid

from adapters.sql.tables.agents import intents, turns
from adapters.sql.tables.commerce import (
    claims,
    guesses,
    orders,
    packages,
    parcels,
    proofs,
    questions,
    sync,
)
from adapters.sql.tables.conversations import (
    attachments,
    contacts,
    conversations,
    identities,
    merges,
    messages,
    reports,
)
from adapters.sql.tables.deliveries import UNFINISHED, inbox, outbox
from adapters.sql.tables.identity import (
    accounts,
    backup_codes,
    devices,
    factors,
    letters,
    lockouts,
    signing_keys,
    tickets,
)
from adapters.sql.tables.people import (
    attempts,
    members,
    policies,
    roles,
    sessions,
    sso_connections,
    sso_links,
    sso_tokens,
    teams,
)
from adapters.sql.tables.records import audit_events, idempotency_keys
from adapters.sql.tables.shape import metadata
from adapters.sql.tables.tenancy import api_keys, flags, installations, tenant_keys, tenants

__all__ = [
    "UNFINISHED",
    "accounts",
    "api_keys",
    "attachments",
    "attempts",
    "audit_events",
    "backup_codes",
    "claims",
    "contacts",
    "conversations",
    "devices",
    "emails",
    "factors",
    "flags",
    "guesses",
    "idempotency_keys",
    "identities",
    "inbox",
    "installations",
    "intents",
    "letters",
    "lockouts",
    "members",
    "merges",
    "messages",
    "metadata",
    "orders",
    "outbox",
    "packages",
    "parcels",
    "policies",
    "proofs",
    "questions",
    "reports",
    "roles",
    "routes",
    "sessions",
    "signing_keys",
    "sso_connections",
    "sso_links",
    "sso_tokens",
    "sync",
    "teams",
    "tenant_keys",
    "tenants",
    "tickets",
    "turns",
]

routes = Table(
    "routes",
    metadata,
    Column("plugin_id", Text(), primary_key=True),
    Column("account_id", Text(), primary_key=True),
    Column("tenant_id", Uuid(), nullable=False),
    Column("installation_id", Uuid(), nullable=False),
    schema="directory",
)

emails = Table(
    "emails",
    metadata,
    Column("person_id", Uuid(), primary_key=True),
    Column("email", Text(), nullable=False),
    Index("emails_email", "email", unique=True),
    schema="directory",
)
