"""`invekto plugin new`: a distribution whose contract is green before a line is written."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from entrypoints.plugin_new import FAMILIES, create

ROOT = Path(__file__).parents[2]


def test_there_is_a_skeleton_for_the_families_of_a_seller() -> None:
    assert {"carrier", "channel", "marketplace"} <= set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_its_contract_is_green_at_once(tmp_path: Path, family: str) -> None:
    root = create("sea_snail", family, tmp_path)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "ports.conformance.plugin"],
        cwd=root, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "passed" in ran.stdout


@pytest.mark.parametrize("family", FAMILIES)
def test_it_is_tidy_under_its_own_rules(tmp_path: Path, family: str) -> None:
    root = create("sea_snail", family, tmp_path)
    for command in (("check",), ("format", "--diff")):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "."]
        ran = subprocess.run(ruff, cwd=root, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_its_names_follow_the_house(tmp_path: Path) -> None:
    root = create("sea_snail", "carrier", tmp_path)
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert root.name == project["name"] == "invekto-plugin-sea-snail"
    assert project["entry-points"]["invekto.plugins"] == {"sea_snail": "invekto_plugin_sea_snail"}
    assert project["dependencies"] == ["invekto-ports>=1,<2"]
    written = [p.read_text(encoding="utf-8") for p in root.rglob("*") if p.is_file()]
    assert not [text for text in written if "$name" in text or "${Class}" in text]


@pytest.mark.parametrize("name", ["", "Snail", "sea-snail", "1snail", "../snail", "salyangöz", "s"])
def test_a_name_that_is_no_slug_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="slug"):
        create(name, "carrier", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_family_without_a_skeleton_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"carrier, channel, marketplace"):
        create("snail", "submarine", tmp_path)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    create("snail", "carrier", tmp_path)
    with pytest.raises(FileExistsError):
        create("snail", "channel", tmp_path)
