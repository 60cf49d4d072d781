"""Keeps what resembles a measured text out of what is learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from plugins.local_models.words import words

TOO_CLOSE = 0.35
"""Jaccard similarity of word beginnings or of letters from which two texts are one idea."""


def echoes(texts: Sequence[str], of: Sequence[str]) -> list[bool]:
    """For each text, whether it comes too close to any text of `of`."""
    worst = np.zeros(len(texts))
    for traits in (_beginnings, _letters):
        worst = np.maximum(worst, _closest([traits(t) for t in texts], [traits(t) for t in of]))
    return [bool(value >= TOO_CLOSE) for value in worst]


def _beginnings(text: str) -> set[str]:
    return {word[:5] for word in words(text)}


def _letters(text: str) -> set[str]:
    line = f" {' '.join(words(text))} "
    return {line[i : i + 4] for i in range(max(1, len(line) - 3))}


def _closest(texts: list[set[str]], others: list[set[str]]) -> np.ndarray:
    places = {trait: place for place, trait in enumerate(sorted(set().union(*texts, *others)))}
    left, right = _matrix(texts, places), _matrix(others, places)
    shared = (left @ right.T).toarray()
    sizes = np.array([len(t) for t in texts])[:, None] + np.array([len(t) for t in others])
    similar: np.ndarray = (shared / np.maximum(sizes - shared, 1)).max(axis=1, initial=0.0)
    return similar


def _matrix(sets: list[set[str]], places: dict[str, int]) -> csr_matrix:
    columns = [places[trait] for traits in sets for trait in sorted(traits)]
    starts = np.cumsum([0, *(len(traits) for traits in sets)])
    shape = (len(sets), len(places))
    return csr_matrix((np.ones(len(columns)), columns, starts), shape=shape)
