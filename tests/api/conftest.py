"""The application over a real database, one a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.api.client import Client
from tests.api.house import House, Tenant
from tests.api.planted import plant


@pytest.fixture(scope="module")
def house(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(engine, tmp_path_factory.mktemp("plugins"))


@pytest.fixture(scope="module")
def ask(house: House) -> Iterator[Client]:
    client = Client(house.app)
    yield client
    client.close()


@pytest.fixture
def shop(house: House) -> Tenant:
    """A tenant of its own for a test, with one of everything."""
    return plant(house)


@pytest.fixture(scope="module")
def hostile_shop(house: House) -> Tenant:
    """A tenant for tests that change nothing."""
    return plant(house)
