"""Who may import whom: the contracts in pyproject.toml hold, and each breaks when violated."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "ports", "adapters", "plugins", "entrypoints")
NOT_CODE = shutil.ignore_patterns("__pycache__", "tests", "node_modules", "*.json", "*.md", "*.sql")

VIOLATIONS = {
    "inward only": ("ports/clock.py", "import core"),
    "a plugin sees the ports and nothing else of ours": ("plugins/aras/mapping.py", "import core"),
    "vendors do not know each other": ("plugins/aras/mapping.py", "import plugins.whatsapp"),
    "families do not know each other": (
        "ports/families/carrier.py",
        "import ports.families.channel",
    ),
    "the inside is plain Python": ("core/shared/ids.py", "import httpx"),
    "SQL has one home": ("core/shared/ids.py", "import sqlalchemy"),
    "only the composition root names concrete adapters": (
        "entrypoints/registry.py",
        "import adapters",
    ),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(script), "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_import_contracts_hold() -> None:
    told = lint(ROOT)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.fixture(scope="module")
def violated(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the linter says of a copy in which every contract is violated."""
    folder = tmp_path_factory.mktemp("violated")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=NOT_CODE)
    for path, line in VIOLATIONS.values():
        with (folder / path).open("a", encoding="utf-8") as module:
            module.write(f"\n{line}\n")
    told = lint(folder)
    assert told.returncode == 1, told.stderr
    return told.stdout


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_each_contract_breaks_when_it_is_violated(violated: str, contract: str) -> None:
    assert f"{contract} BROKEN" in violated, violated
