"""Cutting folded text into words, with what people leave out put back."""

from __future__ import annotations

import re

from plugins.local_models.folding import fold

LONGEST_TEXT = 2_000
"""Characters read of one message; a wish stands at the beginning or nowhere."""

_WORD = re.compile(r"[^\W\d_]+|\d+")
_DRAWN_OUT = re.compile(r"([a-z])\1{2,}")
_VOWELS = re.compile(r"[aeiou]")
_SPELLED_OUT = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\b(?:wo|won)'?t\b", "will not"),
        (r"\bcan'?t\b", "can not"),
        (r"\b(do|does|did|is|are|was|were|has|have|had|would|could|should)n'?t\b", r"\1 not"),
        (r"\b(what|where|when|who|how|it|that|there|here)'?s\b", r"\1 is"),
        (r"\b(i|you|we|they)'(?:m|re|ve|ll|d)\b", r"\1"),
        (r"'(\w+)\b", r" \1"),
    )
)


def words(text: str) -> list[str]:
    """Folded words in order; every number is `0`, `geldiiii` is `geldi`, `don't` is `do not`."""
    folded = _DRAWN_OUT.sub(r"\1", fold(text[:LONGEST_TEXT]))
    for pattern, replacement in _SPELLED_OUT:
        folded = pattern.sub(replacement, folded)
    return ["0" if word.isdigit() else word for word in _WORD.findall(folded)]


def skeleton(word: str) -> str:
    """The word without vowels: `kargom`, `kargm` and `krgm` are all `krgm`."""
    return _VOWELS.sub("", word)
