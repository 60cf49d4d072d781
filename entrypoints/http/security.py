"""Who asks: from an API key to an Actor, within the key's share of requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Protocol
from uuid import UUID

from connexion.lifecycle import ConnexionRequest
from connexion.security import BearerSecurityHandler
from starlette.datastructures import Headers
from starlette.types import Scope

from core.shared.actor import Actor
from core.shared.ids import OPERATOR
from core.tenancy.api_keys import PREFIX, ApiKey, digest
from entrypoints import observe
from entrypoints.http.problems import TooManyRequests
from ports.clock import Clock

Network = IPv4Network | IPv6Network
FRESH = timedelta(minutes=1)
"""How exactly we know when a key was last used."""


@dataclass(frozen=True, slots=True)
class KeyHolder:
    tenant: UUID
    key: ApiKey


class Keys(Protocol):
    def find(self, digest: bytes) -> KeyHolder | None:
        """Whose key has this digest, whichever tenant's; also one that no longer opens."""

    def used(self, holder: KeyHolder, now: datetime) -> None:
        """Note when the key was last used."""


class Limits(Protocol):
    def take(self, key: UUID) -> float | None:
        """One more request of this key: None lets it pass, else the seconds to wait."""


@dataclass(frozen=True, slots=True)
class Security:
    keys: Keys
    limits: Limits
    clock: Clock
    trusted_proxies: Sequence[Network]

    async def bearer(self, token: str, request: ConnexionRequest) -> dict[str, Any] | None:
        """The framework's question: whose token is it? None is nobody's; `sub` is the Actor."""
        holder = await asyncio.to_thread(self._admit, token)
        if holder is None:
            return None
        observe.tenant.set(str(holder.tenant))
        return {"sub": self._actor(holder, request.scope)}

    def _admit(self, token: str) -> KeyHolder | None:
        if not token.startswith(PREFIX):
            return None
        holder, now = self.keys.find(digest(token)), self.clock.now()
        if holder is None or not holder.key.opens(now):
            return None
        wait = self.limits.take(holder.key.id)
        if wait is not None:
            raise TooManyRequests(f"this key may go on in {max(1, round(wait))} seconds", wait)
        if holder.key.last_used_at is None or now - holder.key.last_used_at >= FRESH:
            self.keys.used(holder, now)
        return holder

    def _actor(self, holder: KeyHolder, scope: Scope) -> Actor:
        agent = Headers(scope=scope).get("user-agent")
        return Actor(
            holder.tenant,
            "operator" if holder.tenant == OPERATOR else "api_key",
            str(holder.key.id),
            frozenset(holder.key.scopes),
            client_address(scope, self.trusted_proxies),
            agent[:300] if agent else None,
            observe.correlation_id.get(),
        )


def client_address(scope: Scope, trusted: Sequence[Network]) -> str | None:
    """Where the request came from; what a proxy says is believed only of a trusted one.

    X-Forwarded-For is read from its end, the trusted proxies left out: what stands further to the
    left was written by whoever asked.
    """
    peer = scope.get("client")
    if not peer:
        return None
    address: str = peer[0]
    said = Headers(scope=scope).getlist("x-forwarded-for")
    hops = [hop.strip() for part in said for hop in part.split(",")]
    while hops and _is_within(address, trusted):
        hop = hops.pop()
        if _parsed(hop) is None:
            break
        address = hop
    return address


def _is_within(address: str, networks: Sequence[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parsed(address: str) -> Any:
    try:
        return ip_address(address)
    except ValueError:
        return None


def handler(check: Callable[..., Awaitable[dict[str, Any] | None]]) -> type[BearerSecurityHandler]:
    """The framework's handler class, asking `check` instead of a dotted name in the spec."""

    class Bearer(BearerSecurityHandler):  # type: ignore[misc]  # the framework has no types
        def _resolve_func(self, security_scheme: Any) -> Any:  # noqa: ARG002
            return check

    return Bearer
