"""How well the shipped reader tells what customers want, on texts that it never saw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from plugins.local_models.evaluate import evaluate
from tests.bench.run import Run
from tests.bench.table import Row, plain

F1, CALIBRATION, TOP3, ASCII_GAP = 0.88, 0.05, 0.97, 0.03


def bench(run: Run) -> Iterator[Row]:
    found = evaluate(_cache(run.servers.folder))
    yield _at_least(f"intents of {found.texts} texts: macro-F1", found.macro_f1, F1)
    yield _at_most("the same: expected calibration error", found.ece, CALIBRATION)
    yield _at_least("the same: among the first three", found.top3, TOP3)
    yield _at_most("the same: clean minus ASCII", found.clean_minus_ascii, ASCII_GAP)


def _cache(folder: Path) -> Path:
    made = folder / "models"
    made.mkdir(exist_ok=True)
    return made


def _at_least(measure: str, value: float, least: float) -> Row:
    return Row(measure, plain(value), target=f"≥ {least:g}", met=value >= least)


def _at_most(measure: str, value: float, most: float) -> Row:
    return Row(measure, plain(value), target=f"≤ {most:g}", met=value <= most)
