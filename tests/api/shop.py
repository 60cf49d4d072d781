"""One tenant's requests, as its own program makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.api.client import Client
from tests.api.house import Tenant
from tests.api.plugins import SIGNATURE, sign

NUMBERS = iter(range(10**6, 10**7))
"""Accounts of parrots that nobody has connected yet."""


class Shop:
    """One tenant's requests."""

    def __init__(self, ask: Client, tenant: Tenant) -> None:
        self._ask, self.tenant = ask, tenant

    def __call__(
        self, method: str, path: str, json: Any = None, headers: Mapping[str, str] = {}
    ) -> httpx.Response:
        return self._ask(method, f"/api/v1{path}", key=self.tenant.key, json=json, headers=headers)

    def connect(self, **settings: str) -> dict[str, Any]:
        told = {"number": "31", "api_key": "k", "signing_secret": "s", **settings}
        answer = self("POST", "/integrations/parrot/connect", {"settings": told})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def deliver(self, url: str, body: bytes) -> httpx.Response:
        headers = {SIGNATURE: sign("s", body)}
        return self._ask("POST", urlsplit(url).path, content=body, headers=headers)
