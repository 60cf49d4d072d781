"""A real identity provider, for whoever has Node. Without it these tests do not run, and say so."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.idp.provider import Browser, NoNode, Provider, installed, running


@pytest.fixture(scope="session")
def from_node() -> Callable[[Callable[[], Path]], Path]:
    """Installs a server; skips where none can run, which under INVEKTO_CI=1 is an error."""

    def folder(install: Callable[[], Path]) -> Path:
        try:
            return install()
        except NoNode as why:
            if os.environ.get("INVEKTO_CI") == "1":
                raise
            pytest.skip(f"no real identity provider: {why}")

    return folder


@pytest.fixture(scope="session")
def provider_folder(from_node: Callable[[Callable[[], Path]], Path]) -> Path:
    return from_node(installed)


@pytest.fixture(scope="session")
def idp(provider_folder: Path) -> Iterator[Provider]:
    with running(provider_folder) as provider:
        yield provider


@pytest.fixture(scope="session")
def other_idp(provider_folder: Path) -> Iterator[Provider]:
    """Another issuer, which knows nothing of the first."""
    with running(provider_folder) as provider:
        yield provider


@pytest.fixture(scope="session")
def thrifty_idp(provider_folder: Path) -> Iterator[Provider]:
    """One that tells of the address and the groups only at its UserInfo endpoint."""
    with running(provider_folder, "thrifty") as provider:
        yield provider


@pytest.fixture
def browser() -> Iterator[Browser]:
    with ExitStack() as stack:
        browser = Browser()
        stack.callback(browser.close)
        yield browser
