"""Where a request comes from, as far as it can be told."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Client:
    ip: str | None = None
    """The address that a trusted proxy tells, or the peer's own."""
    country: str | None = None
    """ISO 3166 alpha-2 of the address; None where the database does not know it."""
    user_agent: str | None = None
    device: UUID | None = None
    """By its cookie: a claim, until the person's realm knows the device."""
    correlation_id: str | None = None
