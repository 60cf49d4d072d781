"""A house of fakes for everybody."""

from __future__ import annotations

import pytest

from tests.core.fakes.house import House


@pytest.fixture
def house() -> House:
    return House()
