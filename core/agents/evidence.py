"""Evidence: the facts a turn found, each with where it came from; and the check against them.

Every hard word of an answer (numbers, dates, links, carriers, states of an order or a parcel) must
stand in the evidence that its sentence cites. A sentence that cites nothing may hold no hard word.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.shared.folding import fold_ascii


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact, as a vendor told it."""

    id: str
    source: str
    """Plugin and place: `trendyol order 123 · packages[77].status`."""
    value: str
    """The vendor's own value."""
    shown: str
    """How an answer may say it: words in both languages, dates as people write them."""
    observed_at: datetime

    @property
    def digest(self) -> str:
        """Binds an answer to exactly this value from exactly this place."""
        return hashlib.sha256(f"{self.source}\n{self.value}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsupported:
    sentence: str
    word: str
    """What no cited evidence says."""


_HARD = re.compile(
    r"https?://[^\s<>\"')\]]+"
    r"|[\w.+-]+@[\w-]+\.[\w.]+"
    r"|(?:www\.)?[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|info|biz|io|co|ly|me|app|shop|site|link|tr)\b"
    r"(?:/[^\s<>\"')\]]*)?"
    r"|\d+(?:[.,:/-]\d+)*",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"\b(?:ocak|subat|mart|nisan|mayis|haziran|temmuz|agustos|eylul|ekim|kasim|aralik|january"
    r"|february|march|april|june|july|august|september|october|november|december)"
    r"|\bmay(?=\s+\d)|(?<=\d\s)may\b"
)
"""Turkish months may carry an ending; an English `may` is a month only beside a number."""
_CARRIER = re.compile(
    r"\b(?:aras|yurtici|ptt|mng|surat|ups|dhl|fedex|trendyol express|hepsijet|horoz|ceva"
    r"|kolay gelsin|sendeo|kargoist|scotty)\b"
)
_STATES = {
    "pending": ("onay bekliyor", "waiting for confirmation"),
    "preparing": ("hazirlaniyor", "being prepared", "preparing"),
    "announced": ("kargo firmasina bildirildi", "announced to the carrier", "not yet picked up"),
    "shipped": ("kargoya verildi", "yola cik", "yolda", "shipped", "on its way", "in transit"),
    "out_for_delivery": ("dagitima cik", "dagitimda", "kuryede", "out for delivery"),
    "waiting": (
        "subede bekliyor",
        "teslim almanizi bekliyor",
        "waiting for you",
        "at the branch",
        "at the pick-up point",
    ),
    "failed": (
        "teslim edilemedi",
        "teslim edilmedi",
        "could not be delivered",
        "not been delivered",
        "not delivered",
        "delivery failed",
    ),
    "delivered": ("teslim edildi", "teslim edilmis", "teslim aldiniz", "delivered"),
    "returning": ("iade yolunda", "on its way back"),
    "returned": ("iade edildi", "iade edilmis", "geri dondu", "returned", "refunded"),
    "cancelled": ("iptal edildi", "iptal edilmis", "cancelled", "canceled"),
    "opened": ("acildi", "is open"),
    "with_seller": ("satici incelemesinde", "with the seller"),
    "in_review": ("inceleniyor", "under review"),
    "accepted": ("onaylandi", "kabul edildi", "accepted", "approved"),
    "rejected": ("reddedildi", "rejected", "declined"),
    "disputed": ("itiraz asamasinda", "disputed"),
}
"""What the phrases of a state mean; of two that begin alike the longer one is heard."""
_MEANING = {phrase: meaning for meaning, phrases in _STATES.items() for phrase in phrases}
_STATE = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, _MEANING), key=len, reverse=True))})")


def unsupported(sentences: Iterable[Sentence], evidence: Sequence[Evidence]) -> list[Unsupported]:
    """Every hard word that the sentence's own evidence does not say."""
    by_id = {e.id: e for e in evidence}
    faults = []
    for sentence in sentences:
        cited = [by_id[i] for i in sentence.evidence if i in by_id]
        if len(cited) != len(sentence.evidence):
            faults.append(Unsupported(sentence.text, "cites evidence that is not there"))
            continue
        faults.extend(Unsupported(sentence.text, word) for word in _missing(sentence.text, cited))
    return faults


def _missing(text: str, cited: Sequence[Evidence]) -> list[str]:
    said = " \n ".join(f"{e.value} {e.shown}" for e in cited)
    folded, have = fold_ascii(text), fold_ascii(said)
    numbers = {_plain(m) for m in _HARD.findall(said)}
    missing = [m for m in _HARD.findall(text) if _plain(m) not in numbers]
    for names in (_MONTH, _CARRIER):
        known = set(names.findall(have))
        missing += [name for name in names.findall(folded) if name not in known]
    meant = {_MEANING[phrase] for phrase in _STATE.findall(have)}
    return missing + [p for p in _STATE.findall(folded) if _MEANING[p] not in meant]


def _plain(hard: str) -> str:
    return hard.rstrip(".,;:!?")
