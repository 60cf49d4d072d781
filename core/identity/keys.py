"""The keys that sign access tokens. They change by themselves; old ones verify for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

SIGNS_FOR = timedelta(days=30)
VERIFIES_FOR = timedelta(days=31)
"""After its making: longer than any token that it may have signed last."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    id: UUID
    """The `kid`."""
    public: str
    """A JWK in JSON, without the private half."""
    sealed: bytes
    """The private half, sealed by the vault for the operator and the key."""
    created_at: datetime


class SigningKeyStore(Protocol):
    """Of the operator's realm."""

    def all(self) -> Sequence[SigningKey]:
        """Newest first."""

    def add(self, key: SigningKey) -> None: ...

    def remove_before(self, moment: datetime) -> int: ...
