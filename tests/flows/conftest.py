"""A town for each module, on real servers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.embedded import Valkey
from entrypoints import worker
from entrypoints.bootstrap import build, web
from entrypoints.config import from_environment
from ports.http import Request, Response
from ports.sandbox import SandboxTransport
from tests.api.client import Client
from tests.conftest import new_database
from tests.flows.town import Clock, Town


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    above = Path(tempfile.mkdtemp())
    above.chmod(0o711)  # under root the server runs as nobody
    server = Valkey(above / "state")
    server.start()
    yield server.url
    server.stop()
    shutil.rmtree(above)


@pytest.fixture(scope="session")
def kept_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for what the reader of intents learns: once a session."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def fresh_database_url(database_admin_url: str, database_template: str) -> Iterator[str]:
    with new_database(database_admin_url, database_template) as url:
        yield url


class Nowhere:
    """The way out of plugins without a sandbox: they call nobody."""

    def send(self, request: Request) -> Response:
        raise AssertionError(f"nobody is called there: {request.url}")


@pytest.fixture
def town(
    fresh_database_url: str, redis_url: str, kept_model: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    config = from_environment(
        {
            "DATABASE_URL": fresh_database_url,
            "REDIS_URL": redis_url,
            "INVEKTO_DATA": str(kept_model),
            "INVEKTO_BASE_URL": "https://house.example",
            "INVEKTO_LOG": "plain",
        }
    )
    clock = Clock()
    house = build(config, part="flows", clock=clock)
    manifests = house.registry.manifests.values()
    sandboxes = {m.id: m.sandbox(clock) for m in manifests if m.sandbox}
    ways = {id: SandboxTransport(sandbox) for id, sandbox in sandboxes.items()}
    house.vendors.transport = lambda plugin, _hosts: ways.get(plugin, Nowhere())
    monkeypatch.setattr(worker, "house", lambda: house)
    worker.postman.cache_clear()  # it is the house's
    ask = Client(web(house))
    made = Town(house, ask, sandboxes, clock)
    made.found()
    yield made
    ask.close()
    house.close()
