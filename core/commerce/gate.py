"""The identity gate: nobody hears about an order before proving that it is theirs.

A phone that the channel verified and that equals the order's phone proves it. Elsewhere the buyer
names the order number and the total paid: the number may stand on a parcel's label, the total does
not. Wrong guesses are answered all alike and are few.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from core.audit.events import AuditEvent
from core.commerce.orders import StoredOrder
from core.shared.actor import Actor
from core.shared.folding import fold_ascii
from core.shared.work import Work
from ports.families.marketplace import PackageState

CONTACT_TRIES = 5
CONTACT_SPAN = timedelta(hours=24)
TENANT_TRIES = 300
TENANT_SPAN = timedelta(hours=1)
MOST_NUMBERS = 3
MOST_AMOUNTS = 2


class GateStore(Protocol):
    def proven(self, contact: UUID) -> set[tuple[UUID, str]]:
        """(connection, order number) pairs that the contact has proven."""

    def add_proof(
        self, contact: UUID, installation: UUID, number: str, how: str, now: datetime
    ) -> None:
        """Remember a proven link; proving it again changes nothing."""

    def add_guess(self, contact: UUID, now: datetime) -> None:
        """A wrong guess."""

    def guesses(self, contact: UUID | None, since: datetime) -> int:
        """Wrong guesses of the contact, or with None of the whole tenant."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text offers as proof."""

    numbers: tuple[str, ...]
    """Candidates for an order number."""
    amounts: tuple[int, ...]
    """Candidates for a total, in minor units of a currency with two digits."""

    @property
    def is_guess(self) -> bool:
        """A number and an amount together claim to know an order."""
        return bool(self.numbers and self.amounts)


_MONTHS = (
    "ocak|subat|mart|nisan|mayis|haziran|temmuz|agustos|eylul|ekim|kasim|aralik|january|february"
    "|march|april|may|june|july|august|september|october|november|december"
)
_SHORT_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_COUNTED = (
    r"(?:gun|hafta|yil|saat|dakika|adet|tane|parca|beden|numara|cift)\w*|ay(?:dir|lik)?\b|ke[zr]e?\b"
    r"|(?:day|week|month|year|hour|minute|item|piece|pair|time)s?\b|pcs\b"
)
_ASIDE = re.compile(
    r"(?<![\w.,])(?:"
    r"\d{1,2}[./]\d{1,2}[./]\d{4}|\d{4}-\d\d-\d\d|\d{1,2}:\d\d"
    rf"|\d{{1,2}}\s+(?:{_MONTHS})\w*(?:\s+\d{{4}})?"
    rf"|(?:{_MONTHS}|{_SHORT_MONTHS})\.?\s+\d{{1,2}}(?:,?\s+\d{{4}})?"
    rf"|\d{{1,3}}\s?(?:{_COUNTED})|%\s?\d+"
    r"|(?:\+?90|0)[\s-]?\(?5\d\d\)?[\s-]\d{3}[\s-]?\d\d[\s-]?\d\d"
    r"|5\d\d[\s-]\d{3}[\s-]\d\d[\s-]?\d\d"
    r")(?!\d)"
)
"""Dates, times, counts and phones with spaces: they are no proof, and would crowd it out."""
_NUMBER = re.compile(r"(?<![\w-])#?([a-z]{0,6}-?\d[\d-]{4,20}\d)(?![\w-])")
_AMOUNT = re.compile(
    r"(?<![\w.,-])(\d{1,3}(?:\.\d{3})+|\d{1,3}(?:,\d{3})+|\d{1,6})(?:[.,](\d{2}))?"
    r"(?=\s*(tl|try|lira|₺)?(?:$|[\s,;.!?)'\"’”*]))"
)


_PAID = re.compile(
    r"\b(?:tl|try|lira|odedim|odedik|odenen|tutar\w*|toplam\w*|i paid|paid|total)\b|₺"
)
"""What people say around a total."""


