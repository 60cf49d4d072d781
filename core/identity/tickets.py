"""Tickets: secrets that open one thing, once, for a while. Only a hash of one is kept.

Invitations, links by mail, the steps of a sign-in, and the states and challenges that come back
from a browser are all tickets. A ticket tells its realm and id itself: nothing has to be searched.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

SECRET = 32
"""Random bytes of a ticket."""


class Purpose(StrEnum):
    INVITATION = "invitation"
    EMAIL = "email"
    """Proves a mailbox."""
    RESET = "reset"
    """Sets a new password."""
    RECOVERY = "recovery"
    """Takes the second factors away."""
    SECOND_FACTOR = "second_factor"
    """The first step of a sign-in is done."""
    ENROL = "enrol"
    """Sign-in goes on once a second factor is set up."""
    CHOICE = "choice"
    """Which of the person's sellers to sign in to."""
    SET_UP = "set_up"
    """A factor that is being set up."""
    CHALLENGE = "challenge"
    """What a passkey has to sign."""
    SSO = "sso"
    """A sign-in that is away at an identity provider."""
    ANSWER = "answer"
    """What a SAML provider made a browser bring, until a page of ours comes for it."""
    LINK = "link"
    """An identity provider's word for a member who must prove it once."""


LIFETIMES = {
    Purpose.INVITATION: timedelta(days=7),
    Purpose.EMAIL: timedelta(hours=24),
    Purpose.RESET: timedelta(minutes=30),
    Purpose.RECOVERY: timedelta(minutes=30),
    Purpose.SECOND_FACTOR: timedelta(minutes=5),
    Purpose.ENROL: timedelta(minutes=15),
    Purpose.CHOICE: timedelta(minutes=5),
    Purpose.SET_UP: timedelta(minutes=15),
    Purpose.CHALLENGE: timedelta(minutes=5),
    Purpose.SSO: timedelta(minutes=10),
    Purpose.ANSWER: timedelta(minutes=2),
    Purpose.LINK: timedelta(minutes=10),
}


@dataclass(frozen=True, slots=True)
class Ticket:
    id: UUID
    purpose: Purpose
    digest: bytes
    data: Mapping[str, Any]
    """What it was issued for. Secrets in it are sealed."""
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    tries: int = 0
    """Wrong codes that were offered with it."""


class TicketStore(Protocol):
    """Of the realm: the person's, or the seller's."""

    def add(self, ticket: Ticket) -> None: ...

    def look(self, id: UUID, digest: bytes, purpose: Purpose, now: datetime) -> Ticket | None:
        """The ticket if it still opens; None for any that does not, whatever the reason."""

    def take(self, id: UUID, digest: bytes, purpose: Purpose, now: datetime) -> Ticket | None:
        """The same, and it is used up: of any number of callers one gets it."""

    def tried(self, id: UUID, limit: int) -> int:
        """Count a wrong code and answer how many it were; the `limit`th uses the ticket up."""

    def drop(self, purpose: Purpose, **data: str) -> int:
        """Use up every open ticket of the purpose whose data holds these; answers how many."""


@dataclass(frozen=True, slots=True)
class Token:
    """A ticket as it travels."""

    realm: UUID
    id: UUID
    secret: bytes

    @property
    def digest(self) -> bytes:
        """The secret has 256 random bits, so a plain SHA-256 is enough."""
        return hashlib.sha256(self.secret).digest()

    def __str__(self) -> str:
        return _spelled(self.realm.bytes + self.id.bytes + self.secret)

    @property
    def brief(self) -> str:
        """Without its realm, where there is no room for more: 64 characters."""
        return _spelled(self.id.bytes + self.secret)


def parse(text: str, realm: UUID | None = None) -> Token | None:
    """None for what no house of ours has written. A brief one needs its realm."""
    before = b"" if realm is None else realm.bytes
    try:
        whole = before + urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Error, ValueError):
        return None
    if len(whole) != 32 + SECRET:
        return None
    token = Token(UUID(bytes=whole[:16]), UUID(bytes=whole[16:32]), whole[32:])
    spelled = str(token) if realm is None else token.brief
    return token if spelled == text else None  # one spelling alone


def _spelled(whole: bytes) -> str:
    return urlsafe_b64encode(whole).rstrip(b"=").decode()


def ticket(token: Token, purpose: Purpose, data: Mapping[str, Any], now: datetime) -> Ticket:
    """What is kept of a fresh token."""
    return Ticket(token.id, purpose, token.digest, data, now, now + LIFETIMES[purpose])
