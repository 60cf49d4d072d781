"""Turkish mobile numbers: ours are E.164, Netgsm's have ten digits."""

from __future__ import annotations

import re

from ports.errors import Rejected
from ports.families.channel import Identity, IdentityKind

_OURS = re.compile(r"\+90(5[0-9]{9})")
_THEIRS = re.compile(r"(?:\+?90|0)?(5[0-9]{9})")


def to_ten_digits(to: Identity) -> str:
    """`+905XXXXXXXXX` as `5XXXXXXXXX`; anything else is Rejected: Netgsm would not reach it."""
    match = _OURS.fullmatch(to.value) if to.kind is IdentityKind.PHONE else None
    if match is None:
        raise Rejected("not a Turkish mobile number", field="to")
    return match[1]


def to_identity(number: str) -> Identity:
    """Who wrote. A sender that is no Turkish mobile (a short code, a name) keeps its own word."""
    match = _THEIRS.fullmatch(number)
    if match is None:
        return Identity(IdentityKind.VENDOR, number)
    return Identity(IdentityKind.PHONE, f"+90{match[1]}")
