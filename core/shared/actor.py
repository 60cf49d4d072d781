"""Who acts, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.shared.errors import NotAllowed

SCOPES: dict[str, str] = {
    "integrations.read": "See the catalogue, connections and their health",
    "integrations.write": "Connect, change and disconnect vendors",
    "inbox.read": "Read conversations, contacts and orders",
    "inbox.write": "Reply, assign, label, hand over, merge contacts",
    "agents.read": "Read the agent's turns and its settings",
    "agents.write": "Run the agent; change thresholds and autonomy",
    "journal.read": "Read the webhook journal and the outbox",
    "journal.write": "Replay webhooks; settle sends in doubt",
    "tenant.read": "Read the tenant's settings and flags",
    "tenant.write": "Change the tenant's settings, flags and API keys",
    "operator": "Create tenants and own app-wide vendor doors; the operator's keys alone",
}
"""Every scope with what it opens."""


@dataclass(frozen=True, slots=True)
class Actor:
    tenant: UUID
    kind: str
    """`api_key`, `agent` (the AI), `system`, `vendor` or `operator`."""
    id: str
    scopes: frozenset[str] = frozenset()
    ip: str | None = None
    user_agent: str | None = None
    correlation_id: str | None = None


def allow(actor: Actor, scope: str) -> None:
    """Return if the actor holds the scope, else raise NotAllowed naming it."""
    if scope not in actor.scopes:
        raise NotAllowed(f"this needs the scope {scope}")


def system(tenant: UUID, part: str, correlation_id: str | None = None) -> Actor:
    """The house itself, acting for a tenant."""
    return Actor(tenant, "system", part, correlation_id=correlation_id)
