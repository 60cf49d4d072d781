"""A vendor in memory, behind the same requests as the real one, with faults to order.

A sandbox answers requests and keeps a list of webhooks that it owes us; whoever runs it (a test, or
`invekto sandbox` over HTTP) carries both. Faults are asked for one by one, so that a test decides
exactly what goes wrong.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any, Protocol

from ports.errors import OutcomeUnknown, Transient
from ports.http import Request, Response


class Fault(StrEnum):
    REFUSED_CONNECTION = "refused_connection"
    """Nothing reached the vendor."""
    LOST_REQUEST = "lost_request"
    """The request was sent, the vendor never saw it, the answer never came."""
    LOST_ANSWER = "lost_answer"
    """The vendor did it, the answer never came."""
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    MALFORMED = "malformed"
    """A body that is not what its content type says."""
    HALF_BODY = "half_body"
    """A body cut in the middle."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that the vendor posts to us."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Sandbox(Protocol):
    hosts: frozenset[str]
    """The hosts that it plays."""
    faults: Faults
    deliveries: Deliveries

    def handle(self, request: Request) -> Response:
        """Answer as the vendor would. Never raises for a well-formed request."""

    def control(self, command: str, **arguments: Any) -> Any:
        """Do what happens at the vendor by itself: a customer writes, a parcel moves.

        An unknown command or bad arguments is a ValueError that names it. The answer is JSON-able.
        """


@dataclass(slots=True)
class Faults:
    """Faults waiting to happen, in order; each is used up by one request that it matches."""

    _waiting: deque[tuple[Fault, str]] = field(default_factory=deque)

    def add(self, fault: Fault, *, times: int = 1, path: str = "") -> None:
        """Let the next `times` requests whose URL holds `path` meet the fault."""
        self._waiting.extend([(fault, path)] * times)

    def take(self, request: Request) -> Fault | None:
        for item in self._waiting:
            if item[1] in request.url:
                self._waiting.remove(item)
                return item[0]
        return None


@dataclass(slots=True)
class Deliveries:
    """Webhooks owed to us, with the disorder of the real world on demand."""

    waiting: list[Delivery] = field(default_factory=list)
    duplicates: float = 0.0
    """Share of deliveries that come twice."""
    reorder: bool = False
    random: Random = field(default_factory=lambda: Random(7))

    def add(self, delivery: Delivery) -> None:
        self.waiting.append(delivery)
        if self.random.random() < self.duplicates:
            self.waiting.append(delivery)

    def take(self) -> list[Delivery]:
        """All that is owed now; what is taken is no longer owed."""
        taken, self.waiting[:] = list(self.waiting), []
        if self.reorder:
            self.random.shuffle(taken)
        return taken


def answer(
    sandbox: Sandbox,
    request: Request,
    *,
    rate_limited: Callable[[], Response],
    handle: Callable[[Request], Response],
) -> Response:
    """Let a waiting fault happen, else handle: the first line of every sandbox's handle().

    Wire faults become the errors that a Transport raises, so that memory and HTTP behave alike.
    """
    fault = sandbox.faults.take(request)
    if fault is Fault.REFUSED_CONNECTION:
        raise Transient("connection refused")
    if fault is Fault.LOST_REQUEST:
        raise _lost(request)
    if fault is Fault.RATE_LIMITED:
        return rate_limited()
    if fault is Fault.SERVER_ERROR:
        return Response(500, {"content-type": "text/html"}, b"<html>Internal Server Error</html>")
    response = handle(request)
    if fault is Fault.LOST_ANSWER:
        raise _lost(request)
    if fault is Fault.MALFORMED:
        return Response(response.status, response.headers, b"<html>oops</html>")
    if fault is Fault.HALF_BODY:
        return Response(response.status, response.headers, response.body[: len(response.body) // 2])
    return response


def _lost(request: Request) -> Exception:
    if request.changes_the_world:
        return OutcomeUnknown("the answer was lost")
    return Transient("the answer was lost")


@dataclass(frozen=True, slots=True)
class SandboxTransport:
    """A Transport that ends in a sandbox: no sockets."""

    sandbox: Sandbox

    def send(self, request: Request) -> Response:
        return self.sandbox.handle(request)
