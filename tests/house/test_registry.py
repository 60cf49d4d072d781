"""The plugin door: one at a time, for a reason, and nobody falls with another."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from entrypoints.capabilities import capabilities
from entrypoints.plugin_matrix import BEGIN, END, refreshed
from entrypoints.registry import Registry, discover

GOOD = """
from ports.hooks import hookimpl
from ports.manifest import Account, Manifest, Text
from ports.settings import Secret, setting
from dataclasses import dataclass

@dataclass(frozen=True, slots=True)
class Settings:
    api_key: Secret = setting("Key.", tr="Anahtar.")

class Carrier:
    def __init__(self, context): self.key = context.settings.api_key
    def track(self, number): return None

MANIFEST = dict(
    id="{id}", name="{id}", summary=Text("A.", "B."), api=1, settings=Settings,
    hosts=frozenset({{"api.example"}}), owners=("@a",), check=lambda c: Account("1", "1"),
    carrier=Carrier,
)

@hookimpl
def invekto_manifest():
    return Manifest(**MANIFEST)
"""


class Shelf:
    """Strangers' packages on a path of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.points: list[EntryPoint] = []

    def add(
        self, name: str, more: str = "", *, code: str | None = None, level: str = "seen"
    ) -> None:
        package = self.folder / f"stranger_{name}"
        package.mkdir()
        text = GOOD.format(id=name) + more if code is None else code
        (package / "__init__.py").write_text(text, encoding="utf-8")
        (package / "quality.toml").write_text(f'level = "{level}"\n')
        self.points.append(EntryPoint(name, package.name, "invekto.plugins"))

    def discover(self, **options: object) -> Registry:
        return discover(bundled=(), strangers=self.points, **options)  # type: ignore[arg-type]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    for name in [name for name in sys.modules if name.startswith("stranger_")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    return Shelf(tmp_path)


def test_a_stranger_comes_in_with_its_quality(shelf: Shelf) -> None:
    shelf.add("snail", level="kept")
    registry = shelf.discover()
    assert list(registry.manifests) == ["snail"]
    assert registry.quality["snail"].level == "kept"
    assert registry.refused == {}


BROKEN = {
    "import": ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
    "exits": ("import sys; sys.exit('bye')", "SystemExit: bye"),
    "crashes": ("1 / 0", "ZeroDivisionError"),
    "api": ("MANIFEST['api'] = 99", "speaks version 99 of the ports, not 1"),
    "slug": ("MANIFEST['id'] = 'Snail-Mail'", "is not a slug"),
    "taken": ("MANIFEST['id'] = 'good'", "the id 'good' is taken"),
    "wild": ("MANIFEST['hosts'] = frozenset({'*.example'})", "hosts are named one by one"),
    "settings": ("MANIFEST['settings'] = dict", "TypeError"),
    "raises": ("del MANIFEST['name']", "missing 1 required keyword-only argument: 'name'"),
    "lies": ("@hookimpl\ndef invekto_manifest(): return {'id': 'x'}", "with a Manifest"),
    "misspelt": ("@hookimpl\ndef invekto_manifets(): pass", "PluginValidationError"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_stranger_is_refused_with_its_reason_and_harms_no_other(
    shelf: Shelf, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    more, reason = BROKEN[fault]
    shelf.add("good")
    shelf.add(f"x{fault}", more)
    shelf.add("zebra")
    registry = shelf.discover()
    assert list(registry.manifests) == ["good", "zebra"]
    assert reason in registry.refused[f"x{fault}"]
    assert f"x{fault}" in caplog.text, "a refusal is logged"


def test_a_module_without_the_hook_is_refused(shelf: Shelf) -> None:
    shelf.add("mute", code="")
    assert "does not answer invekto_manifest" in shelf.discover().refused["mute"]


def test_a_plugin_without_a_clear_level_is_refused(shelf: Shelf) -> None:
    shelf.add("vague", level="wonderful")
    assert "quality.toml" in shelf.discover().refused["vague"]


def test_what_the_operator_blocks_by_name_is_not_even_imported(shelf: Shelf) -> None:
    shelf.add("snail", "raise RuntimeError('imported')")
    assert shelf.discover(blocked=["snail"]).refused == {"snail": "blocked by the operator"}


def test_what_the_operator_blocks_by_id_stays_out_under_any_name(shelf: Shelf) -> None:
    shelf.add("nickname", "MANIFEST['id'] = 'snail'")
    assert shelf.discover(blocked=["snail"]).refused == {"nickname": "blocked by the operator"}


def test_capabilities_are_families_doors_and_the_powers_of_what_is_built(shelf: Shelf) -> None:
    shelf.add(
        "both",
        "class Channel:\n"
        "    def __init__(self, context): pass\n"
        "    def send(self, message, *, key): pass\n"
        "    def fetch(self, ref): pass\n"
        "    def mark_read(self, message_id): pass\n"
        "MANIFEST['channel'] = Channel\n"
        "MANIFEST['webhooks'] = lambda context: object()\n",
    )
    manifest = shelf.discover().manifests["both"]
    assert capabilities(manifest) == ("channel", "carrier", "webhooks", "FetchesMedia", "MarksRead")


def test_a_factory_that_calls_out_while_being_listed_only_loses_its_powers(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.add(
        "eager",
        "from ports.http import Request\n"
        "def eager(context): context.transport.send(Request('GET', 'https://api.example/me'))\n"
        "MANIFEST['channel'] = eager\n",
    )
    assert capabilities(shelf.discover().manifests["eager"]) == ("channel", "carrier")
    assert "the channel of eager cannot be built" in caplog.text


def test_the_table_is_made_between_its_marks_and_nowhere_else(shelf: Shelf) -> None:
    shelf.add("snail")
    registry = shelf.discover()
    text = f"# Head\n{BEGIN}\nold\n{END}\n\ntail | stays\n"
    fresh = refreshed(text, registry)
    assert "| `snail` snail | carrier | – | – | – | seen |" in fresh
    assert fresh.startswith("# Head\n")
    assert fresh.endswith("\n\ntail | stays\n")
    assert "old" not in fresh
    assert refreshed(fresh, registry) == fresh
    with pytest.raises(ValueError, match="holds no"):
        refreshed("# Head", registry)
