"""SCIM by a compliance checker that we did not write: scim2-tester."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from scim2_client.client import BaseSyncSCIMClient
from scim2_tester import Status, check_server, filling

from tests.api.client import Client
from tests.api.house import House

BASE = "https://house.example/scim/v2"


class Directory(BaseSyncSCIMClient):
    """The checker's client, asking our application without a socket."""

    def __init__(self, ask: Client, key: str) -> None:
        super().__init__()
        self._ask, self._key = ask, key
        self.base_url = BASE

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return not urlsplit(endpoint).netloc or endpoint.startswith(BASE)

    def _parse_json(self, response: Any) -> Any:
        return response.json()

    def request(self, method: str, url: str, **given: Any) -> httpx.Response:
        path = urlsplit(url).path if urlsplit(url).netloc else f"/scim/v2{url}"
        told = {name: given[name] for name in ("json", "params", "headers") if given.get(name)}
        return self._ask(method, path, key=self._key, **told)


class FirstChoice:
    """Chance, as far as the checker leaves anything to it: of two truths the true one, because the
    one address that is kept is always the primary one."""

    def __getattr__(self, name: str) -> Any:
        import random

        return getattr(random, name)

    def choice(self, among: Any) -> Any:
        return among[0]


def test_the_checker_finds_nothing(
    ask: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It skips the one thing that is not here: searching by POST, which RFC 7644 leaves open."""
    monkeypatch.setattr(filling, "random", FirstChoice())
    results = check_server(Directory(ask, house.tenant().key_with("directory.write")))
    fine = [r for r in results if r.status is Status.SUCCESS]
    others = [(r.title, r.status, r.reason) for r in results if r not in fine]
    assert [told for told in others if told[1] is not Status.SKIPPED] == []
    assert {title for title, *_ in others} == {"search_with_attributes"}
    assert len(fine) >= 40
