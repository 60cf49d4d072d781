"""Around everything: each request has an id, one line in the log and a place in the metrics."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.shared.ids import Ids
from entrypoints import observe
from entrypoints.http.bodies import refuse

log = logging.getLogger(__name__)
QUIET = ("webhooks.deliver", "health.")
"""Operations whose success is told by metrics (and by the journal), not by a line each."""

HEADER = "x-request-id"
OPERATION = "invekto_operation"
"""Where a part in front of the router notes in the scope's extensions what it answered."""
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
_ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))


class Observed:
    def __init__(self, app: ASGIApp, ids: Ids, now: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._ids = ids
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if _GIVEN.fullmatch(given) else str(self._ids())
        observe.correlation_id.set(request_id)
        observe.tenant.set(None)
        extensions: dict[str, Any] = {**scope.get("extensions", {})}
        sending = _Sending(send, request_id)
        began = self._now()
        try:
            await self._app({**scope, "extensions": extensions}, receive, sending)
        except Exception as error:  # the last one who can answer
            if sending.status is not None:
                raise
            await refuse(sending, error)
        finally:
            self._tell(scope, extensions, sending.status, self._now() - began)

    def _tell(
        self, scope: Scope, extensions: dict[str, Any], status: int | None, seconds: float
    ) -> None:
        routed = extensions.get("connexion_routing", {}).get("operation_id")
        operation = extensions.get(OPERATION) or routed or "none"
        observe.REQUESTS.labels(operation, str(status or 0)).observe(seconds)
        if status == 200 and operation.startswith(QUIET):
            return
        log.info(
            "answered",
            extra={
                "operation": operation,
                "method": scope["method"],
                "status": status,
                "milliseconds": round(seconds * 1000, 1),
            },
        )


class _Sending:
    """The channel back, with our headers added and the status noted."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._id = request_id.encode()
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), (HEADER.encode(), self._id), *_ALWAYS]
            if not any(name.lower() == b"cache-control" for name, _ in headers):
                headers.append((b"cache-control", b"no-store"))
            message = {**message, "headers": headers}
        await self._send(message)
