"""The table of security requirements names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_requirement_is_shown_by_a_test_that_exists() -> None:
    page = (ROOT / "core/identity/README.md").read_text(encoding="utf-8")
    table = page[page.index("| Requirement |") :]
    named = set(re.findall(r"`(test_\w+)`", table))
    assert len(named) > 60
    written = "\n".join(f.read_text(encoding="utf-8") for f in (ROOT / "tests").rglob("*.py"))
    there = set(re.findall(r"def (test_\w+)\(", written))
    assert not named - there
