"""The bench runs, and says what it measured; its figures are nobody's promise here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.bench.servers import ROOT
from tests.bench.table import Row, bounded, compared, markdown, millis

WITHIN = 240


def cells(table: str) -> list[list[str]]:
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_a_run_prints_its_pace_and_a_row_for_every_measure() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--tiny", "inbox_page", "signing_in"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert "one page synced (fdatasync)" in told.stdout
    assert "single-row inserts (pgbench" in told.stdout
    _, _, *rows = cells(told.stdout)
    judged = [row[0] for row in rows if row[-1] in ("met", "**missed**")]
    assert sum(name.startswith("P9 ") for name in judged) == 3, told.stdout + told.stderr
    assert sum("argon2" in name or "asked" in name for name in judged) == 4, told.stdout
    assert not any(row[1].startswith("stopped") for row in rows), told.stderr


def test_the_ratio_is_that_of_pairs_so_that_a_slow_moment_harms_both() -> None:
    calm, busy = (100.0, 200.0), (10.0, 20.0)
    row = compared("x", [calm, busy, calm], millis, least=0.5)
    assert row.ratio == "0.5×"
    assert row.met is True


@pytest.mark.parametrize(("ours", "met"), [(0.9, True), (1.1, False)])
def test_a_bound_is_met_or_missed(ours: float, met: bool) -> None:
    assert bounded("x", ours, millis, most=1.0).met is met


def test_what_was_not_measured_has_no_verdict() -> None:
    [_, _, row] = cells(markdown([Row("start", "stopped: TimeoutError")]))
    assert row == ["start", "stopped: TimeoutError", "–", "–", "–", "–"]
