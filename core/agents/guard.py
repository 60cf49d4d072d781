"""Guards: what no answer may hold, whoever wrote it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.agents.evidence import Evidence, Sentence, unsupported

LONGEST = 1500


@dataclass(frozen=True, slots=True)
class Guarded:
    name: str
    ok: bool
    detail: str = ""


_IBAN = re.compile(r"\bTR\d{2}(?:\s?\d{4}){5}\s?\d{2}\b", re.IGNORECASE)
_ELEVEN = re.compile(r"(?<!\d)[1-9]\d{10}(?!\d)")
_CARD = re.compile(r"(?<!\d)(?:\d[ -]?){15}\d(?!\d)")


def guards(sentences: Sequence[Sentence], evidence: Sequence[Evidence]) -> list[Guarded]:
    """Every guard with its result; the answer may go only when all are ok."""
    text = " ".join(s.text for s in sentences)
    faults = unsupported(sentences, evidence)
    cited = {e.value for e in evidence}
    private = [w for w in _private(_without_links(text, cited)) if w not in cited]
    return [
        Guarded("evidence", not faults, "; ".join(f"{f.word} in “{f.sentence}”" for f in faults)),
        Guarded("personal data", not private, f"{len(private)} found" if private else ""),
        Guarded("length", 0 < len(text.strip()) <= LONGEST, f"{len(text)} characters"),
    ]


def passes(results: Sequence[Guarded]) -> bool:
    return all(r.ok for r in results)


def _without_links(text: str, cited: set[str]) -> str:
    """A vendor's own link may hold any number."""
    for link in sorted((c for c in cited if "://" in c), key=len, reverse=True):
        text = text.replace(link, " ")
    return text


def _private(text: str) -> list[str]:
    """Identity numbers (by their check digits), IBANs and card numbers (by Luhn)."""
    found = [m for m in _ELEVEN.findall(text) if _is_identity_number(m)]
    found += _IBAN.findall(text)
    return found + [m for m in _CARD.findall(text) if _luhn(re.sub(r"\D", "", m))]


def _is_identity_number(digits: str) -> bool:
    d = [int(c) for c in digits]
    tenth = (7 * sum(d[0:9:2]) - sum(d[1:8:2])) % 10
    return d[9] == tenth and d[10] == sum(d[:10]) % 10


def _luhn(digits: str) -> bool:
    doubled = [int(c) * (1 + i % 2) for i, c in enumerate(reversed(digits))]
    return sum(x - 9 if x > 9 else x for x in doubled) % 10 == 0
