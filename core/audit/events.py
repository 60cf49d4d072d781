"""Audit events: written in the same transaction as the change they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from core.shared.actor import Actor

CRITICAL = frozenset(
    {
        "tenant.created",
        "tenant.updated",
        "flag.changed",
        "api_key.issued",
        "api_key.rotated",
        "api_key.revoked",
        "member.invited",
        "member.invited_again",
        "member.joined",
        "member.provisioned",
        "member.changed",
        "member.suspended",
        "member.reactivated",
        "member.removed",
        "invitation.withdrawn",
        "role.changed",
        "role.removed",
        "team.added",
        "team.changed",
        "team.removed",
        "sign_in_policy.changed",
        "sso_connection.added",
        "sso_connection.changed",
        "sso_connection.removed",
        "sso.linked",
        "account.opened",
        "password.changed",
        "password.reset",
        "email.changed",
        "factor.added",
        "factor.removed",
        "backup_code.used",
        "backup_codes.replaced",
        "recovery.begun",
        "recovery.done",
        "device.added",
        "sign_in.refused",
        "sign_in.fenced",
        "access.fenced",
        "session.opened",
        "session.proven",
        "session.ended",
        "sessions.ended",
        "installation.connected",
        "installation.updated",
        "installation.enabled",
        "installation.disabled",
        "installation.disconnected",
        "installation.hook_rotated",
        "app.connected",
        "app.disconnected",
        "vault.rotated",
        "conversation.assigned",
        "conversation.labelled",
        "conversation.handed_over",
        "conversation.state_changed",
        "conversation.returned_to_agent",
        "message.sent",
        "note.added",
        "contact.updated",
        "contact.merged",
        "contact.unmerged",
        "consent.changed",
        "order.proven",
        "gate.locked",
        "intent.changed",
        "intent.removed",
        "suggestion.made",
        "suggestion.accepted",
        "suggestion.rejected",
        "answer.sent",
        "webhook.replayed",
        "send.settled",
    }
)
"""Every event type the house writes. One that is not listed is refused."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    event_type: str
    actor: Actor
    resource_type: str
    resource_id: str
    at: datetime
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.event_type not in CRITICAL:
            raise ValueError(f"{self.event_type} is not in the catalogue of audit events")


class AuditLog(Protocol):
    def add(self, event: AuditEvent) -> UUID:
        """Append the event to the tenant's log, inside the current unit of work."""

    def sealed(self) -> bool:
        """Whether what is written here can be changed by nobody, as the store's own catalogue
        has it at this moment."""
