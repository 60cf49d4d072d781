"""The log of sign-ins that were refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from core.shared.paging import Slice


class Refusal(StrEnum):
    """Why, as the seller's supervisors see it. Whoever tried is never told which."""

    UNKNOWN = "unknown_account"
    PASSWORD = "wrong_password"  # noqa: S105
    SECOND_FACTOR = "wrong_second_factor"
    LOCKED = "locked"
    BANNED = "network_banned"
    NOT_A_MEMBER = "not_a_member"
    SSO_ONLY = "sso_only"
    NETWORK = "network_not_allowed"
    COUNTRY = "country_not_allowed"
    SSO = "identity_provider"
    """The provider's word was not good; the detail says what of it."""
    REUSED = "refresh_token_reused"
    KEY = "api_key_fenced"


@dataclass(frozen=True, slots=True)
class Attempt:
    id: UUID
    reason: Refusal
    at: datetime
    person: UUID | None = None
    email: str | None = None
    """As folded; None where none was given."""
    ip: str | None = None
    country: str | None = None
    user_agent: str | None = None
    device: UUID | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class AttemptFilter:
    person: UUID | None = None
    ip: str | None = None
    reason: Refusal | None = None
    since: datetime | None = None


class AttemptStore(Protocol):
    """Of the seller's realm; those of unknown accounts are in the operator's."""

    def add(self, attempt: Attempt) -> None: ...

    def list(self, only: AttemptFilter, *, cursor: str | None, limit: int) -> Slice[Attempt]:
        """Newest first."""
