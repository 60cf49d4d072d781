"""The port `Understanding`, fulfilled on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

from plugins.local_models.classifier import Classifier, ready
from plugins.local_models.corpus import OUT_OF_SCOPE
from plugins.local_models.language import language_of
from plugins.local_models.wishes import read_together
from ports.families.understanding import Guess, Reading

LEAST_GUESSES = 3
WORTH_NAMING = 0.05


class LocalUnderstanding:
    """Reads Turkish and English without a network; the first reading may train for seconds.

    `cache` may be lost at any time: what is missing there is made again.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._lock = Lock()
        self._classifier: Classifier | None = None

    def read(self, text: str, examples: Mapping[str, Sequence[str]] = {}) -> Reading:
        classifier = self.warm_up()
        likely = read_together(text, lambda part: classifier.probabilities(part, examples))
        ranked = sorted(likely.items(), key=lambda item: (-item[1], item[0] != OUT_OF_SCOPE, item))
        guesses = tuple(
            Guess(intent, round(confidence, 6))
            for place, (intent, confidence) in enumerate(ranked)
            if place < LEAST_GUESSES or confidence >= WORTH_NAMING
        )
        return Reading(language_of(text), guesses, classifier.model)

    def warm_up(self) -> Classifier:
        """Load or train now rather than at the first message."""
        with self._lock:
            if self._classifier is None:
                self._classifier = ready(self._cache)
            return self._classifier
