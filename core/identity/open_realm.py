"""The realm of a person who never signed up: whoever came by their employer's directory."""

from __future__ import annotations

from contextlib import suppress

from core.audit.events import AuditEvent
from core.identity.account import Account
from core.identity.means import Means
from core.shared.actor import system
from core.shared.errors import Conflict
from core.tenancy.members import Member
from core.tenancy.tenant import Tenant, TenantKind


def open_realm(member: Member, seller: Tenant, means: Means) -> None:
    """Make sure that the member has an account of their own.

    It claims no address: the seller's word for a mailbox is no proof of it to anybody else. Made
    after the membership, so that what dies in between is made good by the next sign-in.
    """
    now, home = means.clock.now(), (seller.timezone, seller.currency, seller.language)
    realm = Tenant(member.id, member.name, *home, now, TenantKind.PERSON)
    with suppress(Conflict), means.works(member.id) as own:  # somebody was quicker
        if own.account.get() is not None:
            return
        own.tenants.add(realm)
        own.account.add(Account(member.id, member.email, None, now))
        actor = system(member.id, "sso")
        own.audit.add(AuditEvent("account.opened", actor, "account", str(member.id), now))
        own.commit()
