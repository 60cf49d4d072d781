"""The vendors' sandboxes over HTTP, for demos, dry runs and tests of the whole house.

    ANY  /{host}/{path}                 what the vendor would answer at https://{host}/{path}
    POST /_control/{plugin}/{command}   JSON arguments: what happens at the vendor by itself
    POST /_faults/{plugin}              {"fault": "rate_limited", "times": 1, "path": ""}
    POST /_deliveries/{plugin}          {"duplicates": 0.2, "reorder": true}
    GET  /_health                       which sandboxes play, and how their webhooks fare

Faults of the wire end in a dropped connection. Whoever called cannot know what had happened by
then, so a refused connection looks like a lost answer here.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from entrypoints.postman import Played, Postman
from ports.clock import Clock
from ports.errors import VendorError
from ports.http import Request, Response
from ports.manifest import Manifest
from ports.sandbox import Fault

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_HANG_UP = "invekto.hang_up"
_OUR_OWN = frozenset({"host", "connection", "transfer-encoding"})
_WRITTEN_ANEW = frozenset({"content-length", "transfer-encoding", "connection"})


def serve(host: str, port: int, manifests: Mapping[str, Manifest], clock: Clock) -> None:
    """Play every sandbox of the manifests until SIGTERM or SIGINT, then return."""
    server = make_server(host, port, manifests, clock)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn stops, then raises the signal once more
    server.run()


def make_server(
    host: str, port: int, manifests: Mapping[str, Manifest], clock: Clock
) -> uvicorn.Server:
    """ValueError where two sandboxes play one host."""
    played = [Played(m.id, m.sandbox(clock)) for m in manifests.values() if m.sandbox]
    config = uvicorn.Config(
        Playground(played),
        host=host,
        port=port,
        http=_HangsUp,
        lifespan="on",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(config)


class _Refused(Exception):
    """The caller asked for something that is not there or not sensible."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Playground:
    """The ASGI application. Sandboxes answer from memory, so they are asked without a thread."""

    def __init__(self, played: list[Played]) -> None:
        self._by_host: dict[str, Played] = {}
        for one in played:
            for host in one.sandbox.hosts:
                if host in self._by_host:
                    raise ValueError(f"{host} is played by {self._by_host[host].id} and {one.id}")
                self._by_host[host] = one
        self._by_id = {one.id: one for one in played}
        self._postmen = {one.id: Postman(one) for one in played}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        for postman in self._postmen.values():
            postman.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for postman in self._postmen.values():
            postman.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        try:
            response = self._answer(scope, body)
        except _Refused as refused:
            response = _json(refused.status, {"error": str(refused)})
        except VendorError:  # a fault of the wire
            scope[_HANG_UP]()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        headers = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in response.headers.items()
            if name.lower() not in _WRITTEN_ANEW
        ]
        headers.append((b"content-length", str(len(response.body)).encode()))
        start = {"type": "http.response.start", "status": response.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": response.body})

    def _answer(self, scope: Scope, body: bytes) -> Response:
        path = scope["raw_path"].decode("ascii")
        match scope["method"], path.split("/")[1:]:
            case "GET", ["_health"]:
                return _json(200, self._health())
            case "POST", ["_control", plugin, command]:
                return self._control(self._named(plugin), command, _object(body))
            case "POST", ["_faults", plugin]:
                return self._faults(self._named(plugin), _object(body))
            case "POST", ["_deliveries", plugin]:
                return self._deliveries(self._named(plugin), _object(body))
            case method, [host, *_] if host.lower() in self._by_host:
                return self._play(self._by_host[host.lower()], method, scope, path, body)
        raise _Refused(404, "no sandbox plays this host, and nothing of our own is there")

    def _play(self, played: Played, method: str, scope: Scope, path: str, body: bytes) -> Response:
        query = scope["query_string"].decode("ascii")
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name.decode("latin-1") not in _OUR_OWN
        }
        url = f"https:/{path}" + (f"?{query}" if query else "")
        with played.lock:
            response = played.sandbox.handle(Request(method, url, headers, body or None))
        self._postmen[played.id].hurry()
        return response

    def _control(self, played: Played, command: str, arguments: dict[str, Any]) -> Response:
        try:
            with played.lock:
                answer = played.sandbox.control(command, **arguments)
        except (ValueError, TypeError) as error:
            raise _Refused(422, str(error)) from None
        self._postmen[played.id].hurry()
        return _json(200, answer)

    def _faults(self, played: Played, said: dict[str, Any]) -> Response:
        fault, times, path = said.get("fault"), said.get("times", 1), said.get("path", "")
        if fault not in list(Fault):
            raise _Refused(422, f"fault is one of {', '.join(Fault)}")
        if type(times) is not int or not 1 <= times <= 10_000 or not isinstance(path, str):
            raise _Refused(422, "times is a number from 1 to 10000, and path a text")
        with played.lock:
            played.sandbox.faults.add(Fault(fault), times=times, path=path)
        return _json(200, None)

    def _deliveries(self, played: Played, said: dict[str, Any]) -> Response:
        share, reorder = said.get("duplicates", 0.0), said.get("reorder", False)
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise _Refused(422, "duplicates is a number from 0 to 1")
        if not isinstance(reorder, bool):
            raise _Refused(422, "reorder is true or false")
        with played.lock:
            played.sandbox.deliveries.duplicates = float(share)
            played.sandbox.deliveries.reorder = reorder
        return _json(200, None)

    def _health(self) -> dict[str, Any]:
        return {id: self._fares(one) for id, one in self._by_id.items()}

    def _fares(self, played: Played) -> dict[str, Any]:
        postman = self._postmen[played.id]
        with played.lock:
            waiting = len(played.sandbox.deliveries.waiting) + postman.in_hand
        return {
            "hosts": sorted(played.sandbox.hosts),
            "waiting": waiting,
            "delivered": postman.delivered,
            "given_up": postman.given_up,
        }

    def _named(self, plugin: str) -> Played:
        if plugin not in self._by_id:
            raise _Refused(404, f"no sandbox is called {plugin}")
        return self._by_id[plugin]


class _HangsUp(HttpToolsProtocol):
    """uvicorn's, with a way for the application to drop the connection without a word."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        app = self.app

        async def with_hang_up(scope: Any, receive: Any, send: Any) -> None:
            scope[_HANG_UP] = self.transport.abort
            await app(scope, receive, send)

        self.app = with_hang_up


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body or b"{}")
    except ValueError:
        raise _Refused(400, "the body is not JSON") from None
    if not isinstance(said, dict):
        raise _Refused(400, "the body is not a JSON object")
    return said


def _json(status: int, value: Any) -> Response:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(status, {"content-type": "application/json"}, body)
