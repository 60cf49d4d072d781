"""One training for all tests of a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.local_models.reader import LocalUnderstanding


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with the weights in it; not to be written to."""
    folder = tmp_path_factory.mktemp("local_models")
    LocalUnderstanding(folder).warm_up()
    return folder


@pytest.fixture(scope="session")
def reader(trained: Path) -> LocalUnderstanding:
    return LocalUnderstanding(trained)
