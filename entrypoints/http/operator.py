"""For whoever runs the house: opening tenants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.shared.actor import Actor
from core.shared.ids import Ids
from core.shared.work import Works
from core.tenancy.api_keys import PREFIX, TENANT_SCOPES, IssueKey, issue
from core.tenancy.tenant import TenantDetails, create
from entrypoints.http.tenant import present, present_key
from entrypoints.http.wire import Answer
from ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Operator:
    works: Works
    clock: Clock
    ids: Ids
    new_token: Callable[[], str]

    def create_tenant(self, body: Mapping[str, Any], user: Actor) -> Answer:
        """A tenant, and its first key, which holds everything that a tenant's keys may."""
        now = self.clock.now()
        tenant = create(self.ids(), TenantDetails(**body), user, works=self.works, now=now)
        first = replace(user, tenant=tenant.id, scopes=frozenset(TENANT_SCOPES))
        secret = PREFIX + self.new_token()
        command = IssueKey("first key", TENANT_SCOPES)
        key = issue(self.ids(), secret, command, first, works=self.works, now=now)
        return {"tenant": present(tenant), "api_key": {**present_key(key), "secret": secret}}, 201
