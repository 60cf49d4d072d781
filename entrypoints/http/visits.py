"""Where a request comes from, and those who ask before they are anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Protocol
from uuid import UUID, uuid5

import flask
from starlette.datastructures import Headers
from starlette.types import Scope

from core.identity.client import Client
from core.identity.means import Places
from core.identity.tries import network_key
from entrypoints import observe
from entrypoints.http.cookies import Cookies
from entrypoints.http.problems import TooManyRequests

Network = IPv4Network | IPv6Network
AGENT = 300
"""Characters of a user agent that are kept."""
_VISITORS = UUID("b3f1c2de-7d0a-4c55-9a52-3c6c6f0f8a11")
"""Names the buckets of networks."""


class Limits(Protocol):
    def take(self, key: UUID) -> float | None:
        """One more request of this key: None lets it pass, else the seconds to wait."""


@dataclass(frozen=True, slots=True)
class Visits:
    """The request that a handler answers at this moment."""

    places: Places
    cookies: Cookies
    limits: Limits
    """Of networks: what strangers may ask costs more than most of what members do."""
    trusted_proxies: Sequence[Network]

    def stranger(self) -> Client:
        """Who asks without a token: AnotherSite where a page of somebody else's has sent it,
        TooManyRequests when their network's share is used up."""
        self.cookies.check_page(flask.request)
        client = self.client()
        wait = self.limits.take(uuid5(_VISITORS, network_key(client.ip) or ""))
        if wait is not None:
            raise TooManyRequests(f"your network may go on in {max(1, round(wait))} seconds", wait)
        return client

    def client(self) -> Client:
        client = came_from(flask.request.environ["asgi.scope"], self.trusted_proxies)
        return replace(
            client,
            country=self.places.country(client.ip) if client.ip else None,
            device=self.cookies.device(flask.request.cookies),
        )


def came_from(scope: Scope, trusted: Sequence[Network]) -> Client:
    """Without the country: to look it up takes a while, and hardly anybody needs it."""
    agent = Headers(scope=scope).get("user-agent")
    address = client_address(scope, trusted)
    return Client(
        ip=address if address and _parsed(address) else None,
        user_agent=agent[:AGENT] if agent else None,
        correlation_id=observe.correlation_id.get(),
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


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None
