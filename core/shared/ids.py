"""Identifiers that sort by the moment they were made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

Ids = Callable[[], UUID]
"""Hands out a fresh id at each call."""

OPERATOR = UUID("00000000-0000-7000-8000-000000000001")
"""The tenant of whoever runs the installation: owner of app-wide vendor doors."""


def uuid7(now: datetime, random: bytes) -> UUID:
    """A version 7 UUID (RFC 9562) of a moment and ten random bytes."""
    millis = int(now.timestamp() * 1000)
    value = (millis << 80) | int.from_bytes(random[:10], "big")
    value = value & ~(0xF << 76) | (0x7 << 76)
    return UUID(int=value & ~(0x3 << 62) | (0x2 << 62))
