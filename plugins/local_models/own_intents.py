"""Intents that a tenant names by a handful of examples, judged beside the built-in ones.

A text is as much like an own intent as it is like the nearest examples; how much likeness makes
how much confidence is learned from built-in intents that play the tenant's part.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Vector = Mapping[str, float]
Rule = tuple[float, float, float, float]
"""Weights of the nearest example, of the mean of the two nearest, of the strongest built-in
intent's probability, and the bias."""

_EXAMPLES = (3, 5, 8, 12)
_MEANT, _OTHERS = 20, 400
"""Texts asked of each played intent; an own intent is rare among all messages."""


def confidence(
    text: Vector, examples: Sequence[Vector], strongest_builtin: float, rule: Rule
) -> float:
    likeness = sorted((_cosine(text, example) for example in examples), reverse=True)
    if not likeness or likeness[0] == 0.0:
        return 0.0
    nearest, mean = likeness[0], sum(likeness[:2]) / len(likeness[:2])
    drive = rule[0] * nearest + rule[1] * mean + rule[2] * strongest_builtin + rule[3]
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, drive))))


def _cosine(one: Vector, other: Vector) -> float:
    if len(one) > len(other):
        one, other = other, one
    shared = sum(value * other[name] for name, value in one.items() if name in other)
    lengths = math.hypot(*one.values()) * math.hypot(*other.values())
    return shared / lengths if lengths else 0.0


def fit_rule(
    vectors: csr_matrix, labels: NDArray[np.intp], scores: NDArray[np.float64], seed: int
) -> Rule:
    """Let each built-in intent in turn be unknown, known only by a few of its utterances.

    Half of the texts that are not meant belong to no other known intent either: in life, too, a
    weak built-in intent does not make the own one right.
    """
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(seed)
    lengths = np.sqrt(vectors.multiply(vectors).sum(axis=1)).A1
    traits: list[list[float]] = []
    truths: list[bool] = []
    for intent in range(scores.shape[1]):
        inside = random.permutation(np.flatnonzero(labels == intent))
        outside = random.permutation(np.flatnonzero(labels != intent))[:_OTHERS]
        count = _EXAMPLES[intent % len(_EXAMPLES)]
        asked = np.concatenate([inside[count : count + _MEANT], outside])
        likeness = (vectors[asked] @ vectors[inside[:count]].T).toarray()
        likeness /= lengths[asked][:, None] * lengths[inside[:count]][None, :]
        nearest = -np.sort(-likeness, axis=1)[:, :2]
        rivals = _strongest(_without(scores[asked], labels[asked], intent))
        traits += np.column_stack([nearest[:, 0], nearest.mean(axis=1), rivals]).tolist()
        truths += (labels[asked] == intent).tolist()
    fitted = LogisticRegression(C=100.0, max_iter=1_000).fit(traits, truths)
    a, b, c = (float(value) for value in fitted.coef_[0])
    return a, b, c, float(fitted.intercept_[0])


def _without(
    scores: NDArray[np.float64], labels: NDArray[np.intp], intent: int
) -> NDArray[np.float64]:
    hidden = scores.copy()
    hidden[:, intent] = -np.inf
    orphans = np.flatnonzero(labels != intent)[::2]
    hidden[orphans, labels[orphans]] = -np.inf
    return hidden


def _strongest(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    strongest: NDArray[np.float64] = (likely / likely.sum(axis=1, keepdims=True)).max(axis=1)
    return strongest
