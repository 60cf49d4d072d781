"""Typing errors led back to a word that the utterances know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from plugins.local_models.words import skeleton

_SHORTEST = 4
_SAFE_FIRST_LETTER = 5
"""Longer words may also be wrong in their first letter."""


class Mender:
    """Replaces an unknown word by a known one a single slip away, or the one whose vowels it lost.

    A known word is never touched, and the same word always becomes the same word.
    """

    def __init__(self, known: Mapping[str, int]) -> None:
        self._known = known
        self._by_deletion: dict[str, list[str]] = defaultdict(list)
        self._by_skeleton: dict[str, list[str]] = defaultdict(list)
        for word in sorted(known):
            if len(word) < _SHORTEST:
                continue
            for shorter in _one_letter_less(word):
                self._by_deletion[shorter].append(word)
            if len(skeleton(word)) >= 3:
                self._by_skeleton[skeleton(word)].append(word)

    def mend(self, word: str) -> str:
        if word in self._known or len(word) < _SHORTEST or word.isdigit():
            return word
        candidates = self._a_slip_away(word) or self._with_vowels(word)
        if not candidates:
            return word
        bones = skeleton(word)
        return max(
            candidates,
            key=lambda other: (
                skeleton(other) == bones,
                other[:3] == word[:3],
                self._known[other],
                other,
            ),
        )

    def _a_slip_away(self, word: str) -> set[str]:
        near = {
            other
            for shorter in _one_letter_less(word)
            for other in self._by_deletion.get(shorter, ())
            if other[0] == word[0] or len(word) > _SAFE_FIRST_LETTER
        }
        return {other for other in near if _within_one_slip(word, other)}

    def _with_vowels(self, word: str) -> set[str]:
        same = self._by_skeleton.get(skeleton(word), ())
        return {other for other in same if len(other) >= len(word)}


def _one_letter_less(word: str) -> set[str]:
    return {word} | {word[:i] + word[i + 1 :] for i in range(len(word))}


def _within_one_slip(one: str, other: str) -> bool:
    """One letter put in, left out, exchanged, or two neighbours swapped."""
    if abs(len(one) - len(other)) > 1:
        return False
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    rest, other_rest = one[same:], other[same:]
    if len(rest) > len(other_rest):
        return rest[1:] == other_rest
    if len(rest) < len(other_rest):
        return rest == other_rest[1:]
    swapped = rest[:2] == other_rest[:2][::-1] and rest[2:] == other_rest[2:]
    return rest[1:] == other_rest[1:] or swapped
