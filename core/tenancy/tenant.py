"""A tenant: one seller, with its own zone, currency and language."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from core.audit.events import AuditEvent
from core.shared.actor import Actor, allow
from core.shared.errors import Invalid
from core.shared.work import Works

LANGUAGES = ("tr", "en")


class TenantKind(StrEnum):
    SELLER = "seller"
    PERSON = "person"
    """A person's own realm: account, factors and their log, behind a wall of their own."""


@dataclass(frozen=True, slots=True)
class Tenant:
    id: UUID
    name: str
    timezone: str
    currency: str
    language: str
    """What the house speaks when a customer's language cannot be told."""
    created_at: datetime
    kind: TenantKind = TenantKind.SELLER

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class TenantStore(Protocol):
    def get(self) -> Tenant:
        """The unit of work's own tenant."""

    def add(self, tenant: Tenant) -> None: ...

    def save(self, tenant: Tenant) -> None: ...


@dataclass(frozen=True, slots=True)
class TenantDetails:
    name: str
    timezone: str = "Europe/Istanbul"
    currency: str = "TRY"
    language: str = "tr"

    def __post_init__(self) -> None:
        problems = {}
        if not self.name.strip():
            problems["name"] = "is required"
        if self.timezone not in available_timezones():
            problems["timezone"] = "is not an IANA time zone"
        if not re.fullmatch("[A-Z]{3}", self.currency):
            problems["currency"] = "is not an ISO 4217 code"
        if self.language not in LANGUAGES:
            problems["language"] = f"must be one of {', '.join(LANGUAGES)}"
        if problems:
            raise Invalid(problems)


def create(
    id: UUID, details: TenantDetails, actor: Actor, *, works: Works, now: datetime
) -> Tenant:
    """Open a tenant; only the operator may."""
    allow(actor, "operator")
    tenant = Tenant(id, created_at=now, **_fields(details))
    with works(id) as work:
        work.tenants.add(tenant)
        work.audit.add(
            AuditEvent("tenant.created", actor, "tenant", str(id), now, after=_fields(details))
        )
        work.commit()
    return tenant


def update(details: TenantDetails, actor: Actor, *, works: Works, now: datetime) -> Tenant:
    allow(actor, "tenant.write")
    with works(actor.tenant) as work:
        before = work.tenants.get()
        after = replace(before, **_fields(details))
        work.tenants.save(after)
        work.audit.add(
            AuditEvent(
                "tenant.updated",
                actor,
                "tenant",
                str(after.id),
                now,
                before=_fields(before),
                after=_fields(after),
            )
        )
        work.commit()
    return after


def _fields(of: Tenant | TenantDetails) -> dict[str, Any]:
    return {n: getattr(of, n) for n in ("name", "timezone", "currency", "language")}
