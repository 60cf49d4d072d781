"""Who asks: from an API key to an Actor, within the key's share of requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Protocol
from uuid import UUID

from connexion.lifecycle import ConnexionRequest
from connexion.security import BearerSecurityHandler
from starlette.datastructures import Headers
from starlette.types import Scope

from core.shared.actor import Actor
from core.shared.ids import OPERATOR
from core.shared.work import Works
from core.tenancy.api_keys import PREFIX, ApiKey, digest
from entrypoints import observe
from entrypoints.http.problems import TooManyRequests
from ports.clock import Clock

Network = IPv4Network | IPv6Network
FRESH = timedelta(minutes=1)
"""How exactly we know when a key was last used."""
KNOWN = 10_000
"""Keys whose owner stays in memory."""
THREADS = 6
"""Keys that are looked up at once. With the handlers' ten and the door's four they are as many as
there are connections to the database."""


class FindsKeys(Protocol):
    def find_api_key(self, digest: bytes) -> tuple[UUID, UUID] | None:
        """Tenant and id of the key with this digest, whichever tenant's; it may be closed."""


class Limits(Protocol):
    def take(self, key: UUID) -> float | None:
        """One more request of this key: None lets it pass, else the seconds to wait."""


@dataclass(frozen=True, slots=True)
class Security:
    lookups: FindsKeys
    works: Works
    limits: Limits
    clock: Clock
    trusted_proxies: Sequence[Network]
    _known: dict[bytes, tuple[UUID, UUID]] = field(default_factory=dict, init=False)
    threads: Executor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "keys"))

    async def bearer(self, token: str, request: ConnexionRequest) -> dict[str, Any] | None:
        """The framework's question: whose token is it? None is nobody's; `sub` is the Actor."""
        loop = asyncio.get_running_loop()
        admitted = await loop.run_in_executor(self.threads, self._admit, token)
        if admitted is None:
            return None
        tenant, key = admitted
        observe.tenant.set(str(tenant))
        return {"sub": self._actor(tenant, key, request.scope)}

    def _whose(self, of: bytes) -> tuple[UUID, UUID] | None:
        """Tenant and id of a key. It never changes whose a key is, so it is asked for once."""
        if of not in self._known:
            found = self.lookups.find_api_key(of)
            if found is None:
                return None
            if len(self._known) >= KNOWN:
                self._known.clear()
            self._known[of] = found
        return self._known[of]

    def _admit(self, token: str) -> tuple[UUID, ApiKey] | None:
        found = self._whose(digest(token)) if token.startswith(PREFIX) else None
        if found is None:
            return None
        tenant, now = found[0], self.clock.now()
        with self.works(tenant) as work:
            key = work.api_keys.get(found[1])
            if key is None or not key.opens(now):
                return None
            if key.last_used_at is None or now - key.last_used_at >= FRESH:
                work.api_keys.save(replace(key, last_used_at=now))
                work.commit()
        wait = self.limits.take(key.id)
        if wait is not None:
            raise TooManyRequests(f"this key may go on in {max(1, round(wait))} seconds", wait)
        return tenant, key

    def _actor(self, tenant: UUID, key: ApiKey, scope: Scope) -> Actor:
        agent = Headers(scope=scope).get("user-agent")
        return Actor(
            tenant,
            "operator" if tenant == OPERATOR else "api_key",
            str(key.id),
            frozenset(key.scopes),
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
