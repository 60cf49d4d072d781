"""Single sign-on: a seller's identity providers, and what they say of people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class SsoKind(StrEnum):
    GOOGLE = "google"
    ENTRA = "entra"
    """Microsoft Entra ID, of one directory (tenant id)."""
    OIDC = "oidc"
    """Any OpenID provider that publishes its configuration."""
    SAML = "saml"


@dataclass(frozen=True, slots=True)
class Rules:
    """What becomes of somebody whom the provider sends for the first time."""

    domains: tuple[str, ...] = ()
    """Folded domains of the verified addresses that may come in; empty: any."""
    match: bool = True
    """An active or invited member of the same verified address is the one."""
    provision: bool = False
    """Who is no member becomes one."""
    roles: tuple[str, ...] = ("agent",)
    """Of the provisioned, where no claim says otherwise."""
    role_claim: str | None = None
    """The claim (`groups`, `roles`) that roles are read from at every sign-in; None: never."""
    role_map: Mapping[str, str] = field(default_factory=dict)
    """From the claim's words to our roles; words that it does not name give nothing."""


@dataclass(frozen=True, slots=True)
class Connection:
    id: UUID
    kind: SsoKind
    name: str
    enabled: bool
    issuer: str
    """The OIDC issuer, or the SAML entity id, exactly as the provider writes it."""
    client_id: str
    """Ours at the provider; for SAML our entity id."""
    settings: Mapping[str, str]
    """What is no secret: `directory` (Entra tenant id), `sso_url` and `certificate` (SAML)."""
    sealed: bytes
    """The client secret, sealed by the vault for the seller and the connection; may be empty."""
    rules: Rules
    created_at: datetime
    updated_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """What a provider says of somebody, after every check of its word."""

    subject: str
    """Never changes and is never given to another; what links are made of."""
    email: str | None
    """Folded."""
    email_verified: bool
    """Only an explicit true of the provider's."""
    name: str
    words: Mapping[str, Collection[str]]
    """The claims that name groups or roles."""
    session: str | None = None
    """The provider's session id."""
    strong: bool = False
    """The provider asked for more than a password (`amr`, authentication context)."""
    fresh: bool = False
    """The provider was told to ask them anew, and says that it did so a moment ago."""
    once: str | None = None
    """The id of the word itself, where it could be brought again: it counts once."""


@dataclass(frozen=True, slots=True)
class Link:
    """A subject of a connection is this member."""

    connection: UUID
    subject: str
    person: UUID
    created_at: datetime


class ConnectionStore(Protocol):
    """Of the seller's realm."""

    def get(self, id: UUID) -> Connection | None: ...

    def all(self) -> Sequence[Connection]:
        """Oldest first."""

    def add(self, connection: Connection) -> None: ...

    def save(self, connection: Connection) -> None:
        """Conflict when it was changed meanwhile (its version is not one less)."""

    def remove(self, id: UUID) -> bool:
        """With its links."""

    def link(self, connection: UUID, subject: str) -> Link | None: ...

    def add_link(self, link: Link) -> None:
        """Conflict when the subject is linked already."""

    def links_of(self, person: UUID) -> Sequence[Link]: ...

    def used(self, connection: UUID, token: str, now: datetime, until: datetime) -> bool:
        """Remember a one-time id of the provider's (`jti`, assertion id); False if it was seen."""
