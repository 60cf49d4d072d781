"""API keys: how programs act for a tenant. Only a hash of a key is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.audit.events import AuditEvent
from core.shared.actor import SCOPES, Actor, allow
from core.shared.errors import Invalid, NotFound
from core.shared.work import Works

PREFIX = "ivk_"
TENANT_SCOPES = tuple(s for s in SCOPES if s != "operator")


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: UUID
    name: str
    hint: str
    """The first characters, to tell keys apart."""
    digest: bytes
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def opens(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class ApiKeyStore(Protocol):
    def get(self, id: UUID) -> ApiKey | None: ...

    def all(self) -> Sequence[ApiKey]: ...

    def add(self, key: ApiKey) -> None: ...

    def save(self, key: ApiKey) -> None: ...


def digest(key: str) -> bytes:
    """What is stored of a key: keys are 256 random bits, so a plain SHA-256 is enough."""
    return hashlib.sha256(key.encode()).digest()


@dataclass(frozen=True, slots=True)
class IssueKey:
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None


def issue(
    id: UUID, secret: str, command: IssueKey, actor: Actor, *, works: Works, now: datetime
) -> ApiKey:
    """Keep the hash of `secret` as a new key of the actor's tenant.

    Nobody hands out more than they hold. The operator's first key of a tenant is issued by an
    actor of that tenant who holds all its scopes.
    """
    allow(actor, "tenant.write")
    _check(command, actor, now)
    key = ApiKey(
        id,
        command.name,
        secret[: len(PREFIX) + 6],
        digest(secret),
        command.scopes,
        now,
        command.expires_at,
    )
    with works(actor.tenant) as work:
        work.api_keys.add(key)
        work.audit.add(
            AuditEvent(
                "api_key.issued",
                actor,
                "api_key",
                str(id),
                now,
                after={"name": key.name, "scopes": list(key.scopes)},
            )
        )
        work.commit()
    return key


def revoke(id: UUID, actor: Actor, *, works: Works, now: datetime) -> None:
    """Close a key for ever; closing it again changes nothing."""
    allow(actor, "tenant.write")
    with works(actor.tenant) as work:
        key = work.api_keys.get(id)
        if key is None:
            raise NotFound("there is no such API key")
        if key.revoked_at is None:
            work.api_keys.save(replace(key, revoked_at=now))
            work.audit.add(AuditEvent("api_key.revoked", actor, "api_key", str(id), now))
            work.commit()


def _check(command: IssueKey, actor: Actor, now: datetime) -> None:
    problems = {}
    unknown = sorted(set(command.scopes) - set(SCOPES))
    beyond = sorted(set(command.scopes) - set(unknown) - actor.scopes)
    if not command.name.strip():
        problems["name"] = "is required"
    if unknown:
        problems["scopes"] = f"unknown: {', '.join(unknown)}"
    elif beyond:
        problems["scopes"] = f"you do not hold {', '.join(beyond)} yourself"
    elif not command.scopes:
        problems["scopes"] = "at least one is required"
    if command.expires_at and command.expires_at <= now:
        problems["expires_at"] = "lies in the past"
    if problems:
        raise Invalid(problems)
