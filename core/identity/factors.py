"""Second factors and passkeys: what a person has beside a password."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

BACKUP_CODES = 10


class FactorKind(StrEnum):
    TOTP = "totp"
    PASSKEY = "passkey"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Credential:
    """A passkey's public half (WebAuthn level 3)."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...] = ()
    backed_up: bool = False
    aaguid: str | None = None


@dataclass(frozen=True, slots=True)
class Factor:
    id: UUID
    kind: FactorKind
    name: str
    created_at: datetime
    sealed: bytes = b""
    """The TOTP secret or the phone, sealed by the vault for this person and factor."""
    step: int = 0
    """The last TOTP time step that was accepted: none up to it is accepted again."""
    credential_id: bytes | None = None
    credential: Credential | None = None
    last_used_at: datetime | None = None


class FactorStore(Protocol):
    """Of the realm's person."""

    def all(self) -> Sequence[Factor]:
        """Oldest first."""

    def get(self, id: UUID) -> Factor | None: ...

    def by_credential(self, credential_id: bytes) -> Factor | None: ...

    def add(self, factor: Factor) -> None:
        """Conflict when the credential is there already."""

    def used_step(self, id: UUID, step: int, now: datetime) -> bool:
        """Accept a time step: True for one caller, and only if it is later than the last one."""

    def save(self, factor: Factor) -> None: ...

    def remove(self, id: UUID) -> bool: ...

    def remove_all(self) -> int: ...


class BackupCodeStore(Protocol):
    def replace(self, digests: Sequence[bytes], now: datetime) -> None:
        """The old set is dead from this moment."""

    def use(self, digest: bytes, now: datetime) -> bool:
        """True for one caller, once."""

    def left(self) -> int: ...
