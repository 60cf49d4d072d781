"""Contract classes, each named after a flaw, whose plugin has that flaw."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from acme.manifest import MANIFEST


def plant(contract: type, door: str, *kinds: type) -> dict[str, type]:
    """`contract` against Acme, once for each kind that its manifest's `door` may build."""
    return change(contract, **{kind.__name__: {door: kind} for kind in kinds})


def change(contract: type, **flaws: Mapping[str, Any]) -> dict[str, type]:
    """`contract` against Acme's manifest, once for each set of changes."""
    return {f"Test{flaw}": _class(contract, flaw, changes) for flaw, changes in flaws.items()}


def _class(contract: type, flaw: str, changes: Mapping[str, Any]) -> type:
    spoiled = dataclasses.replace(MANIFEST, **changes)
    fixture = pytest.fixture(name="manifest")(lambda self: spoiled)
    return type(f"Test{flaw}", (contract,), {"manifest": fixture})
