"""The utterances that the reader learns from, and which of them it is never shown."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

FOLDER = Path(__file__).parent / "utterances"
FURTHER = Path(__file__).parent / "further"
PHRASES = Path(__file__).parent / "phrases"
HELD_OUT_SHARE = 0.25
OUT_OF_SCOPE = "out_of_scope"
STYLES = ("clean", "ascii", "typo", "dialect", "indirect")

Language = Literal["tr", "en"]


@dataclass(frozen=True, slots=True)
class Utterance:
    intent: str
    language: Language
    style: str
    text: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """Two parts without a common text: the shipped model learns from `training` alone."""

    training: tuple[Utterance, ...]
    held_out: tuple[Utterance, ...]
    further: tuple[Utterance, ...]
    """Utterances for training only, written after the thesaurus: what confidence is fitted on."""
    phrases: tuple[tuple[str, str], ...]
    """Intent and short expression; for training only, and never a measure of anything."""
    fingerprint: str
    """SHA-256 over every row: another text or label is another fingerprint."""

    @property
    def intents(self) -> tuple[str, ...]:
        return tuple(sorted({row.intent for row in self.training}))


def load() -> Corpus:
    """Read every file; the same files give the same parts on any machine."""
    rows = _utterances(FOLDER)
    further = tuple(_utterances(FURTHER))
    phrases = tuple((intent, line) for intent, _, line in _lines(PHRASES))
    training, held_out = _split(rows)
    digest = hashlib.sha256(repr((rows, further, phrases)).encode())
    return Corpus(training, held_out, further, phrases, digest.hexdigest())


def _utterances(folder: Path) -> list[Utterance]:
    return [_row(intent, line, f"{intent}.tsv:{number}") for intent, number, line in _lines(folder)]


def _lines(folder: Path) -> Iterator[tuple[str, int, str]]:
    for file in sorted(folder.iterdir()):
        if file.suffix == ".tsv":
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
                if line.strip():
                    yield file.stem, number, line


def _row(intent: str, line: str, where: str) -> Utterance:
    cells = line.split("\t")
    if len(cells) != 3 or cells[0] not in ("tr", "en") or cells[1] not in STYLES:
        raise ValueError(f"{where}: expected language<TAB>style<TAB>text, got {line!r}")
    return Utterance(intent, cast(Language, cells[0]), cells[1], cells[2])


def _split(rows: list[Utterance]) -> tuple[tuple[Utterance, ...], tuple[Utterance, ...]]:
    """Hold out the quarter with the lowest hashes of each intent and style.

    A new utterance moves at most one old one across the border, so figures stay comparable.
    """
    strata: dict[tuple[str, str], list[Utterance]] = defaultdict(list)
    for row in rows:
        strata[row.intent, row.style].append(row)
    held: set[Utterance] = set()
    for stratum in strata.values():
        by_hash = sorted(stratum, key=_hash)
        held.update(by_hash[: int(len(by_hash) * HELD_OUT_SHARE + 0.5)])
    training = tuple(row for row in rows if row not in held)
    return training, tuple(row for row in rows if row in held)


def _hash(row: Utterance) -> str:
    return hashlib.sha256(row.text.encode()).hexdigest()
