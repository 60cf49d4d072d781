"""Names: nobody else owns ours, secrets are typed as such, and modules are nouns or acts."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from entrypoints.registry import discover
from ports.conformance.manifest import kinds, sounds_secret
from ports.settings import schema

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "ports", "adapters", "plugins", "openapi", "entrypoints")
OURS = {"invekto", "invekto-ports"}
NO_NOUNS = {"utils", "util", "helpers", "helper", "manager", "service", "common", "misc"}
LONGEST = 300
LONGER: frozenset[str] = frozenset(
    {
        "ports/families/channel.py",  # a vocabulary: one short type after another
    }
)
"""Modules of data and tables that may be longer."""


def modules() -> list[Path]:
    return [
        path.relative_to(ROOT)
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if not {"node_modules", "generated", "__pycache__"} & set(path.parts)
    ]


def test_nobody_else_owns_our_names() -> None:
    """A wheel with a top-level `core` or `plugins` would silently shadow ours, or ours it."""
    owners = packages_distributions()
    others = {name: set(owners.get(name, ())) - OURS for name in PACKAGES}
    assert not any(others.values()), {k: v for k, v in others.items() if v}


def test_modules_are_called_what_they_are() -> None:
    vague = [str(path) for path in modules() if NO_NOUNS & {path.stem, path.parent.name}]
    assert not vague, f"name the noun: {vague}"


def test_modules_stay_readable() -> None:
    lengths = {str(p): len((ROOT / p).read_text(encoding="utf-8").splitlines()) for p in modules()}
    long = {p: n for p, n in lengths.items() if n > LONGEST and p not in LONGER}
    assert not long, f"over {LONGEST} lines: {long}"
    assert set(LONGER) <= set(lengths), "the list of exceptions names what is not there"


@pytest.mark.parametrize("plugin", discover().manifests.values(), ids=lambda m: m.id)
def test_settings_that_sound_secret_are_secrets(plugin: object) -> None:
    for kind in kinds(plugin):  # type: ignore[arg-type]
        shown = schema(kind)["properties"]
        told = [n for n in shown if sounds_secret(n) and not shown[n].get("writeOnly")]
        assert not told, f"type these Secret: {told}"
