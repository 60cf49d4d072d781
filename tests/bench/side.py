"""A server under load, as its clients and its processor see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.load import drive
from tests.bench.servers import Listening, cpu_seconds


@dataclass(frozen=True, slots=True)
class Stretch:
    """What came of some seconds under load."""

    rate: float
    p50: float
    p99: float
    late: float
    """The share that took over a second."""
    cpu: float
    """Processor seconds of the server a request."""


@dataclass(slots=True)
class Side:
    """One of the two servers, and what it is asked."""

    server: Listening
    requests: Iterator[bytes]
    kept: int = 0

    def under(self, connections: int, seconds: float) -> Stretch:
        before = cpu_seconds(self.server.process)
        load = drive(self.server.port, self.requests, connections, seconds)
        spent = cpu_seconds(self.server.process) - before
        self.kept += len(load.waits)
        late = load.longer_than(1.0)
        return Stretch(load.rate, load.wait(0.5), load.wait(0.99), late, spent / len(load.waits))
