"""A person's account: what is theirs alone, whichever sellers they work for."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.shared.errors import Invalid

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f<>\"(),:;\[\]\\]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Account:
    id: UUID
    """The person's; also the tenant of their realm."""
    email: str
    email_verified_at: datetime | None
    """When the mailbox was proven. Until then the address opens nothing."""
    created_at: datetime
    password: str | None = None
    """An argon2id hash in the PHC string format; None where the person has none."""
    password_changed_at: datetime | None = None
    closed_at: datetime | None = None


class AccountStore(Protocol):
    """Of the realm's own person."""

    def get(self, *, lock: bool = False) -> Account | None:
        """None in a seller's realm. What is saved from an account that was read without the lock
        may undo what was saved meanwhile: a new password, say."""

    def add(self, account: Account) -> None:
        """Conflict when the realm has one already."""

    def save(self, account: Account) -> None: ...

    def claim_email(self, email: str) -> bool:
        """Make the person the one whom this folded address finds; False when another person is.

        Only for a mailbox that was proven. The person's former address is given up.
        """


@dataclass(frozen=True, slots=True)
class Device:
    """A browser or program that has signed in, known by its cookie."""

    id: UUID
    user_agent: str | None
    first_seen_at: datetime
    last_seen_at: datetime


class DeviceStore(Protocol):
    def get(self, id: UUID) -> Device | None: ...

    def any(self) -> bool:
        """Whether the person has ever signed in."""

    def put(self, device: Device) -> None: ...


def fold_email(email: str) -> str:
    """The one spelling by which an address is found; Invalid for what cannot be an address.

    Case is folded by the rules of ASCII, never of Turkish: no mail server tells I from ı. Letters
    that only look like ASCII (full-width, Cyrillic) are refused, not folded: they would let one
    mailbox answer for another.
    """
    plain = email.strip()
    folded = plain.lower()
    if len(folded) > 254 or not plain.isascii() or not _EMAIL.fullmatch(folded):
        raise Invalid({"email": "is not an e-mail address"})
    return unicodedata.normalize("NFC", folded)
