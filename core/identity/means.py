"""What the decisions need from libraries and the network. Adapters fulfil it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from core.identity.factors import Credential
from core.identity.sso import Connection, Identity
from core.shared.errors import DomainError
from core.shared.ids import Ids
from core.shared.work import Works
from core.tenancy.vendors import Vault
from ports.clock import Clock


class Hasher(Protocol):
    """Passwords by argon2id."""

    def hash(self, password: str) -> str: ...

    def verify(self, hash: str | None, password: str) -> bool:
        """Costs the same with None (nobody's password), and is False then."""

    def stale(self, hash: str) -> bool:
        """Whether it was made with weaker parameters than those of today."""


class Common(Protocol):
    def __contains__(self, password: object) -> bool:
        """Whether it is among the passwords that guessers try first, however it is cased."""


class Totp(Protocol):
    """RFC 6238: SHA-1, six digits, thirty seconds."""

    def new_secret(self) -> str:
        """Base32, 160 random bits."""

    def uri(self, secret: str, account: str, issuer: str) -> str: ...

    def step(self, secret: str, code: str, now: datetime) -> int | None:
        """The time step whose code it is, of this one and its neighbours; ASCII digits alone."""


@dataclass(frozen=True, slots=True)
class Asserted:
    """A passkey has signed the challenge."""

    sign_count: int
    backed_up: bool


class NotProven(DomainError):
    """A code, a signature or a provider's word that does not hold; the message is for the log."""


class Passkeys(Protocol):
    """WebAuthn. User verification is always required. What does not hold raises NotProven."""

    def creation(
        self, person: UUID, email: str, name: str, known: Sequence[Credential], challenge: bytes
    ) -> Mapping[str, Any]:
        """PublicKeyCredentialCreationOptions as JSON: discoverable, none of the known ones."""

    def created(self, credential: Mapping[str, Any], challenge: bytes) -> Credential: ...

    def request(self, known: Sequence[Credential], challenge: bytes) -> Mapping[str, Any]:
        """PublicKeyCredentialRequestOptions as JSON; with nobody's known any passkey may answer."""

    def named(self, credential: Mapping[str, Any]) -> tuple[bytes, UUID | None]:
        """The credential id of an answer, and the person whom its user handle names."""

    def asserted(
        self, credential: Mapping[str, Any], challenge: bytes, known: Credential
    ) -> Asserted:
        """A counter that went back raises NotProven: the passkey was copied."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says."""

    person: UUID
    tenant: UUID
    session: UUID
    expires_at: datetime


class AccessTokens(Protocol):
    def mint(self, claims: Claims, now: datetime) -> str: ...

    def read(self, token: str, now: datetime) -> Claims | None:
        """None unless one of our keys signed it for us and its time is not over."""

    def jwks(self) -> Mapping[str, Any]:
        """The public keys that verify at this moment (RFC 7517)."""


class Places(Protocol):
    def country(self, ip: str) -> str | None:
        """ISO 3166 alpha-2, or None where nobody knows."""


class Mailer(Protocol):
    def send(self, id: UUID, to: str, subject: str, text: str) -> None:
        """Hand it to the mail server. The id becomes the Message-ID, so that a second copy of the
        same letter can be told. Raises ports.errors.Transient or Rejected."""


@dataclass(frozen=True, slots=True)
class Away:
    """Where to send the browser, and what to keep until it comes back."""

    url: str
    kept: Mapping[str, str]
    """`nonce`, `verifier`, `request_id`: kept sealed in the ticket."""


class IdentityProviders(Protocol):
    """OpenID Connect and SAML. A provider's word that does not hold raises NotProven; one that does
    not answer raises core.shared.errors.Unavailable."""

    def begin(
        self, connection: Connection, secret: str, state: str, redirect: str, *, fresh: bool = False
    ) -> Away:
        """Also how a connection is tried before it is kept. With `fresh` the provider is to ask the
        person anew, however well it knows them; a word that does not say so does not hold."""

    def finish(
        self,
        connection: Connection,
        secret: str,
        answer: Mapping[str, str],
        kept: Mapping[str, str],
        redirect: str,
        now: datetime,
    ) -> Identity:
        """OIDC: exchange `code` (with PKCE) and check `iss`, nonce and the id token. SAML: check
        the response in `SAMLResponse`."""

    def ended(self, connection: Connection, token: str, now: datetime) -> LogoutWord:
        """Check a back-channel logout token (OpenID Connect Back-Channel Logout 1.0)."""

    def farewell(self, connection: Connection, back: str) -> str | None:
        """The provider's own sign-out page; None where it has none."""


@dataclass(frozen=True, slots=True)
class LogoutWord:
    """Whose sessions a provider has ended."""

    token: str
    """Its `jti`."""
    expires_at: datetime
    subject: str | None
    session: str | None


class Directory(Protocol):
    """What is asked before a realm is known."""

    def find_email(self, email: str) -> UUID | None:
        """The person who has proven this folded address."""

    def memberships(self, person: UUID) -> Sequence[UUID]:
        """The sellers whose active member the person is."""


@dataclass(frozen=True, slots=True)
class Means:
    """What every use case of identity works with."""

    works: Works
    directory: Directory
    hasher: Hasher
    common: Common
    totp: Totp
    passkeys: Passkeys
    vault: Vault
    clock: Clock
    ids: Ids
    random: Callable[[int], bytes]
    """So many bytes, fit for keys."""
    base_url: str
    """Where the console stands; begins every link in a letter."""
