"""What a seller's door offers to people who are not in yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from core.identity.sso import Connection
from core.shared.errors import NotFound
from core.shared.work import Works
from core.tenancy.tenant import TenantKind


@dataclass(frozen=True, slots=True)
class Door:
    tenant: UUID
    name: str
    local: bool
    """Passwords and passkeys open it. The break-glass owner's do in any case."""
    remember: bool
    sso: Sequence[Connection]
    """Those that are enabled, oldest first."""


def door(tenant: UUID, *, works: Works) -> Door:
    """NotFound where no seller is of that id; people have no door."""
    with works(tenant) as work:
        seller = work.tenants.get()
        policy = work.policy.get().policy
        enabled = [connection for connection in work.sso.all() if connection.enabled]
    if seller.kind is not TenantKind.SELLER:
        raise NotFound("there is no such tenant")
    return Door(tenant, seller.name, policy.local, policy.remember_days > 0, enabled)
