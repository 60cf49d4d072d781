"""The library's way out: its requests go through the house's Transport."""

from __future__ import annotations

import httpx2

from ports.http import Request, Transport

TIMEOUT = 25.0
"""Seconds for one answer; the library's own 600 would hold a worker hostage."""

_CARRIED = frozenset({
    "accept", "authorization", "content-type", "openai-organization", "openai-project",
    "user-agent",
})  # fmt: skip
"""Headers that leave. The rest is the transport's own business, or came from the environment."""

_DECODED = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers about bytes on the wire; the house hands over the body as it was before them."""


class HouseTransport(httpx2.BaseTransport):
    """What the house raises passes through the library as it is, for it is no error of httpx2."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Every request is a read to the house: its only effect is its price."""
        answered = self._transport.send(
            Request(
                request.method,
                str(request.url),
                {k: v for k, v in request.headers.items() if k in _CARRIED},
                request.read() or None,
                timeout=TIMEOUT,
                reads=True,
            )
        )
        headers = {k: v for k, v in answered.headers.items() if k.lower() not in _DECODED}
        return httpx2.Response(answered.status, headers=headers, content=answered.body)
