"""Is it alive, can it work, and how much it does. Answered in front of the router."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping

from starlette.types import Receive, Scope, Send

from entrypoints import observe
from entrypoints.http.bodies import answer, refuse
from entrypoints.http.observed import OPERATION
from entrypoints.http.problems import MethodNotAllowed

PATIENCE = 2.0
"""Seconds until a part that does not answer counts as failed."""
OPERATIONS = {
    "/healthz": "health.live",
    "/readyz": "health.ready",
    "/metrics": "health.metrics",
}
"""Path to operation id."""


class HealthDoor:
    def __init__(
        self,
        probes: Mapping[str, Callable[[], object]],
        standing: Callable[[], observe.Standing],
    ) -> None:
        self._probes = probes
        self._standing = standing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        operation = OPERATIONS[scope["path"]]
        scope["extensions"][OPERATION] = operation
        head = scope["method"] == "HEAD"
        if scope["method"] not in ("GET", "HEAD"):
            await refuse(send, MethodNotAllowed("GET"))
        elif operation == "health.live":
            await _say(send, 200, {"status": "ok"}, head=head)
        elif operation == "health.ready":
            checks = await self._checks()
            ready = all(said == "ok" for said in checks.values())
            status = "ok" if ready else "unready"
            await _say(send, 200 if ready else 503, {"status": status, "checks": checks}, head=head)
        else:
            text = await asyncio.to_thread(observe.metrics, self._standing)
            headers = {"content-type": "text/plain; version=0.0.4; charset=utf-8"}
            await answer(send, 200, text, headers, head=head)

    async def _checks(self) -> dict[str, str]:
        said = await asyncio.gather(*(_ask(probe) for probe in self._probes.values()))
        return dict(zip(self._probes, said, strict=True))


async def _ask(probe: Callable[[], object]) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.to_thread(probe)
    except Exception as error:  # whatever it is, that part cannot work now
        observe.log.warning("a part is not ready: %s", type(error).__name__)
        return "failed"
    return "ok"


async def _say(send: Send, status: int, said: Mapping[str, object], *, head: bool) -> None:
    headers = {"content-type": "application/json"}
    await answer(send, status, json.dumps(said).encode(), headers, head=head)
