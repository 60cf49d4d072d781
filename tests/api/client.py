"""Asking the application as a program would, without a socket and without keeping cookies."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
from starlette.types import ASGIApp


class Client:
    """Requests in one event loop of its own. Close it at the end."""

    def __init__(self, app: ASGIApp) -> None:
        self._loop = asyncio.Runner()
        self._http = self._loop.run(self._open(app))

    async def _open(self, app: ASGIApp) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, client=("203.0.113.9", 4711))
        forgets = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        return httpx.AsyncClient(
            transport=transport, base_url="https://house.example", cookies=forgets
        )

    def __call__(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        json: Any = None,
        content: Any = None,
        params: Any = None,
        headers: Mapping[str, str | bytes] = {},
    ) -> httpx.Response:
        told = {**({"Authorization": f"Bearer {key}"} if key else {}), **headers}
        extra: dict[str, Any] = {"headers": told, "params": params}
        if json is not None:
            extra["json"] = json
        if content is not None:
            extra["content"] = content
        return self._loop.run(self._http.request(method, path, **extra))

    def many(self, count: int, method: str, path: str, **given: Any) -> list[httpx.Response]:
        """The same request so many times at once."""

        async def gathered() -> list[httpx.Response]:
            asked = [self._http.request(method, path, **given) for _ in range(count)]
            return list(await asyncio.gather(*asked))

        return self._loop.run(gathered())

    def close(self, *others: Coroutine[Any, Any, None]) -> None:
        """Close what was opened in this loop."""
        for closing in (self._http.aclose(), *others):
            self._loop.run(closing)
        self._loop.close()
