"""What a vendor posts to us, and who reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from ports.events import Event


@dataclass(frozen=True, slots=True)
class RawWebhook:
    """A delivery as it came: the bytes before anything parsed them."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the vendor is told; some insist on a word of their own."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Part:
    """The share of one vendor account in a delivery that holds several."""

    account: str
    body: bytes


class WebhookReader(Protocol):
    def verify(self, webhook: RawWebhook) -> None:
        """Return if the bytes are the vendor's, else raise Unverified. Constant time, no I/O."""

    def dedupe_key(self, webhook: RawWebhook) -> str:
        """The same delivery has the same key, at most 200 characters; never raises."""

    def read(self, webhook: RawWebhook) -> Sequence[Event]:
        """The events inside, in order.

        Raises Unreadable for a shape we do not know and Ignored (with the reason) where nothing
        concerns us. Pure: it may be called again, years later, with the same result.
        """


@runtime_checkable
class Handshakes(Protocol):
    def handshake(self, query: Mapping[str, str]) -> Reply:
        """Answer the vendor's check of the address; Unverified when it is not the vendor."""


@runtime_checkable
class Splits(Protocol):
    def split(self, webhook: RawWebhook) -> Sequence[Part]:
        """Cut a delivery of an app-wide address by vendor account, losing nothing.

        Each part is a delivery of its own that the account's reader can read.
        """
