"""Who acts, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core.shared.errors import NotAllowed, ProofNeeded

RECENT = timedelta(minutes=10)
"""How long a proof of one's own stands for dangerous acts."""

SCOPES: dict[str, str] = {
    "integrations.read": "See the catalogue, connections and their health",
    "integrations.write": "Connect, change and disconnect vendors",
    "inbox.read": "Read conversations, contacts and orders within one's reach",
    "inbox.write": "Reply, assign, label, hand over, merge contacts within one's reach",
    "inbox.all": "Reach every conversation, not only one's own, one's teams' and nobody's",
    "agents.read": "Read the agent's turns and its settings",
    "agents.write": "Run the agent; change thresholds and autonomy",
    "journal.read": "Read the webhook journal and the outbox",
    "journal.write": "Replay webhooks; settle sends in doubt",
    "tenant.read": "Read the tenant's settings and flags",
    "tenant.write": "Change the tenant's settings and flags",
    "keys.read": "See the API keys",
    "keys.write": "Make, rotate and revoke API keys",
    "members.read": "See the people, their roles and teams",
    "members.write": "Invite, change and remove people; change roles and teams",
    "security.read": "See sign-in policy, everybody's sessions and refused sign-ins",
    "security.write": "Change sign-in policy and single sign-on; end sessions",
    "directory.write": "Provision people by SCIM",
    "operator": "Create tenants and own app-wide vendor doors; the operator's keys alone",
}
"""Every scope with what it opens. Keys hold scopes; roles are made of the same, as permissions."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which conversations a person sees: their own, their teams', and those of nobody.

    What belongs to a conversation, its messages, turns and contact with the contact's orders, is
    seen with it. The database holds to this, so every list, search and count does.
    """

    person: str
    teams: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Actor:
    tenant: UUID
    kind: str
    """`person`, `api_key`, `agent` (the AI), `system`, `vendor` or `operator`."""
    id: str
    scopes: frozenset[str] = frozenset()
    ip: str | None = None
    user_agent: str | None = None
    correlation_id: str | None = None
    session: UUID | None = None
    """A person's; None for all others."""
    proven_at: datetime | None = None
    """When the person last proved themselves in this session."""
    teams: tuple[UUID, ...] = ()
    """A person's."""

    @property
    def reach(self) -> Reach | None:
        """None reaches everything."""
        if self.kind != "person" or "inbox.all" in self.scopes:
            return None
        return Reach(self.id, self.teams)


def allow(actor: Actor, scope: str) -> None:
    """Return if the actor holds the scope, else raise NotAllowed naming it."""
    if scope not in actor.scopes:
        raise NotAllowed(f"this needs the scope {scope}")


def prove(actor: Actor, now: datetime) -> None:
    """Return if a dangerous act may follow: a person has proven themselves lately, in this session.

    Else raise ProofNeeded. Others than people have no way to prove anything again.
    """
    if actor.kind != "person":
        return
    if actor.proven_at is None or now - actor.proven_at >= RECENT:
        raise ProofNeeded("prove that it is you, then do this again")


def system(tenant: UUID, part: str, correlation_id: str | None = None) -> Actor:
    """The house itself, acting for a tenant."""
    return Actor(tenant, "system", part, correlation_id=correlation_id)
