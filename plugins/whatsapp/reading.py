"""Small words for reading Meta's objects."""

from __future__ import annotations

import re

from ports.errors import ContractBroken
from ports.families.channel import Identity, IdentityKind
from ports.wild import Wild

_PHONE = re.compile(r"\+?([0-9]{5,15})")


def said(wild: Wild, *path: str) -> str | None:
    """The text at the end of the path; None when it is absent, empty or anything else.

    For what a message can do without: a name, a caption, a headline. Never raises.
    """
    value = wild.raw
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) and value else None


def needed(wild: Wild) -> str:
    """Text that must be there and must not be empty; else ContractBroken."""
    text = wild.text()
    if not text:
        raise ContractBroken(f"{wild.path} is empty")
    return text


def to_identities(user_id: str | None, phone: str | None) -> tuple[Identity, ...]:
    """The business-scoped user id first, then the phone as E.164; either may be missing.

    WhatsApp writes phones as digits without the plus sign.
    """
    found: list[Identity] = []
    if user_id:
        found.append(Identity(IdentityKind.VENDOR, user_id))
    match = _PHONE.fullmatch(phone or "")
    if match:
        found.append(Identity(IdentityKind.PHONE, f"+{match[1]}"))
    return tuple(found)
