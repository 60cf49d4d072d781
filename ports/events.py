"""The common root of what vendors report; each family declares its own events."""

from __future__ import annotations


class Event:
    """Something that happened at a vendor, in our words and in the past tense."""

    __slots__ = ()
