"""Installations: a tenant's own copy of a plugin, with its account, settings and door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class InstallationState(StrEnum):
    ACTIVE = "active"
    NEEDS_ATTENTION = "needs_attention"
    """The vendor refuses the credentials; a person must act. Webhooks still come in."""
    DISABLED = "disabled"
    DISCONNECTED = "disconnected"
    """Its settings are gone; what it brought stays."""


@dataclass(frozen=True, slots=True)
class Health:
    ok: bool
    message: str
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class Installation:
    id: UUID
    tenant_id: UUID
    plugin_id: str
    account_id: str
    account_name: str
    state: InstallationState
    settings: bytes
    """Sealed by the vault; empty when disconnected."""
    hook_digest: bytes | None
    """SHA-256 of the token in its webhook address."""
    created_at: datetime
    updated_at: datetime
    version: int = 1
    """Rises with every change of settings or state."""
    health: Health | None = None
    app: bool = False
    """True for the operator's door of an app-wide vendor."""

    @property
    def works(self) -> bool:
        return self.state is InstallationState.ACTIVE

    @property
    def listens(self) -> bool:
        """Whether deliveries are taken in: also while the credentials are in doubt."""
        return self.state in (InstallationState.ACTIVE, InstallationState.NEEDS_ATTENTION)


class InstallationStore(Protocol):
    def get(self, id: UUID) -> Installation | None: ...

    def all(self) -> Sequence[Installation]:
        """Those that are not disconnected, oldest first."""

    def add(self, installation: Installation, *, routed: bool) -> None:
        """Conflict when this tenant has connected the vendor account already.

        With `routed` deliveries of an app-wide door find it by its account, so the account may be
        connected once in the whole house.
        """

    def save(self, installation: Installation) -> None:
        """Conflict when it was changed meanwhile (its version is not one less)."""
