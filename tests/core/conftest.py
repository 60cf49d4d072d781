"""A house of fakes for everybody, and a front door of them."""

from __future__ import annotations

import pytest

from tests.core.fakes.door import Door
from tests.core.fakes.house import House


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def door() -> Door:
    return Door()
