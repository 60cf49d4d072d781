"""The people of a seller: members, their roles and teams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from core.shared.paging import Slice


class MemberState(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Member:
    id: UUID
    """The person's. An invitation that nobody has taken yet has a fresh one."""
    email: str
    """Folded: the address by which the seller knows them."""
    name: str
    state: MemberState
    roles: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    teams: tuple[UUID, ...] = ()
    managed: bool = False
    """By the seller's directory (SCIM or SSO provisioning)."""
    external_id: str | None = None
    """The directory's own id."""
    user_name: str | None = None
    """The directory's name for them, in lower case; None where none has told."""
    given_name: str | None = None
    family_name: str | None = None
    """As a directory tells them apart."""
    last_seen_at: datetime | None = None
    protected_at: datetime | None = None
    """The last sign-in here by more than a password: a second factor, a passkey, or SSO. None again
    once the person has given their second factors up."""
    version: int = 1


@dataclass(frozen=True, slots=True)
class MemberFilter:
    state: MemberState | None = None
    role: str | None = None
    team: UUID | None = None
    text: str | None = None
    """Part of a name or address, folded."""


class MemberStore(Protocol):
    def get(self, id: UUID, *, lock: bool = False) -> Member | None: ...

    def by_email(self, email: str) -> Member | None: ...

    def by_external_id(self, external_id: str) -> Member | None: ...

    def by_user_name(self, user_name: str) -> Member | None: ...

    def list(self, only: MemberFilter, *, cursor: str | None, limit: int) -> Slice[Member]:
        """By address."""

    def with_role(self, role: str) -> Sequence[Member]:
        """The active ones, locked: nobody takes the last owner's role away at the same moment."""

    def add(self, member: Member) -> None:
        """Conflict when the person or the address is a member already."""

    def save(self, member: Member) -> None:
        """Conflict when it was changed meanwhile (its version is not one less)."""

    def seen(self, id: UUID, now: datetime, *, protected: bool) -> bool:
        """Note that an active member signs in, `protected` if by more than a password.

        False, and nothing is noted, for whoever is not active; who is stays so until the work
        ends. It is no change of the member: the version stays.
        """

    def remove(self, id: UUID) -> bool: ...


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    """A slug; those of core/policies/roles.py are built in."""
    title: str
    permissions: tuple[str, ...]
    updated_at: datetime | None = None
    version: int = 1


class RoleStore(Protocol):
    """The seller's own roles."""

    def all(self) -> Mapping[str, Role]: ...

    def save(self, role: Role) -> None:
        """Add it, or replace it; Conflict when it was changed meanwhile (its version is not one
        less)."""

    def remove(self, name: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Team:
    id: UUID
    name: str
    created_at: datetime
    external_id: str | None = None
    """The directory's own id."""


class TeamStore(Protocol):
    def all(self) -> Sequence[Team]:
        """By name."""

    def add(self, team: Team) -> None:
        """Conflict when there is one of this name."""

    def save(self, team: Team) -> None: ...

    def remove(self, id: UUID) -> bool:
        """Its members are in it no more."""
