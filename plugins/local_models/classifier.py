"""Probabilities for every intent, from weights that were trained before or are trained now."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np

from plugins.local_models import concepts, corpus, features, own_intents, weights
from plugins.local_models.mending import Mender
from plugins.local_models.weights import Unusable, Weights

_CODE = (
    "classifier.py",
    "concepts.py",
    "concepts.tsv",
    "corpus.py",
    "echoes.py",
    "features.py",
    "folding.py",
    "language.py",
    "mending.py",
    "own_intents.py",
    "reader.py",
    "small_words.tsv",
    "training.py",
    "weights.py",
    "wishes.py",
    "words.py",
)
"""What a reading depends on; a changed letter in any of them makes another model."""
_REMEMBERED = 1_024
"""Vectors of tenants' examples, some 20 KB each."""


class Classifier:
    """Pure once built: the same text and examples always have the same probabilities."""

    def __init__(self, trained: Weights) -> None:
        self.model = trained.model
        self.intents = trained.intents
        self._trained = trained
        self._rows = {name: row for row, name in enumerate(trained.features)}
        self._rarities: dict[str, dict[str, float]] = {block: {} for block in features.WEIGHTS}
        for name, rarity in zip(trained.features, trained.rarity.tolist(), strict=True):
            block, _, feature = name.partition(":")
            self._rarities[block][feature] = rarity
        self._strange = features.strangeness(self._rarities)
        self._maker = features.FeatureMaker(concepts.load(), Mender(trained.known))
        self._vector = lru_cache(_REMEMBERED)(self._weigh)

    def probabilities(self, text: str, examples: Mapping[str, Sequence[str]]) -> dict[str, float]:
        """Built-in and own intents together; they sum to one.

        Examples for a built-in intent's own name only ever strengthen it.
        """
        blocks = self._maker.of(text)
        vector = features.weighed(blocks, self._rarities, self._strange)
        builtin = self._builtin(vector, features.understood(blocks))
        strongest = max(builtin.values())
        odds: dict[str, float] = {}
        for intent, utterances in examples.items():
            known = [self._vector(utterance) for utterance in utterances]
            sure = own_intents.confidence(vector, known, strongest, self._trained.own)
            odds[intent] = sure / (1.0 - sure)
        whole = 1.0 + sum(odds.values())
        shared = {intent: value / whole for intent, value in builtin.items()}
        for intent, value in odds.items():
            shared[intent] = shared.get(intent, 0.0) + value / whole
        return shared

    def _weigh(self, text: str) -> dict[str, float]:
        return features.weighed(self._maker.of(text), self._rarities, self._strange)

    def _builtin(self, vector: Mapping[str, float], understood: float) -> dict[str, float]:
        known = [(self._rows[name], value) for name, value in vector.items() if name in self._rows]
        if not known:
            return dict.fromkeys(self.intents, 1.0 / len(self.intents))
        rows, values = zip(*known, strict=True)
        scores = np.asarray(values, dtype=np.float32) @ self._trained.matrix[list(rows)]
        level, change = self._trained.warmth
        temperature = math.exp(level + change * understood)
        hot = (scores + self._trained.bias).astype(np.float64) / temperature
        likely = np.exp(hot - hot.max())
        return dict(zip(self.intents, (likely / likely.sum()).tolist(), strict=True))


def ready(cache: Path) -> Classifier:
    """Load the weights from `cache`, or train and leave them there.

    A missing, damaged or outdated file is replaced; a folder that cannot be written costs only
    the training at the next start.
    """
    model = f"local_models-{_fingerprint()}"
    file = cache / "intents.npz"
    try:
        trained = weights.load(file, model)
    except Unusable:
        trained = _train_aside(model)
        with suppress(OSError):
            weights.save(trained, file)
    return Classifier(trained)


def _train_aside(model: str) -> Weights:
    """In a process of its own: scikit-learn holds 200 MB, which the reader never needs again."""
    trainer = [sys.executable, "-m", "plugins.local_models.training", model]
    folder = Path(__file__).parents[2]
    done = subprocess.run(trainer, cwd=folder, stdout=subprocess.PIPE, check=True)
    return weights.read(done.stdout, model)


def _fingerprint() -> str:
    digest = hashlib.sha256(corpus.load().fingerprint.encode())
    for name in _CODE:
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()[:12]
