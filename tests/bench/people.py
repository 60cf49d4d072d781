"""People who have joined a seller, written straight into their realms: all have one password."""

from __future__ import annotations

from uuid import UUID

from core.identity.account import Account
from core.identity.means import Means
from core.policies.roles import OWNER
from core.tenancy.members import Member, MemberState
from core.tenancy.tenant import Tenant, TenantKind

PASSWORD = "dört atlı mavi fayton"


def join(means: Means, seller: UUID, email: str, hash: str) -> UUID:
    """An active member of the seller whose address is proven; answers the person."""
    person, now = means.ids(), means.clock.now()
    realm = Tenant(person, "Deniz", "Europe/Istanbul", "TRY", "tr", now, TenantKind.PERSON)
    with means.works(person) as own:
        own.tenants.add(realm)
        own.account.add(Account(person, email, now, now, hash, now))
        if not own.account.claim_email(email):
            raise RuntimeError(f"{email} is another's")
        own.commit()
    with means.works(seller) as work:
        work.members.add(Member(person, email, "Deniz", MemberState.ACTIVE, (OWNER,), now, now))
        work.commit()
    return person
