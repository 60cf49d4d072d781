"""A tenant's own settings, its feature flags and its API keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.shared.actor import Actor, allow
from core.shared.ids import Ids
from core.shared.work import Works
from core.tenancy.api_keys import PREFIX, ApiKey, IssueKey, issue, revoke, rotate
from core.tenancy.flags import FLAGS, Flag, set_flag
from core.tenancy.tenant import Tenant, TenantDetails, update
from entrypoints.http.sign_in_policy import present_fence, to_fence
from entrypoints.http.wire import NOTHING, Answer, Json, moment, moment_or_none, to_moment
from ports.clock import Clock

DETAILS = ("name", "timezone", "currency", "language")
OVERLAP_HOURS = 24
"""Where a rotation does not say for how long the secret before opens."""


@dataclass(frozen=True, slots=True)
class OwnTenant:
    works: Works
    clock: Clock
    ids: Ids
    new_token: Callable[[], str]

    def get(self, user: Actor) -> Answer:
        allow(user, "tenant.read")
        with self.works(user.tenant) as work:
            return present(work.tenants.get())

    def change(self, body: Mapping[str, Any], user: Actor) -> Answer:
        allow(user, "tenant.write")
        with self.works(user.tenant) as work:
            before = work.tenants.get()
        details = TenantDetails(**{f: body.get(f, getattr(before, f)) for f in DETAILS})
        return present(update(details, user, works=self.works, now=self.clock.now()))

    def flags(self, user: Actor) -> Answer:
        allow(user, "tenant.read")
        with self.works(user.tenant) as work:
            own = work.flags.all()
        return {"items": [_flag(f, own.get(f.name, f.default)) for f in FLAGS.values()]}

    def set_flag(self, name: str, body: Mapping[str, Any], user: Actor) -> Answer:
        set_flag(name, body["enabled"], user, works=self.works, now=self.clock.now())
        return _flag(FLAGS[name], body["enabled"])

    def keys(self, user: Actor) -> Answer:
        allow(user, "keys.read")
        with self.works(user.tenant) as work:
            return {"items": [present_key(key) for key in work.api_keys.all()]}

    def issue_key(self, body: Mapping[str, Any], user: Actor) -> Answer:
        expires = to_moment(body.get("expires_at"))
        fence = to_fence(body.get("fence"))
        command = IssueKey(body["name"], tuple(body["scopes"]), expires, fence)
        secret, now = PREFIX + self.new_token(), self.clock.now()
        key = issue(self.ids(), secret, command, user, works=self.works, now=now)
        return {**present_key(key), "secret": secret}, 201

    def rotate_key(self, id: str, body: Mapping[str, Any], user: Actor) -> Answer:
        overlap = timedelta(hours=body.get("overlap_hours", OVERLAP_HOURS))
        secret, now = PREFIX + self.new_token(), self.clock.now()
        key = rotate(UUID(id), secret, overlap, user, works=self.works, now=now)
        return {**present_key(key), "secret": secret}

    def revoke_key(self, id: str, user: Actor) -> Answer:
        revoke(UUID(id), user, works=self.works, now=self.clock.now())
        return NOTHING


def present(tenant: Tenant) -> Json:
    details = {f: getattr(tenant, f) for f in DETAILS}
    return {"id": str(tenant.id), **details, "created_at": moment(tenant.created_at)}


def present_key(key: ApiKey) -> Json:
    return {
        "id": str(key.id),
        "name": key.name,
        "hint": key.hint,
        "scopes": [*key.scopes],
        "fence": present_fence(key.fence),
        "created_at": moment(key.created_at),
        "expires_at": moment_or_none(key.expires_at),
        "revoked_at": moment_or_none(key.revoked_at),
        "last_used_at": moment_or_none(key.last_used_at),
        "old_until": moment_or_none(key.old_until),
    }


def _flag(flag: Flag, enabled: bool) -> Json:
    return {"name": flag.name, "enabled": enabled, "default": flag.default, "help": flag.help}
