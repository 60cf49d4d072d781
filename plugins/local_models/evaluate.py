"""Measures the shipped model on the part of the corpus that it never saw.

`python -m plugins.local_models.evaluate [cache folder]` prints what the README quotes.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from plugins.local_models import corpus
from plugins.local_models.corpus import OUT_OF_SCOPE, STYLES, Utterance
from plugins.local_models.folding import fold
from plugins.local_models.reader import LocalUnderstanding
from ports.families.understanding import Reading

BINS = 15
WORST_PAIRS = 15


@dataclass(frozen=True, slots=True)
class Report:
    model: str
    texts: int
    macro_f1: float
    accuracy: float
    top3: float
    ece: float
    """Expected calibration error of the first guess, in 15 bins."""
    by_style: dict[str, float]
    """Accuracy; a macro-F1 over two texts an intent would be noise."""
    by_language: dict[str, float]
    clean_minus_ascii: float
    """Turkish only: accuracy of clean texts minus accuracy of texts typed in ASCII."""
    clean_minus_folded: float
    """The same clean Turkish texts, as written and without their Turkish letters."""
    out_of_scope_auc: float
    second_wishes: float
    """Share of these single-wish texts to which a second wish was attributed."""
    language_accuracy: float
    f1: dict[str, float]
    confusions: tuple[tuple[str, str, int], ...]


def evaluate(cache: Path | None = None) -> Report:
    """Read every held-out utterance with the shipped model; trains it first if need be."""
    if cache is None:
        with tempfile.TemporaryDirectory() as folder:
            return evaluate(Path(folder))
    reader = LocalUnderstanding(cache)
    rows = corpus.load().held_out
    readings = [reader.read(row.text) for row in rows]
    hits = [reading.guesses[0].intent == row.intent for row, reading in _pairs(rows, readings)]
    clean = [row for row in rows if row.language == "tr" and row.style == "clean"]
    folded = [reader.read(fold(row.text)).guesses[0].intent == row.intent for row in clean]
    f1 = _f1(rows, readings)
    turkish_clean = _share(rows, hits, lambda row: row.language == "tr" and row.style == "clean")
    return Report(
        model=readings[0].model,
        texts=len(rows),
        macro_f1=sum(f1.values()) / len(f1),
        accuracy=_mean(hits),
        top3=_mean([_in_top3(row, reading) for row, reading in _pairs(rows, readings)]),
        ece=_ece([reading.guesses[0].confidence for reading in readings], hits),
        by_style={style: _share(rows, hits, _styled(style)) for style in STYLES},
        by_language={language: _share(rows, hits, _spoken(language)) for language in ("tr", "en")},
        clean_minus_ascii=turkish_clean - _share(rows, hits, _styled("ascii")),
        clean_minus_folded=turkish_clean - _mean(folded),
        out_of_scope_auc=_auc(
            [_confidence(reading, OUT_OF_SCOPE) for reading in readings],
            [row.intent == OUT_OF_SCOPE for row in rows],
        ),
        second_wishes=_mean([reading.guesses[1].confidence >= 0.5 for reading in readings]),
        language_accuracy=_mean([r.language == row.language for row, r in _pairs(rows, readings)]),
        f1=f1,
        confusions=_confusions(rows, readings),
    )


def _pairs(
    rows: Sequence[Utterance], readings: Sequence[Reading]
) -> list[tuple[Utterance, Reading]]:
    return list(zip(rows, readings, strict=True))


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / len(values)


def _share(
    rows: Sequence[Utterance], hits: Sequence[bool], chosen: Callable[[Utterance], bool]
) -> float:
    return _mean([hit for row, hit in zip(rows, hits, strict=True) if chosen(row)])


def _styled(style: str) -> Callable[[Utterance], bool]:
    return lambda row: row.style == style


def _spoken(language: str) -> Callable[[Utterance], bool]:
    return lambda row: row.language == language


def _in_top3(row: Utterance, reading: Reading) -> bool:
    return row.intent in [guess.intent for guess in reading.guesses[:3]]


def _confidence(reading: Reading, intent: str) -> float:
    return next((guess.confidence for guess in reading.guesses if guess.intent == intent), 0.0)


def _f1(rows: Sequence[Utterance], readings: Sequence[Reading]) -> dict[str, float]:
    truths = Counter(row.intent for row in rows)
    told = Counter(reading.guesses[0].intent for reading in readings)
    right = Counter(
        row.intent for row, r in _pairs(rows, readings) if r.guesses[0].intent == row.intent
    )
    return {
        intent: 2 * right[intent] / (count + told[intent])
        for intent, count in sorted(truths.items())
    }


def _ece(confidences: Sequence[float], hits: Sequence[bool]) -> float:
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, hit in zip(confidences, hits, strict=True):
        bins[min(int(confidence * BINS), BINS - 1)].append((confidence, hit))
    gaps = (abs(sum(c for c, _ in each) - sum(h for _, h in each)) for each in bins)
    return sum(gaps) / len(hits)


def _auc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """How often a positive stands above a negative; a tie counts half."""
    inside = [s for s, p in zip(scores, positive, strict=True) if p]
    outside = [s for s, p in zip(scores, positive, strict=True) if not p]
    wins = sum((a > b) + 0.5 * (a == b) for a in inside for b in outside)
    return wins / (len(inside) * len(outside))


def _confusions(
    rows: Sequence[Utterance], readings: Sequence[Reading]
) -> tuple[tuple[str, str, int], ...]:
    counts = Counter(
        (row.intent, reading.guesses[0].intent)
        for row, reading in _pairs(rows, readings)
        if reading.guesses[0].intent != row.intent
    )
    worst = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:WORST_PAIRS]
    return tuple((truth, guess, count) for (truth, guess), count in worst)


def table(report: Report) -> str:
    lines = [
        f"{report.model}, {report.texts} held-out texts",
        f"macro-F1             {report.macro_f1:.3f}",
        f"accuracy             {report.accuracy:.3f}",
        f"top-3                {report.top3:.3f}",
        f"ECE, {BINS} bins         {report.ece:.3f}",
        f"clean minus ASCII    {report.clean_minus_ascii:+.3f}  (different texts)",
        f"clean minus folded   {report.clean_minus_folded:+.3f}  (the same texts)",
        f"out of scope, AUC    {report.out_of_scope_auc:.3f}",
        f"needless second wish {report.second_wishes:.3f}",
        f"language             {report.language_accuracy:.3f}",
    ]
    lines += [f"  {name:<18} {value:.3f}" for name, value in report.by_style.items()]
    lines += [f"  {name:<18} {value:.3f}" for name, value in report.by_language.items()]
    lines += ["F1 by intent:"] + [f"  {name:<24}{value:.3f}" for name, value in report.f1.items()]
    lines += ["Most frequent confusions (truth, read as, times):"]
    lines += [f"  {truth:<24}{guess:<24}{n}" for truth, guess, n in report.confusions]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(evaluate(Path(sys.argv[1]) if len(sys.argv) > 1 else None)))  # noqa: T201
