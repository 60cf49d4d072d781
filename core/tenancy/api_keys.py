"""API keys: how programs act for a tenant. Only a hash of a key is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Protocol
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.policy import ANYWHERE, Fence, fence_problems
from core.policies.roles import PERMISSIONS
from core.shared.actor import SCOPES, Actor, allow, prove
from core.shared.errors import Conflict, Invalid, NotAllowed, NotFound
from core.shared.work import Work, Works

PREFIX = "ivk_"
TENANT_SCOPES = tuple(s for s in SCOPES if s != "operator")
LONGEST_OVERLAP = timedelta(days=7)
"""How long the secret before may open beside a new one."""


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
    fence: Fence = ANYWHERE
    """Where the key may be used from; the seller's own fence for keys holds as well."""
    old_digest: bytes | None = None
    """Of the secret before the last rotation …"""
    old_until: datetime | None = None
    """… which opens until then."""

    def opens(self, offered: bytes, now: datetime) -> bool:
        """Whether a secret with this digest opens anything at this moment."""
        if self.closed(now):
            return False
        if compare_digest(offered, self.digest):
            return True
        if self.old_digest is None or self.old_until is None or now >= self.old_until:
            return False
        return compare_digest(offered, self.old_digest)

    def closed(self, now: datetime) -> bool:
        """Revoked or expired: no secret of it opens."""
        return self.revoked_at is not None or (
            self.expires_at is not None and now >= self.expires_at
        )


class ApiKeyStore(Protocol):
    def get(self, id: UUID, *, lock: bool = False) -> ApiKey | None: ...

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
    fence: Fence = ANYWHERE


def issue(
    id: UUID, secret: str, command: IssueKey, actor: Actor, *, works: Works, now: datetime
) -> ApiKey:
    """Keep the hash of `secret` as a new key of the actor's tenant.

    Nobody hands out more than they hold. The operator's first key of a tenant is issued by an
    actor of that tenant who holds all its scopes.
    """
    allow(actor, "keys.write")
    prove(actor, now)
    _check(command, actor, now)
    key = ApiKey(
        id,
        command.name,
        _hint(secret),
        digest(secret),
        command.scopes,
        now,
        command.expires_at,
        fence=command.fence,
    )
    with works(actor.tenant) as work:
        work.api_keys.add(key)
        work.audit.add(_event("issued", key, actor, now, after=_shown(key)))
        work.commit()
    return key


def rotate(
    id: UUID, secret: str, overlap: timedelta, actor: Actor, *, works: Works, now: datetime
) -> ApiKey:
    """Give a key a new secret; the one before opens for `overlap` more, and none older than that.

    Whoever rotates a key holds it: it must not be able to do more than they can.
    """
    allow(actor, "keys.write")
    prove(actor, now)
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Invalid({"overlap_hours": f"must be between 0 and {_hours(LONGEST_OVERLAP)}"})
    with works(actor.tenant) as work:
        key = _found(id, work)
        if key.closed(now):
            raise Conflict("this key opens nothing any more: make a new one")
        if beyond(key.scopes, actor):
            raise NotAllowed("this key may do more than you may yourself")
        new = _renewed(key, secret, now + overlap if overlap else None)
        work.api_keys.save(new)
        until = new.old_until.isoformat() if new.old_until else None
        before, after = {"hint": key.hint}, {"hint": new.hint, "old_until": until}
        work.audit.add(_event("rotated", key, actor, now, before=before, after=after))
        work.commit()
    return new


def revoke(id: UUID, actor: Actor, *, works: Works, now: datetime) -> None:
    """Close a key for ever; closing it again changes nothing."""
    allow(actor, "keys.write")
    prove(actor, now)
    with works(actor.tenant) as work:
        key = _found(id, work)
        if key.revoked_at is None:
            work.api_keys.save(replace(key, revoked_at=now))
            work.audit.add(_event("revoked", key, actor, now))
            work.commit()


def beyond(scopes: Collection[str], actor: Actor) -> list[str]:
    """Those that the actor may not hand out: what they do not hold.

    Provisioning is for programs, so no person holds it: whoever holds everything that a person
    can may hand it out.
    """
    held = actor.scopes
    if held.issuperset(PERMISSIONS):
        held |= {"directory.write"}
    return sorted(set(scopes) - held)


def _found(id: UUID, work: Work) -> ApiKey:
    key = work.api_keys.get(id, lock=True)
    if key is None:
        raise NotFound("there is no such API key")
    return key


def _renewed(key: ApiKey, secret: str, old_until: datetime | None) -> ApiKey:
    return replace(
        key,
        hint=_hint(secret),
        digest=digest(secret),
        old_digest=key.digest if old_until else None,
        old_until=old_until,
    )


def _check(command: IssueKey, actor: Actor, now: datetime) -> None:
    problems = {}
    unknown = sorted(set(command.scopes) - set(SCOPES))
    more = beyond(set(command.scopes) - set(unknown), actor)
    if not command.name.strip():
        problems["name"] = "is required"
    if unknown:
        problems["scopes"] = f"unknown: {', '.join(unknown)}"
    elif more:
        problems["scopes"] = f"you do not hold {', '.join(more)} yourself"
    elif not command.scopes:
        problems["scopes"] = "at least one is required"
    if command.expires_at and command.expires_at <= now:
        problems["expires_at"] = "lies in the past"
    problems |= fence_problems("fence", command.fence)
    if problems:
        raise Invalid(problems)


def _hint(secret: str) -> str:
    return secret[: len(PREFIX) + 6]


def _hours(span: timedelta) -> int:
    return int(span / timedelta(hours=1))


def _event(
    what: str, key: ApiKey, actor: Actor, now: datetime, **shown: Mapping[str, object]
) -> AuditEvent:
    return AuditEvent(f"api_key.{what}", actor, "api_key", str(key.id), now, **shown)


def _shown(key: ApiKey) -> dict[str, object]:
    shown: dict[str, object] = {"name": key.name, "scopes": list(key.scopes)}
    if key.expires_at:
        shown["expires_at"] = key.expires_at.isoformat()
    if key.fence != ANYWHERE:
        shown["fence"] = {
            "networks": list(key.fence.networks),
            "countries": list(key.fence.countries),
        }
    return shown
