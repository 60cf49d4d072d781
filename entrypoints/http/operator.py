"""For whoever runs the house: opening tenants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.identity.account import fold_email
from core.policies.roles import OWNER
from core.shared.actor import Actor
from core.shared.ids import Ids
from core.shared.work import Works
from core.tenancy.api_keys import PREFIX, TENANT_SCOPES, IssueKey, issue
from core.tenancy.inviting import Invite, Inviting
from core.tenancy.tenant import TenantDetails, create
from entrypoints.http.members import present as present_member
from entrypoints.http.tenant import DETAILS, present, present_key
from entrypoints.http.wire import Answer
from ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Operator:
    works: Works
    inviting: Inviting
    clock: Clock
    ids: Ids
    new_token: Callable[[], str]

    def create_tenant(self, body: Mapping[str, Any], user: Actor) -> Answer:
        """A tenant, its first key, which holds everything that a tenant's keys may, and the
        invitation of its first owner where one is named."""
        now = self.clock.now()
        details = TenantDetails(**{f: body[f] for f in DETAILS if f in body})
        owner = fold_email(body["owner"]) if "owner" in body else None
        tenant = create(self.ids(), details, user, works=self.works, now=now)
        first = replace(user, tenant=tenant.id, scopes=frozenset(TENANT_SCOPES))
        secret = PREFIX + self.new_token()
        command = IssueKey("first key", TENANT_SCOPES)
        key = issue(self.ids(), secret, command, first, works=self.works, now=now)
        made = {"tenant": present(tenant), "api_key": {**present_key(key), "secret": secret}}
        if owner is not None:
            invited = self.inviting.invite(self.ids(), Invite(owner, (OWNER,)), first)
            made["owner"] = present_member(invited)
        return made, 201
