"""The application over a real database, one a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.api.browsing import Person, signed_in
from tests.api.client import Client
from tests.api.house import House, Tenant
from tests.api.planted import plant
from tests.api.shop import NUMBERS, Shop


@pytest.fixture(scope="module")
def house(engine: Engine, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(engine, database_url, tmp_path_factory.mktemp("plugins"))


@pytest.fixture(scope="module")
def ask(house: House) -> Iterator[Client]:
    client = Client(house.app)
    yield client
    client.close(house.ingest.close())


@pytest.fixture
def shop(house: House) -> Tenant:
    """A tenant of its own for a test, with one of everything."""
    return plant(house)


@pytest.fixture(scope="module")
def hostile_shop(house: House) -> Tenant:
    """A tenant for tests that change nothing."""
    return plant(house)


@pytest.fixture
def it(ask: Client, shop: Tenant) -> Shop:
    return Shop(ask, shop)


@pytest.fixture
def fresh(ask: Client, house: House) -> Shop:
    return Shop(ask, house.tenant())


@pytest.fixture
def number() -> str:
    return str(next(NUMBERS))


@pytest.fixture
def seller(house: House) -> Tenant:
    return house.tenant()


@pytest.fixture
def ayse(ask: Client, house: House, seller: Tenant) -> Person:
    """An owner, signed in by a password alone."""
    return signed_in(ask, house, seller, "ayse")
