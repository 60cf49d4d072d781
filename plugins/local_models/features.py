"""What the reader looks at in a message: letters, words, and concepts, each weighed by rarity."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from plugins.local_models.concepts import Concepts
from plugins.local_models.mending import Mender
from plugins.local_models.words import skeleton, words

WEIGHTS = {"letters": 1.0, "words": 1.0, "concepts": 0.8}
"""Chosen by cross-validation on the training part."""
LEAST_TEXTS = {"letters": 2, "words": 1, "concepts": 1}
"""A feature seen in fewer training texts is forgotten."""
_MOST_CONCEPTS = 24
_LEAST_KNOWN = 2

Blocks = dict[str, list[str]]


def known_words(texts: Iterable[str]) -> dict[str, int]:
    """How often each word stands in the texts; what stands once may be a typing error itself."""
    counts = Counter(word for text in texts for word in words(text))
    return {word: n for word, n in counts.items() if n >= _LEAST_KNOWN and len(word) >= 3}


@dataclass(frozen=True, slots=True)
class FeatureMaker:
    """Names the features of a text; pure, so the same text always has the same features."""

    concepts: Concepts
    mender: Mender

    def of(self, text: str) -> Blocks:
        typed = words(text)
        meant = [w if self.concepts.knows(w) else self.mender.mend(w) for w in typed]
        said = self.concepts.of(meant)
        together = sorted(set(said))[:_MOST_CONCEPTS]
        return {
            "letters": [gram for word in typed for gram in _letter_grams(word)],
            "words": list(_word_features(meant)),
            "concepts": said + [f"{a}+{b}" for a, b in itertools.combinations(together, 2)],
        }


def _letter_grams(word: str) -> Iterable[str]:
    padded = f" {word} "
    for size in range(2, 6):
        if size >= len(padded):
            yield padded
            return
        for start in range(len(padded) - size + 1):
            yield padded[start : start + size]


def _word_features(meant: Sequence[str]) -> Iterable[str]:
    for word in meant:
        yield "w:" + word
        yield "p:" + word[:5]
        yield "s:" + (skeleton(word)[:4] or word)
    if not meant:
        return
    stems = ["^", *(word[:5] for word in meant), "$"]
    for left, right in itertools.pairwise(stems):
        yield f"b:{left} {right}"


def rarity(texts: Sequence[Blocks]) -> dict[str, dict[str, float]]:
    """Inverse document frequency of every feature worth remembering, block by block."""
    weights: dict[str, dict[str, float]] = {}
    for block, least in LEAST_TEXTS.items():
        counts = Counter(feature for text in texts for feature in set(text[block]))
        weights[block] = {
            feature: math.log((1 + len(texts)) / (1 + n)) + 1.0
            for feature, n in sorted(counts.items())
            if n >= least
        }
    return weights


def weighed(
    blocks: Blocks, rarities: Mapping[str, Mapping[str, float]], strange: float | None = None
) -> dict[str, float]:
    """TF-IDF, logarithmic in the count, each block of unit length times its weight.

    Features that `rarities` does not know are left out, or kept at the weight `strange`.
    """
    vector: dict[str, float] = {}
    for block, features in blocks.items():
        known = rarities[block]
        raw: dict[str, float] = {}
        for feature, count in Counter(features).items():
            weight = known.get(feature, strange)
            if weight is not None:
                raw[f"{block}:{feature}"] = (1.0 + math.log(count)) * weight
        length = math.sqrt(sum(value * value for value in raw.values()))
        for feature, value in raw.items():
            vector[feature] = WEIGHTS[block] * value / length
    return vector


def strangeness(rarities: Mapping[str, Mapping[str, float]]) -> float:
    """The weight of what was never seen: as rare as the rarest. It keeps gibberish humble."""
    return max(max(known.values(), default=1.0) for known in rarities.values())


def understood(blocks: Blocks) -> float:
    """How much of a text the thesaurus knows: the logarithm of one more than its concepts."""
    return math.log1p(len({name for name in blocks["concepts"] if "+" not in name}))
