"""Sockets for one exchange: a single deadline, allowed addresses only, and a note of what left.

httpcore's own timeouts begin anew with every byte, so a server that dribbles holds a worker for
hours. Here each step gets what is left of the whole. Names are resolved once, the address is judged
and that address is connected to: a name that changes its mind between the two finds no gap.
"""

# ruff: noqa: ARG002 (the signatures are httpcore's)
from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from ports.errors import Rejected

IDLE_SECONDS = 3.0
"""How long a connection is kept for the next call: less than the 5 s after which many servers
hang up, because a call that meets the hang-up is a call in doubt."""
_RECORD = 16 * 1024
_TRIES = 4


@dataclass(slots=True)
class Exchange:
    deadline: float
    """By time.monotonic()."""
    allows: Callable[[str], bool]
    """Judges an address before it is connected to."""
    sent: bool = True
    """Whether the vendor may have seen the request. True until the wire knows better."""

    def left(self, late: type[Exception]) -> float:
        """Seconds left; raises `late` when there are none."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise late("the time for the whole exchange is over")
        return seconds


_current: ContextVar[Exchange] = ContextVar("exchange")


@contextmanager
def during(exchange: Exchange) -> Iterator[None]:
    """What the client does in this block belongs to the exchange."""
    token = _current.set(exchange)
    try:
        yield
    finally:
        _current.reset(token)


class Wire(httpx.BaseTransport):
    """Pooled connections of httpcore over our sockets. Safe to share between threads."""

    def __init__(self) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_Sockets(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _current.get().sent = False
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Sockets(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._sockets = httpcore.SyncBackend()
        self._names = ThreadPoolExecutor(8, thread_name_prefix="names")

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        exchange = _current.get()
        found = self._addresses(host, port, exchange)
        allowed = [address for address in found if exchange.allows(address)][:_TRIES]
        if not allowed:
            raise Rejected(f"{host} lies at an address that may not be called")
        *others, last = allowed
        for done, address in enumerate(others):
            seconds = exchange.left(httpcore.ConnectTimeout) / (len(allowed) - done)
            try:
                return _Stream(self._sockets.connect_tcp(address, port, seconds))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        seconds = exchange.left(httpcore.ConnectTimeout)
        return _Stream(self._sockets.connect_tcp(last, port, seconds))

    def _addresses(self, host: str, port: int, exchange: Exchange) -> list[str]:
        """In the system's order. A resolver may be slow, and has no timeout of its own."""
        asked = self._names.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            answers = asked.result(exchange.left(httpcore.ConnectTimeout))
        except TimeoutError:
            raise httpcore.ConnectTimeout("the name was not resolved in time") from None
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("the name does not resolve") from None
        return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _current.get().left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """In pieces of a TLS record, so that a slow reader cannot stretch the deadline."""
        exchange = _current.get()
        for start in range(0, len(buffer), _RECORD):
            seconds = exchange.left(httpcore.WriteTimeout)
            exchange.sent = True
            self._inner.write(buffer[start : start + _RECORD], seconds)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        seconds = _current.get().left(httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, seconds))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