def facts_in(text: str) -> Facts:
    """Read order numbers and amounts from a text; a number is not an amount as well.

    Only the first few count, those that look like money before bare ones: a message full of
    amounts is one try, not many.
    """
    plain = _ASIDE.sub(" ", fold_ascii(text))
    numbers = tuple(dict.fromkeys(m.group(1).upper() for m in _NUMBER.finditer(plain)))
    found = list(_AMOUNT.finditer(_NUMBER.sub(" ", plain)))
    found.sort(key=lambda m: m.group(2) is None and m.group(3) is None)
    amounts = dict.fromkeys(_minor(m.group(1), m.group(2)) for m in found)
    return Facts(numbers[:MOST_NUMBERS], tuple(amounts)[:MOST_AMOUNTS])


def besides_proof(text: str) -> str:
    """What a text says apart from a number and a total; the text itself when it offers no proof.

    “12345678901, 289,50 TL ödedim” speaks of no payment: it is the proof that we ask for.
    """
    if not facts_in(text).is_guess:
        return text
    rest = _NUMBER.sub(" ", _ASIDE.sub(" ", fold_ascii(text)))
    return _PAID.sub(" ", _AMOUNT.sub(" ", rest)).strip(" ,;.:!?-")


def _minor(whole: str, cents: str | None) -> int:
    return int(re.sub(r"\D", "", whole)) * 100 + int(cents or 0)


@dataclass(frozen=True, slots=True)
class Admission:
    orders: tuple[StoredOrder, ...]
    """Those the contact may hear about, of the ones asked for."""
    locked: bool = False
    """Too many wrong guesses: a person must take over."""


def admit(
    asked: Sequence[StoredOrder],
    facts: Facts,
    contact: UUID,
    phones: Sequence[str],
    work: Work,
    actor: Actor,
    *,
    now: datetime,
) -> Admission:
    """Which of the orders with a named number the contact may hear about.

    Called inside a work: proofs and wrong guesses are remembered with it. `asked` may be empty: a
    guess at an order that does not exist counts like any other.
    """
    known = work.gate.proven(contact)
    standing = tuple(s for s in asked if _theirs(s, known, phones))
    if standing or not facts.is_guess:
        return Admission(standing)
    if _spent(work, contact, now):
        return Admission((), locked=True)
    right = tuple(s for s in asked if _total_fits(s, facts))
    if not right:
        work.gate.add_guess(contact, now)
        if _spent(work, contact, now):
            work.audit.add(AuditEvent("gate.locked", actor, "contact", str(contact), now))
        return Admission(())
    for stored in right:
        number = stored.order.number
        work.gate.add_proof(contact, stored.installation_id, number, "number and total", now)
        work.orders.link(stored.installation_id, number, contact)
        work.audit.add(
            AuditEvent(
                "order.proven",
                actor,
                "order",
                number,
                now,
                after={"contact": str(contact), "how": "number and total"},
            )
        )
    return Admission(right)


def theirs(
    orders: Sequence[StoredOrder], contact: UUID, phones: Sequence[str], work: Work
) -> tuple[StoredOrder, ...]:
    """Of some orders, those whose proof stands already."""
    known = work.gate.proven(contact)
    return tuple(s for s in orders if _theirs(s, known, phones))


def _theirs(stored: StoredOrder, known: set[tuple[UUID, str]], phones: Sequence[str]) -> bool:
    if (stored.installation_id, stored.order.number) in known:
        return True
    phone = stored.order.buyer.phone
    return phone is not None and phone in phones


def _total_fits(stored: StoredOrder, facts: Facts) -> bool:
    """The total of what stands, or of all that was ever ordered, to the kuruş or to the lira."""
    if stored.order.number.upper() not in facts.numbers:
        return False
    standing = stored.total
    packages = [p for p in stored.order.packages if p.state is not PackageState.SUPERSEDED]
    totals = {sum(p.total.minor for p in packages)} | ({standing.minor} if standing else set())
    exact = totals | {t // 100 * 100 for t in totals}
    return any(amount in exact for amount in facts.amounts if amount > 0)


def _spent(work: Work, contact: UUID, now: datetime) -> bool:
    return (
        work.gate.guesses(contact, now - CONTACT_SPAN) >= CONTACT_TRIES
        or work.gate.guesses(None, now - TENANT_SPAN) >= TENANT_TRIES
    )
