"""What a password must be: long enough, and nothing that guessers try first.

Any characters, none required: NIST SP 800-63B, section 3.1.1.2, and OWASP ASVS 5.0, chapter 6.2.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from core.identity.means import Common
from core.identity.policy import SignInPolicy
from core.shared.errors import Invalid

LONGEST = 128
OURS = "invekto"


def check_password(password: str, *, least: int, names: Collection[str], common: Common) -> None:
    """Invalid unless it will do. `names` are what everybody knows of the person."""
    if (why := _fault(password, least, names, common)) is not None:
        raise Invalid({"password": why})


def least_length(policies: Collection[SignInPolicy]) -> int:
    """The strictest of the person's sellers; the house's own where there is none."""
    return max((p.password_length for p in policies), default=SignInPolicy().password_length)


def known_names(email: str, name: str) -> tuple[str, ...]:
    """What everybody knows of somebody, and no password may be."""
    return email, email.partition("@")[0], name


def _fault(password: str, least: int, names: Collection[str], common: Common) -> str | None:
    if not least <= len(password) <= LONGEST:
        return f"must have {least} to {LONGEST} characters"
    if any("\ud800" <= c <= "\udfff" for c in password):
        return "holds half a character"
    if password in common:
        return "is one of those that are guessed first"
    if _bare(password) in {_bare(name) for name in (*names, OURS)} - {""}:
        return "is your name or address, with something around it"
    return None


def _bare(text: str) -> str:
    """Its letters alone: digits and signs around a name fool nobody."""
    return re.sub(r"[\W\d_]+", "", text.casefold())
