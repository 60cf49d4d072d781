"""Weights: the same every time, kept without pickle, made again when they cannot be used."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from plugins.local_models import classifier, corpus, training, weights
from plugins.local_models.classifier import ready
from plugins.local_models.corpus import Corpus
from plugins.local_models.reader import LocalUnderstanding
from plugins.local_models.weights import Unusable, Weights

TEXTS = ["kargom nerede bir de fatura", "iade etmek istiyorum", "hi, any news?", "", "xyz"]
OWN = {"gift_wrapping": ("hediye paketi yapıyor musunuz",)}


@pytest.fixture
def good(trained: Path) -> Weights:
    model = ready(trained).model
    return weights.load(trained / "intents.npz", model)


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch, good: Weights) -> list[str]:
    """Training that takes no time, and a list of how often it was asked for."""
    asked: list[str] = []

    def train(model: str) -> Weights:
        asked.append(model)
        return good

    monkeypatch.setattr(classifier, "_train_aside", train)
    return asked


@pytest.fixture(scope="module")
def small() -> Corpus:
    whole = corpus.load()
    rows = defaultdict(list)
    for row in whole.training:
        rows[row.intent].append(row)
    few = tuple(row for intent in rows.values() for row in intent[::14])
    return dataclasses.replace(
        whole, training=few, further=whole.further[::4], phrases=whole.phrases[::60]
    )


@pytest.fixture(scope="module")
def made(small: Corpus) -> Weights:
    return training.train(small, "a")


def same(one: Weights, other: Weights) -> bool:
    names = [field.name for field in dataclasses.fields(Weights)]
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def test_the_same_corpus_gives_the_same_weights(small: Corpus, made: Weights) -> None:
    assert same(training.train(small, "a"), made)


def test_a_reloaded_model_reads_the_same(trained: Path, reader: LocalUnderstanding) -> None:
    again = LocalUnderstanding(trained)
    for text in TEXTS:
        assert reader.read(text) == reader.read(text) == again.read(text)
        assert reader.read(text, OWN) == again.read(text, OWN)


def test_what_is_kept_is_what_was_trained(tmp_path: Path, made: Weights) -> None:
    weights.save(made, tmp_path / "w.npz")
    assert same(weights.load(tmp_path / "w.npz", "a"), made)


def test_good_weights_are_not_trained_again(trained: Path, trainings: list[str]) -> None:
    ready(trained)
    assert not trainings


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "cut", "flipped", "other_model"])
def test_unusable_weights_are_made_again(
    tmp_path: Path, trained: Path, trainings: list[str], good: Weights, damage: str
) -> None:
    file = tmp_path / "intents.npz"
    shutil.copy(trained / "intents.npz", file)
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "text":
        file.write_text("no weights here")
    elif damage == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    elif damage == "flipped":
        middle = len(whole) // 2
        file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :])
    else:
        weights.save(dataclasses.replace(good, model="of yesterday"), file)
    reading = LocalUnderstanding(tmp_path).read("kargom nerede")
    assert reading.guesses[0].intent == "shipment_tracking"
    assert trainings == [good.model]
    ready(tmp_path)
    assert len(trainings) == 1, "the second start finds good weights"


def test_a_folder_that_cannot_be_written_costs_only_the_training(
    tmp_path: Path, trainings: list[str]
) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    reader = LocalUnderstanding(tmp_path / "cache")
    assert reader.read("kargom nerede").guesses[0].intent == "shipment_tracking"
    assert len(trainings) == 1


def test_parts_that_do_not_fit_are_refused(tmp_path: Path, good: Weights) -> None:
    weights.save(dataclasses.replace(good, features=good.features[:-1]), tmp_path / "w.npz")
    with pytest.raises(Unusable):
        weights.load(tmp_path / "w.npz", good.model)


def test_reading_needs_no_scikit_learn(trained: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from plugins.local_models.reader import LocalUnderstanding;"
        "LocalUnderstanding(Path(sys.argv[1])).read('kargom nerede');"
        "print('sklearn' in sys.modules, 'scipy' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(trained)],
        capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert ran.stdout.split() == ["False", "False"]
