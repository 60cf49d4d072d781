"""Load over loopback: raw HTTP/1.1 on connections that stay open, light enough to share a core."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import uvloop

HUNG = 15.0
"""Seconds after the end that the last answers may still take."""
_LENGTH = re.compile(rb"content-length: *(\d+)", re.I)
_END = b"\r\n\r\n"


@dataclass(slots=True)
class Load:
    """What came of it. A wait is from the first byte out to the last byte in, in seconds."""

    waits: list[float] = field(default_factory=list)
    refused: int = 0
    """Answers that were not 2xx."""
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return (len(self.waits) - self.refused) / self.seconds

    def wait(self, share: float) -> float:
        """The wait that this share of the answers kept within."""
        ordered = sorted(self.waits)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]

    @property
    def tail(self) -> float:
        """How much longer the unlucky wait than the usual ones: p99 by p50."""
        return self.wait(0.99) / self.wait(0.5)

    def longer_than(self, seconds: float) -> float:
        """The share of answers that took so long."""
        return sum(wait > seconds for wait in self.waits) / len(self.waits)


def drive(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    """Each connection asks, waits for the whole answer and asks again, for so many seconds."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_drive(port, requests, connections, seconds))


async def _drive(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    load, loop = Load(), asyncio.get_running_loop()
    began = time.perf_counter()
    ended = [loop.create_future() for _ in range(connections)]
    for end in ended:
        caller = _Caller(load, requests, began + seconds, end)
        await loop.create_connection(lambda c=caller: c, "127.0.0.1", port)  # type: ignore[misc]
    async with asyncio.timeout(seconds + HUNG):
        await asyncio.gather(*ended)
    load.seconds = time.perf_counter() - began
    if load.refused:
        raise RuntimeError(f"{load.refused} of {len(load.waits)} answers were not 2xx")
    return load


class _Caller(asyncio.Protocol):
    def __init__(
        self, load: Load, requests: Iterator[bytes], until: float, end: asyncio.Future[None]
    ) -> None:
        self._load, self._requests, self._until, self._end = load, requests, until, end
        self._heard = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._heard = self._heard + data if self._heard else data
        if not _is_whole(self._heard):
            return
        now = time.perf_counter()
        self._load.waits.append(now - self._began)
        if self._heard[9:10] != b"2":
            self._load.refused += 1
        if now < self._until:
            self._ask()
        else:
            self._end.set_result(None)
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._end.done():
            self._end.set_exception(ConnectionError(f"the server hung up: {error}"))

    def _ask(self) -> None:
        request = next(self._requests)
        self._heard = b""
        self._began = time.perf_counter()
        self._transport.write(request)


def _is_whole(heard: bytes) -> bool:
    end = heard.find(_END)
    if end < 0:
        return False
    length = _LENGTH.search(heard, 0, end)
    if length:
        return len(heard) >= end + len(_END) + int(length[1])
    return heard.endswith(b"0" + _END)
