"""What the house reads of a plugin besides its manifest: its quality and its powers."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path
from typing import Any

import pytest

from ports import families
from ports.manifest import FAMILIES, Manifest
from ports.powers import PORTS, POWERS, powers_of
from ports.quality import Quality, QualityUnclear, read_quality


def test_every_optional_power_of_a_family_is_listed() -> None:
    listed = {power for powers in POWERS.values() for power in powers}
    modules = [importlib.import_module(f"{families.__name__}.{m.name}")
               for m in pkgutil.iter_modules(families.__path__)]  # fmt: skip
    modules.append(importlib.import_module("ports.webhooks"))
    runtime = {
        kind
        for module in modules
        for kind in vars(module).values()
        if getattr(kind, "_is_runtime_protocol", False)
    }
    assert runtime == listed


def test_every_family_has_a_port_and_every_port_a_factory_in_the_manifest() -> None:
    assert set(FAMILIES) <= set(PORTS)
    assert set(PORTS) == set(POWERS)
    assert set(PORTS) <= set(Manifest.__dataclass_fields__)


def test_a_power_is_found_by_its_methods() -> None:
    class Fetching:
        def fetch(self, ref: str) -> Any: ...

    assert [power.__name__ for power in powers_of("channel", Fetching())] == ["FetchesMedia"]
    assert powers_of("carrier", Fetching()) == ()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "somebodys_plugin"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, folder.name, raising=False)
    return folder


def test_a_level_and_its_exemptions_are_read(package: Path) -> None:
    (package / "quality.toml").write_text('level = "kept"\n[exemptions]\nrefunds = "None exist."\n')
    assert read_quality(package.name) == Quality("kept", {"refunds": "None exist."})


@pytest.mark.parametrize(
    "text",
    [None, "", "level =", 'level = "gold"', "level = 3", 'level = "seen"\nexemptions = "all"',
     'level = "seen"\n[exemptions]\nrefunds = ""', 'level = "seen"\n[exemptions]\nrefunds = true'],
)  # fmt: skip
def test_an_unclear_level_is_refused(package: Path, text: str | None) -> None:
    if text is not None:
        (package / "quality.toml").write_text(text)
    with pytest.raises(QualityUnclear, match=r"quality\.toml"):
        read_quality(package.name)
