"""From the corpus to weights: a linear separator, a temperature, and a rule for own intents.

Needs scikit-learn, 200 MB and some ten seconds; reading messages needs none of them, so this is a
program. The held-out part of the corpus is never looked at, except to throw out further texts and
phrases that resemble it.

    python -m plugins.local_models.training MODEL > intents.npz
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from plugins.local_models import concepts, features
from plugins.local_models.corpus import Corpus, load
from plugins.local_models.echoes import too_close
from plugins.local_models.mending import Mender
from plugins.local_models.own_intents import fit_rule
from plugins.local_models.weights import Weights, write

SEED = 20_261_124
FOLDS = 4
SOFTNESS = 1.0
"""LinearSVC's C; between 0.5 and 2 cross-validation sees no difference."""

Labels = NDArray[np.intp]
Scores = NDArray[np.float64]


def train(corpus: Corpus, model: str) -> Weights:
    """The same corpus gives the same weights."""
    measured = [row.text for row in corpus.held_out]
    learned = [(row.intent, row.text) for row in corpus.training]
    learned += _unlike(measured, [(row.intent, row.text) for row in corpus.further])
    utterances = len(learned)
    learned += _unlike(measured, corpus.phrases)
    texts = [text for _, text in learned]
    labels: Labels = np.searchsorted(corpus.intents, [intent for intent, _ in learned])
    known = features.known_words(texts)
    maker = features.FeatureMaker(concepts.load(), Mender(known))
    blocks = [maker.of(text) for text in texts]

    rarities = features.rarity(blocks)
    names = [f"{block}:{feature}" for block, known in rarities.items() for feature in known]
    matrix = _matrix(blocks, rarities, names)
    scores = _unseen_scores(matrix, labels, texts, utterances)
    clear = np.array([features.understood(text) for text in blocks[:utterances]])
    warmth = _warmth(scores, labels, clear, _shares(corpus, learned[:utterances]))
    cooled = scores / np.exp(warmth[0] + warmth[1] * clear)[:, None]
    separator = _fit(matrix, labels)
    own = fit_rule(matrix[:utterances], labels[:utterances], cooled, SEED)
    return Weights(
        model=model,
        intents=corpus.intents,
        features=tuple(names),
        rarity=np.array([rarities[b][f] for b, f in map(_parts, names)], dtype=np.float32),
        # Half precision, as it is stored: a reloaded model must read the same.
        matrix=separator.coef_.T.astype(np.float16).astype(np.float32),
        bias=separator.intercept_.astype(np.float32),
        warmth=warmth,
        known=known,
        own=own,
    )


def _unlike(measured: list[str], learned: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    close = too_close([text for _, text in learned], measured)
    return [pair for pair, row in zip(learned, close, strict=True) if not row.any()]


def _parts(name: str) -> tuple[str, str]:
    block, _, feature = name.partition(":")
    return block, feature


def _matrix(
    blocks: Sequence[features.Blocks],
    rarities: dict[str, dict[str, float]],
    names: Sequence[str],
) -> csr_matrix:
    places = {name: place for place, name in enumerate(names)}
    values: list[float] = []
    columns: list[int] = []
    starts = [0]
    for text in blocks:
        for name, value in features.weighed(text, rarities).items():
            columns.append(places[name])
            values.append(value)
        starts.append(len(columns))
    return csr_matrix((values, columns, starts), shape=(len(blocks), len(names)))


def _fit(matrix: csr_matrix, labels: Labels) -> Any:
    return LinearSVC(C=SOFTNESS, random_state=SEED, max_iter=5_000).fit(matrix, labels)


def _unseen_scores(matrix: csr_matrix, labels: Labels, texts: list[str], utterances: int) -> Scores:
    """For each training utterance, the scores of a separator that has not seen it or its like."""
    scores = np.zeros((utterances, int(labels.max()) + 1))
    phrases = np.arange(utterances, len(texts))
    close = too_close(texts[utterances:], texts[:utterances])
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for seen, unseen in folds.split(np.arange(utterances), labels[:utterances]):
        chosen = np.concatenate([seen, phrases[~close[:, unseen].any(axis=1)]])
        scores[unseen] = _fit(matrix[chosen], labels[chosen]).decision_function(matrix[unseen])
    return scores


def _shares(corpus: Corpus, learned: Sequence[tuple[str, str]]) -> Scores:
    """What each text counts for in fitting confidence: nothing, unless it is a further one.

    The thesaurus was written with the training part at hand, so scores there flatter it. The
    further texts are weighed so that every style counts as much as it does in the training part.
    """
    usual = Counter(row.style for row in corpus.training)
    styles = {(row.intent, row.text): row.style for row in corpus.further}
    found = Counter(styles[pair] for pair in learned if pair in styles)
    return np.array(
        [usual[styles[pair]] / found[styles[pair]] if pair in styles else 0.0 for pair in learned]
    )


def _warmth(scores: Scores, labels: Labels, clear: Scores, shares: Scores) -> tuple[float, float]:
    """The temperature under which unseen scores tell their own error rate best (least log loss).

    A text of which little was understood may need another one than a plain request.
    """
    asked = np.flatnonzero(shares)
    right = (np.arange(len(asked)), labels[asked])

    def loss(warmth: tuple[float, float]) -> float:
        hot = scores[asked] / np.exp(warmth[0] + warmth[1] * clear[asked])[:, None]
        hot -= hot.max(axis=1, keepdims=True)
        missed = np.log(np.exp(hot).sum(axis=1)) - hot[right]
        return float((missed * shares[asked]).sum())

    levels = np.linspace(-3.0, 0.5, 71).tolist()
    return min(itertools.product(levels, np.linspace(-0.8, 0.4, 25).tolist()), key=loss)


if __name__ == "__main__":
    write(train(load(), sys.argv[1]), sys.stdout.buffer)
