"""What a tenant asks of its people and keys at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.identity.client import Client
from core.identity.means import Places
from core.identity.policy import Fence, KeptPolicy, SecondFactor, SignInPolicy
from core.identity.set_policy import harm_of, set_policy
from core.shared.actor import Actor, allow
from core.shared.work import Works
from entrypoints.http.versions import check_version, etag
from entrypoints.http.wire import Answer, Json, id_or_none, to_id_or_none
from ports.clock import Clock

PLAIN = ("local", "password_length", "second_factor_after_sso", "idle_minutes",
         "absolute_minutes", "remember_days")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Policy:
    works: Works
    places: Places
    clock: Clock

    def get(self, user: Actor) -> Answer:
        allow(user, "security.read")
        with self.works(user.tenant) as work:
            kept = work.policy.get()
        return present(kept), 200, etag(kept.version)

    def set(self, body: Mapping[str, Any], user: Actor) -> Answer:
        allow(user, "security.write")
        with self.works(user.tenant) as work:
            seen = work.policy.get().version
        check_version(seen)
        kept = set_policy(
            to_policy(body),
            seen,
            user,
            self._client(user),
            force=body.get("force", False),
            works=self.works,
            now=self.clock.now(),
        )
        return present(kept), 200, etag(kept.version)

    def check(self, body: Mapping[str, Any], user: Actor) -> Answer:
        harm = harm_of(to_policy(body), user, self._client(user), works=self.works)
        return {"items": [{"field": field, "reason": why} for field, why in harm.items()]}

    def _client(self, user: Actor) -> Client:
        return Client(user.ip, self.places.country(user.ip) if user.ip else None, user.user_agent)


def to_policy(body: Mapping[str, Any]) -> SignInPolicy:
    """The policy that is meant; what is left out is as a new tenant has it."""
    given = {field: body[field] for field in PLAIN if field in body}
    if "second_factor" in body:
        given["second_factor"] = SecondFactor(body["second_factor"])
    return SignInPolicy(
        **given,
        break_glass=to_id_or_none(body.get("break_glass")),
        second_factor_roles=tuple(body.get("second_factor_roles", ())),
        sms_channel=to_id_or_none(body.get("sms_channel")),
        people=to_fence(body.get("people")),
        keys=to_fence(body.get("keys")),
    )


def to_fence(said: Mapping[str, Any] | None) -> Fence:
    return Fence(tuple(said["networks"]), tuple(said["countries"])) if said else Fence()


def present(kept: KeptPolicy) -> Json:
    policy = kept.policy
    return {
        **{field: getattr(policy, field) for field in PLAIN},
        "break_glass": id_or_none(policy.break_glass),
        "second_factor": policy.second_factor,
        "second_factor_roles": [*policy.second_factor_roles],
        "sms_channel": id_or_none(policy.sms_channel),
        "people": present_fence(policy.people),
        "keys": present_fence(policy.keys),
        "version": kept.version,
    }


def present_fence(fence: Fence) -> Json:
    return {"networks": [*fence.networks], "countries": [*fence.countries]}
