"""Keeps what resembles a measured text out of what is learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from plugins.local_models.words import words

TOO_CLOSE = 0.35
"""Jaccard similarity of word beginnings or of letters from which two texts are one idea."""


def too_close(texts: Sequence[str], others: Sequence[str]) -> NDArray[np.bool_]:
    """For each text (row) and other (column), whether they are one idea."""
    alike = np.maximum(
        _alike([_beginnings(t) for t in texts], [_beginnings(t) for t in others]),
        _alike([_letters(t) for t in texts], [_letters(t) for t in others]),
    )
    close: NDArray[np.bool_] = alike >= TOO_CLOSE
    return close


def _beginnings(text: str) -> set[str]:
    return {word[:5] for word in words(text)}


def _letters(text: str) -> set[str]:
    line = f" {' '.join(words(text))} "
    return {line[i : i + 4] for i in range(max(1, len(line) - 3))}


def _alike(texts: list[set[str]], others: list[set[str]]) -> NDArray[np.float32]:
    places = {trait: place for place, trait in enumerate(sorted(set().union(*texts, *others)))}
    shared = (_matrix(texts, places) @ _matrix(others, places).T).toarray()
    sizes = np.array([len(t) for t in texts], dtype=np.float32)[:, None]
    sizes = sizes + np.array([len(t) for t in others], dtype=np.float32)
    similarity: NDArray[np.float32] = shared / np.maximum(sizes - shared, 1)
    return similarity


def _matrix(sets: list[set[str]], places: dict[str, int]) -> csr_matrix:
    columns = [places[trait] for traits in sets for trait in sorted(traits)]
    starts = np.cumsum([0, *(len(traits) for traits in sets)])
    shape = (len(sets), len(places))
    return csr_matrix((np.ones(len(columns), dtype=np.float32), columns, starts), shape=shape)
