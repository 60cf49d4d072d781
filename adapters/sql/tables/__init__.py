"""Every table of a tenant, and the one table without a tenant: which account is whose."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text, Uuid

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
from adapters.sql.tables.records import audit_events, idempotency_keys
from adapters.sql.tables.shape import metadata
from adapters.sql.tables.tenancy import api_keys, flags, installations, tenant_keys, tenants

__all__ = [
    "UNFINISHED",
    "api_keys",
    "attachments",
    "audit_events",
    "claims",
    "contacts",
    "conversations",
    "flags",
    "guesses",
    "idempotency_keys",
    "identities",
    "inbox",
    "installations",
    "intents",
    "merges",
    "messages",
    "metadata",
    "orders",
    "outbox",
    "packages",
    "parcels",
    "proofs",
    "questions",
    "reports",
    "routes",
    "sync",
    "tenant_keys",
    "tenants",
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
