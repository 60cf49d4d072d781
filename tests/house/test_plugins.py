"""The bundled plugins come through the door, whole, and the table of them is fresh."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from entrypoints import plugin_matrix
from entrypoints.capabilities import capabilities
from entrypoints.registry import BUNDLED, Registry, discover
from ports.powers import PORTS

ROOT = Path(__file__).parents[2]
FOLDER = ("__init__.py", "manifest.py", "settings.py", "README.md", "quality.toml", "tests")


@pytest.fixture(scope="module")
def bundled() -> Registry:
    return discover(strangers=())


def test_no_bundled_plugin_is_refused(bundled: Registry) -> None:
    assert bundled.refused == {}
    assert len(bundled.manifests) == len(BUNDLED)


def test_every_vendor_folder_is_bundled() -> None:
    folders = {f"plugins.{p.parent.name}" for p in (ROOT / "plugins").glob("*/manifest.py")}
    assert folders == set(BUNDLED)


@pytest.mark.parametrize("package", BUNDLED)
def test_the_folder_is_whole(package: str) -> None:
    there = {entry.name for entry in files(package).iterdir()}
    assert set(FOLDER) <= there, f"missing: {set(FOLDER) - there}"


@pytest.mark.parametrize("package", BUNDLED)
def test_the_readme_speaks_both_languages_to_a_tenant(package: str) -> None:
    readme = (files(package) / "README.md").read_text(encoding="utf-8")
    assert "Kurulum" in readme, "a section with Turkish set-up steps"
    assert re.search(r"^#+ Set(ting)?[- ]?up", readme, re.MULTILINE), "a section with set-up steps"


def test_every_factory_of_a_bundled_plugin_can_be_built(
    bundled: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    for manifest in bundled.manifests.values():
        found = capabilities(manifest)
        assert set(manifest.families) <= set(found)
        assert set(found) & set(PORTS), manifest.id
    assert not caplog.records, caplog.text


def test_the_matrix_in_the_readme_is_fresh(bundled: Registry) -> None:
    readme = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")
    assert readme == plugin_matrix.refreshed(readme, bundled), "run `invekto plugin matrix`"
