"""The promises of every reader and of every manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plugins.local_models.manifest import MANIFEST
from ports.clock import Clock
from ports.conformance import ManifestContract, UnderstandingContract
from ports.conformance.base import NoWayOut
from ports.manifest import Context, Manifest


@pytest.fixture
def manifest() -> Manifest:
    return MANIFEST


class TestManifest(ManifestContract):
    pass


class TestUnderstanding(UnderstandingContract):
    @pytest.fixture
    def context(self, settings: Any, clock: Clock, trained: Path) -> Context:
        return Context(settings, NoWayOut(), clock, trained)
