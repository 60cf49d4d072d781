"""Who asks: from a bearer token to an Actor, within their share of requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from connexion.lifecycle import ConnexionRequest
from connexion.security import BearerSecurityHandler
from starlette.types import Scope

from core.identity.admit import Admit
from core.identity.client import Client
from core.identity.means import AccessTokens
from core.shared.actor import Actor
from core.tenancy.api_keys import PREFIX, digest
from entrypoints import observe
from entrypoints.http.problems import TooManyRequests
from entrypoints.http.visits import Limits, Network, came_from
from ports.clock import Clock

KNOWN = 10_000
"""Keys whose owner stays in memory."""
THREADS = 6
"""Tokens that are looked up at once. With the handlers' ten, the webhook door's four, and two each
of the providers' and the directories' door they are as many as there are connections."""


class FindsKeys(Protocol):
    def find_api_key(self, digest: bytes) -> tuple[UUID, UUID] | None:
        """Tenant and id of the key with this digest, whichever tenant's; it may be closed."""


@dataclass(frozen=True, slots=True)
class Security:
    lookups: FindsKeys
    admit: Admit
    tokens: AccessTokens
    limits: Limits
    clock: Clock
    trusted_proxies: Sequence[Network]
    _known: dict[bytes, tuple[UUID, UUID]] = field(default_factory=dict, init=False)
    threads: Executor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "tokens"))

    async def bearer(self, token: str, request: ConnexionRequest) -> dict[str, Any] | None:
        """The framework's question: whose token is it? None is nobody's; `sub` is the Actor."""
        actor = await self.actor(token, request.scope)
        return None if actor is None else {"sub": actor}

    async def actor(self, token: str, scope: Scope) -> Actor | None:
        """Who may act by this token, from where it was sent; None is nobody.

        NotFromHere where a fence stands, TooManyRequests when the share is used up.
        """
        client = came_from(scope, self.trusted_proxies)
        loop = asyncio.get_running_loop()
        actor = await loop.run_in_executor(self.threads, self._admitted, token, client)
        if actor is not None:
            observe.tenant.set(str(actor.tenant))
        return actor

    def _admitted(self, token: str, client: Client) -> Actor | None:
        actor = (
            self._key(token, client) if token.startswith(PREFIX) else self._person(token, client)
        )
        if actor is None:
            return None
        wait = self.limits.take(UUID(actor.id))
        if wait is not None:
            raise TooManyRequests(f"you may go on in {max(1, round(wait))} seconds", wait)
        return actor

    def _person(self, token: str, client: Client) -> Actor | None:
        claims = self.tokens.read(token, self.clock.now())
        return None if claims is None else self.admit.person(claims, client)

    def _key(self, token: str, client: Client) -> Actor | None:
        offered = digest(token)
        found = self._whose(offered)
        return None if found is None else self.admit.key(*found, offered, client)

    def _whose(self, of: bytes) -> tuple[UUID, UUID] | None:
        """Tenant and id of a key. It never changes whose a key is, so it is asked for once."""
        known = self._known.get(of)
        if known is None:
            known = self.lookups.find_api_key(of)
            if known is None:
                return None
            if len(self._known) >= KNOWN:
                self._known.clear()
            self._known[of] = known
        return known


def handler(check: Callable[..., Awaitable[dict[str, Any] | None]]) -> type[BearerSecurityHandler]:
    """The framework's handler class, asking `check` instead of a dotted name in the spec."""

    class Bearer(BearerSecurityHandler):  # type: ignore[misc]  # the framework has no types
        def _resolve_func(self, security_scheme: Any) -> Any:  # noqa: ARG002
            return check

    return Bearer
