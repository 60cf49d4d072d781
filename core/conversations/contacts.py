"""Contacts: one person, however many identities the channels and shops know them by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from core.shared.paging import Slice

EVERYWHERE = "*"
"""The scope of identities that mean the same person on every channel: phones and e-mails."""


@dataclass(frozen=True, slots=True, order=True)
class Known:
    """An identity as stored: a vendor's id means a person only within its connection."""

    scope: str
    kind: str
    """`phone` (E.164), `email` or `vendor`."""
    value: str


@dataclass(frozen=True, slots=True)
class Contact:
    id: UUID
    name: str | None
    created_at: datetime
    updated_at: datetime
    language: str | None = None
    """What they last wrote in: `tr` or `en`."""
    marketing: bool | None = None
    """Whether they allowed or stopped marketing themselves; None when they never said."""
    merged_into: UUID | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge and all that it moved, so that it can be taken back."""

    id: UUID
    kept: UUID
    merged: UUID
    why: str
    at: datetime
    moved: Mapping[str, Sequence[str]]
    """Table to the keys of the rows that changed hands."""
    undone_at: datetime | None = None


class ContactStore(Protocol):
    def lock(self, identities: Sequence[Known]) -> None:
        """Let nobody else create or merge a contact of these identities until the work ends."""

    def find(self, identities: Sequence[Known]) -> Mapping[Known, UUID]:
        """Whose they are; unknown ones are absent."""

    def bind(self, identity: Known, contact: UUID, now: datetime) -> None:
        """Say that the identity is that contact's, whoever's it was before."""

    def unbind(self, identity: Known) -> None:
        """Say that the identity is nobody's any more; an unknown one is fine."""

    def identities(self, contact: UUID) -> Sequence[Known]: ...

    def get(self, id: UUID) -> Contact | None: ...

    def add(self, contact: Contact) -> None: ...

    def save(self, contact: Contact) -> None: ...

    def list(self, *, query: str | None, cursor: str | None, limit: int) -> Slice[Contact]:
        """Last updated first, merged ones left out; `query` is part of a name or an identity."""

    def move(self, kept: UUID, merged: UUID) -> Mapping[str, Sequence[str]]:
        """Give the merged contact's identities, conversations, orders and proofs to the kept one.

        Open conversations of both on one channel become one: the kept one's goes on, the other's
        messages join it. Answers what moved.
        """

    def move_back(self, merge: Merge) -> None:
        """Undo move()."""

    def add_merge(self, merge: Merge) -> None: ...

    def merge(self, id: UUID) -> Merge | None: ...

    def save_merge(self, merge: Merge) -> None: ...

    def merges(self, contact: UUID) -> Sequence[Merge]: ...
