"""The way out. Plugins import no HTTP library; the house hands them a Transport.

What happened on the wire decides the error, in one place for all vendors:

    ============================  =============  ==================
    on the wire                   a read         anything else
    ============================  =============  ==================
    no connection, no DNS         Transient      Transient
    sent, then lost or garbled    Transient      OutcomeUnknown
    answered                      the Response   the Response
    ============================  =============  ==================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ports.wild import Wild

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout: float = 15.0
    """Seconds for the whole exchange."""
    reads: bool | None = None
    """True where a POST only asks (SOAP queries); by default GET, HEAD and OPTIONS read."""

    @property
    def changes_the_world(self) -> bool:
        return not (self.method.upper() in _READS if self.reads is None else self.reads)


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Wild:
        """The body as wild data; ContractBroken when it is not JSON."""
        return Wild.parse(self.body)


class Transport(Protocol):
    def send(self, request: Request) -> Response:
        """Every answered exchange is a Response, whatever its status; redirects are not followed.

        Raises Transient or OutcomeUnknown as the table above says, and Rejected for a host that
        the manifest does not name.
        """
