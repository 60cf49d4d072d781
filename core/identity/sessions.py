"""Sessions: a person, signed in to one seller on one device. Pure decisions and the store.

A session lives while its refresh token is exchanged in time. Each exchange makes the next
generation of the token; one that was exchanged before is a stolen one, and ends the session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from core.identity.policy import SignInPolicy

GRACE = timedelta(seconds=10)
"""Two tabs or a lost answer may offer the token that was exchanged just now. They get nothing, but
the session goes on."""
OWN = frozenset({"password", "totp", "backup_code", "passkey", "sms"})
"""Methods that prove the person, not what some identity provider says of them."""


class Ended(StrEnum):
    """Why a session is over."""

    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"
    """By the person, on another device."""
    BY_ADMINISTRATOR = "by_administrator"
    REUSED = "refresh_token_reused"
    EXPIRED = "expired"
    PROVIDER = "identity_provider"
    """Back-channel logout, or deprovisioned."""
    CREDENTIALS = "credentials_changed"
    MEMBERSHIP = "membership_ended"


@dataclass(frozen=True, slots=True)
class Session:
    id: UUID
    person: UUID
    device: UUID
    methods: tuple[str, ...]
    """How it was proven: `password`, `totp`, `backup_code`, `passkey`, `sms`, `sso`."""
    created_at: datetime
    last_seen_at: datetime
    refresh_digest: bytes
    generation: int = 0
    rotated_at: datetime | None = None
    remembered: bool = False
    proven_at: datetime | None = None
    """When the person last gave a proof of their own, or their provider asked them anew: dangerous
    acts need that lately. What is the person's own asks for their own methods besides."""
    connection: UUID | None = None
    """The SSO connection that vouched."""
    sso_subject: str | None = None
    sso_session: str | None = None
    """The provider's `sid`, by which it ends the session from behind."""
    user_agent: str | None = None
    ip: str | None = None
    country: str | None = None
    ended_at: datetime | None = None
    ended_why: Ended | None = None


@dataclass(frozen=True, slots=True)
class SessionFilter:
    person: UUID | None = None
    connection: UUID | None = None
    sso_subject: str | None = None
    sso_session: str | None = None
    other_than: UUID | None = None


class SessionStore(Protocol):
    """Of the seller's realm."""

    def get(self, id: UUID, *, lock: bool = False) -> Session | None: ...

    def add(self, session: Session) -> None: ...

    def save(self, session: Session) -> None: ...

    def open(self, only: SessionFilter) -> Sequence[Session]:
        """Those that have not ended, the last seen first; at most 500."""

    def end(self, only: SessionFilter, why: Ended, now: datetime) -> Sequence[UUID]:
        """End all open ones of the filter; answers which."""


def until(session: Session, policy: SignInPolicy) -> datetime:
    """When it ends by itself. The seller's policy of this moment counts, also for old sessions."""
    if session.remembered and policy.remember_days:
        return session.created_at + timedelta(days=policy.remember_days)
    idle = session.last_seen_at + timedelta(minutes=policy.idle_minutes)
    return min(idle, session.created_at + timedelta(minutes=policy.absolute_minutes))


def lives(session: Session, policy: SignInPolicy, now: datetime) -> bool:
    return session.ended_at is None and now < until(session, policy)


class Exchange(StrEnum):
    """What becomes of an offered refresh token."""

    GRANTED = "granted"
    REFUSED = "refused"
    """It opens nothing; the session is as it was."""
    REUSED = "reused"
    """It was exchanged before: the session must end."""


def exchange(
    session: Session, generation: int, matches: bool, policy: SignInPolicy, now: datetime
) -> Exchange:
    """Judge a refresh token of a generation; `matches` tells whether it is the current one."""
    if not lives(session, policy, now):
        return Exchange.REFUSED
    if generation == session.generation:
        return Exchange.GRANTED if matches else Exchange.REFUSED
    if generation > session.generation:
        return Exchange.REFUSED
    last = generation == session.generation - 1
    fresh = session.rotated_at is not None and now - session.rotated_at < GRACE
    return Exchange.REFUSED if last and fresh else Exchange.REUSED


def rotated(session: Session, digest: bytes, now: datetime) -> Session:
    """The session with the next generation of its token."""
    return replace(
        session,
        generation=session.generation + 1,
        refresh_digest=digest,
        rotated_at=now,
        last_seen_at=now,
    )


def ended(session: Session, why: Ended, now: datetime) -> Session:
    """Over for ever; the first reason stays."""
    if session.ended_at is not None:
        return session
    return replace(session, ended_at=now, ended_why=why)
