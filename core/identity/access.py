"""What every request asks: who is it at this moment, and what may they do. One question each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from core.identity.policy import SignInPolicy
from core.identity.sessions import Session
from core.tenancy.api_keys import ApiKey
from core.tenancy.members import Member


@dataclass(frozen=True, slots=True)
class PersonStands:
    session: Session
    member: Member
    permissions: frozenset[str]
    """Of all the member's roles, the seller's own included."""
    policy: SignInPolicy


@dataclass(frozen=True, slots=True)
class KeyStands:
    key: ApiKey
    policy: SignInPolicy


class AccessStore(Protocol):
    def session(self, id: UUID) -> PersonStands | None:
        """Session, member, roles and policy in one round trip; it may have ended."""

    def key(self, id: UUID) -> KeyStands | None:
        """Key and policy in one round trip; it may be closed."""
