"""What a run says: one Markdown table, a row a measure, with a verdict where there is a target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

NONE = "–"
HEAD = ("measure", "ours", "floor", "ratio", "target", "verdict")


@dataclass(frozen=True, slots=True)
class Row:
    measure: str
    ours: str
    floor: str = NONE
    ratio: str = NONE
    target: str = NONE
    met: bool | None = None
    """None where there is no target, or nothing was measured."""

    def cells(self) -> Sequence[str]:
        verdict = NONE if self.met is None else "met" if self.met else "**missed**"
        return (self.measure, self.ours, self.floor, self.ratio, self.target, verdict)


Pair = tuple[float, float]
"""Ours and the floor's, measured one right after the other."""
Shown = Callable[[float], str]


def compared(
    measure: str,
    pairs: Sequence[Pair],
    shown: Shown,
    *,
    least: float | None = None,
    most: float | None = None,
) -> Row:
    """A row of medians; the ratio is the median of the pairs' ratios, so that drift cancels out."""
    ratio = median(ours / floor for ours, floor in pairs)
    target, met = NONE, None
    if least is not None:
        target, met = f"≥ {least:g}×", ratio >= least
    elif most is not None:
        target, met = f"≤ {most:g}×", ratio <= most
    return Row(
        measure,
        shown(median(ours for ours, _ in pairs)),
        shown(median(floor for _, floor in pairs)),
        f"{ratio:.3g}×",
        target,
        met,
    )


def bounded(measure: str, ours: float, shown: Shown, *, most: float, floor: str = NONE) -> Row:
    """A row whose target is a number and not a ratio."""
    return Row(measure, shown(ours), floor, NONE, f"≤ {shown(most)}", ours <= most)


def per_second(value: float) -> str:
    return f"{value:,.0f}/s" if value >= 100 else f"{value:.1f}/s"


def millis(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds * 1e3:,.0f} ms"


def micros(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs"


def whole_seconds(seconds: float) -> str:
    return f"{seconds:.2f} s"


def megabytes(value: float) -> str:
    return f"{value / 1e6:,.0f} MB"


def percent(share: float) -> str:
    return f"{share:.2%}"


def plain(value: float) -> str:
    return f"{value:.3f}"


def times(value: float) -> str:
    return f"{value:.2f}×"


def markdown(rows: Iterable[Row]) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
