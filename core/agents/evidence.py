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
    r"|\d+(?:[.,:/-]\d+)*"
)
_MONTHS = (
    "ocak",
    "subat",
    "mart",
    "nisan",
    "mayis",
    "haziran",
    "temmuz",
    "agustos",
    "eylul",
    "ekim",
    "kasim",
    "aralik",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_CARRIERS = (
    "aras",
    "yurtici",
    "ptt",
    "mng",
    "surat",
    "ups",
    "dhl",
    "fedex",
    "trendyol express",
    "hepsijet",
    "horoz",
    "ceva",
    "kolay gelsin",
    "sendeo",
    "kargoist",
    "scotty",
)
_STATES = {
    "delivered": ("teslim edildi", "teslim edilmis", "teslim aldiniz", "delivered"),
    "out_for_delivery": ("dagitima cik", "dagitimda", "kuryede", "out for delivery"),
    "shipped": ("kargoya verildi", "yola cik", "yolda", "shipped", "on its way", "in transit"),
    "preparing": ("hazirlaniyor", "being prepared", "preparing"),
    "cancelled": ("iptal edildi", "iptal edilmis", "cancelled", "canceled"),
    "returned": ("iade edildi", "iade edilmis", "geri dondu", "returned", "refunded"),
    "failed": ("teslim edilemedi", "could not be delivered", "delivery failed"),
    "waiting": ("subede bekliyor", "teslim almanizi bekliyor", "waiting for you", "at the branch"),
}


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
    for words in (_MONTHS, _CARRIERS):
        missing += [w for w in words if _has(folded, w) and not _has(have, w)]
    for phrases in _STATES.values():
        claimed = [p for p in phrases if p in folded]
        if claimed and not any(p in have for p in phrases):
            missing.append(claimed[0])
    return missing


def _has(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}", text) is not None


def _plain(hard: str) -> str:
    return hard.rstrip(".,;:!?")
