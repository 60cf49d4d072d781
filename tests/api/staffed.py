"""People of a tenant, signed in already."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from core.identity.account import Account
from core.identity.means import Claims
from core.identity.sessions import Session
from core.tenancy.members import Member, MemberState
from core.tenancy.tenant import Tenant as TenantOf
from core.tenancy.tenant import TenantKind
from tests.api.house import House, Tenant


@dataclass(frozen=True)
class Worker:
    person: UUID
    session: UUID
    token: str
    """An access token that outlasts the test."""


def employ(house: House, tenant: Tenant, *roles: str) -> Worker:
    """Somebody with these roles, who has just proven themselves by a password."""
    id, now = house.ids(), house.clock.now()
    email = f"{secrets.token_hex(6)}@deniz.example"
    with house.works(id) as own:
        zone = ("Europe/Istanbul", "TRY", "tr")
        own.tenants.add(TenantOf(id, "Ayşe", *zone, now, TenantKind.PERSON))
        own.account.add(Account(id, email, now, now))
        own.commit()
    session = Session(
        house.ids(), id, house.ids(), ("password",), now, now, b"digest", proven_at=now
    )
    with house.works(tenant.id) as work:
        work.members.add(Member(id, email, "Ayşe", MemberState.ACTIVE, roles, now, now))
        work.sessions.add(session)
        work.commit()
    claims = Claims(id, tenant.id, session.id, now + timedelta(days=1))
    return Worker(id, session.id, house.identity.tokens.mint(claims, now))
