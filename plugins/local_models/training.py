"""From the corpus to weights: a linear separator, a temperature, and a rule for own intents.

Needs scikit-learn and some ten seconds; reading messages needs neither. The held-out part of the
corpus is never looked at, except to throw out phrases that resemble it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from plugins.local_models import concepts, features
from plugins.local_models.corpus import Corpus
from plugins.local_models.echoes import echoes
from plugins.local_models.mending import Mender
from plugins.local_models.own_intents import fit_rule
from plugins.local_models.weights import Weights

SEED = 20_261_124
FOLDS = 4
SOFTNESS = 1.0
"""LinearSVC's C; between 0.5 and 2 cross-validation sees no difference."""

Labels = NDArray[np.intp]
Scores = NDArray[np.float64]


def train(corpus: Corpus, model: str) -> Weights:
    """The same corpus gives the same weights."""
    rows = corpus.training
    phrases = _unmeasured(corpus.phrases, [row.text for row in corpus.held_out])
    texts = [row.text for row in rows] + [text for _, text in phrases]
    named = [row.intent for row in rows] + [intent for intent, _ in phrases]
    labels: Labels = np.searchsorted(corpus.intents, named)
    known = features.known_words(texts)
    maker = features.FeatureMaker(concepts.load(), Mender(known))
    blocks = [maker.of(text) for text in texts]

    scores = _unseen_scores(blocks, labels, texts, len(rows))
    temperature = _temperature(scores, labels[: len(rows)])
    rarities, names, matrix = _vectors(blocks)
    separator = _fit(matrix, labels)
    own = fit_rule(matrix[: len(rows)], labels[: len(rows)], scores / temperature, SEED)
    return Weights(
        model=model,
        intents=corpus.intents,
        features=tuple(names),
        rarity=np.array([rarities[b][f] for b, f in map(_parts, names)], dtype=np.float32),
        # Half precision, as it is stored: a reloaded model must read the same.
        matrix=separator.coef_.T.astype(np.float16).astype(np.float32),
        bias=separator.intercept_.astype(np.float32),
        temperature=temperature,
        known=known,
        own=own,
    )


def _unmeasured(phrases: Sequence[tuple[str, str]], measured: list[str]) -> list[tuple[str, str]]:
    too_close = echoes([text for _, text in phrases], measured)
    return [phrase for phrase, close in zip(phrases, too_close, strict=True) if not close]


def _parts(name: str) -> tuple[str, str]:
    block, _, feature = name.partition(":")
    return block, feature


def _vectors(
    blocks: Sequence[features.Blocks],
) -> tuple[dict[str, dict[str, float]], list[str], csr_matrix]:
    rarities = features.rarity(blocks)
    names = [f"{block}:{feature}" for block, known in rarities.items() for feature in known]
    return rarities, names, _matrix(blocks, rarities, names, strange=None)


def _matrix(
    blocks: Sequence[features.Blocks],
    rarities: dict[str, dict[str, float]],
    names: Sequence[str],
    strange: float | None,
) -> csr_matrix:
    places = {name: place for place, name in enumerate(names)}
    values: list[float] = []
    columns: list[int] = []
    starts = [0]
    for text in blocks:
        for name, value in features.weighed(text, rarities, strange).items():
            if name in places:
                columns.append(places[name])
                values.append(value)
        starts.append(len(columns))
    return csr_matrix((values, columns, starts), shape=(len(blocks), len(names)))


def _fit(matrix: csr_matrix, labels: Labels) -> Any:
    return LinearSVC(C=SOFTNESS, random_state=SEED, max_iter=5_000).fit(matrix, labels)


def _unseen_scores(
    blocks: list[features.Blocks], labels: Labels, texts: list[str], utterances: int
) -> Scores:
    """For each training utterance, the scores of a separator that has not seen it or its like."""
    scores = np.zeros((utterances, int(labels.max()) + 1))
    own = np.arange(utterances)
    rest = np.arange(utterances, len(texts))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for seen, unseen in folds.split(own, labels[:utterances]):
        close = echoes([texts[i] for i in rest], [texts[i] for i in unseen])
        chosen = np.concatenate([seen, rest[~np.array(close, dtype=bool)]])
        rarities, names, matrix = _vectors([blocks[i] for i in chosen])
        measured = _matrix(
            [blocks[i] for i in unseen], rarities, names, features.strangeness(rarities)
        )
        scores[unseen] = _fit(matrix, labels[chosen]).decision_function(measured)
    return scores


def _temperature(scores: Scores, labels: Labels) -> float:
    """The divisor under which unseen scores tell their own error rate best (least log loss)."""

    def loss(temperature: float) -> float:
        hot = scores / temperature
        hot -= hot.max(axis=1, keepdims=True)
        norm = np.log(np.exp(hot).sum(axis=1))
        return float((norm - hot[np.arange(len(labels)), labels]).mean())

    return float(min(np.geomspace(0.05, 2.0, 200), key=loss))
