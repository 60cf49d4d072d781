"""The sandboxes over HTTP: the same vendor as in memory, and its webhooks carried to us."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from adapters.http.transport import HttpTransport, pooled_client
from entrypoints.sandbox import make_server
from ports.errors import OutcomeUnknown, Transient
from ports.http import Request, Response
from ports.sandbox import Deliveries, Delivery, Fault, Faults, answer

ROOT = Path(__file__).parents[2]


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class ToySandbox:
    """Answers with what it was asked, and posts what it is told to."""

    hosts = frozenset({"api.toy.example", "files.toy.example"})

    def __init__(self, _clock: Any) -> None:
        self.faults = Faults()
        self.deliveries = Deliveries()
        self.served = 0
        self.inside = threading.Semaphore(1)

    def handle(self, request: Request) -> Response:
        slow = Response(429, {"Retry-After": "7"})
        return answer(self, request, rate_limited=lambda: slow, handle=self._serve)

    def _serve(self, request: Request) -> Response:
        assert self.inside.acquire(blocking=False), "two threads at once"
        self.served += 1
        said = {
            "method": request.method,
            "url": request.url,
            "headers": dict(request.headers),
            "body": (request.body or b"").decode("latin-1"),
        }
        status = 404 if request.url.endswith("/none") else 200
        self.inside.release()
        return Response(status, {"content-type": "application/json"}, json.dumps(said).encode())

    def control(self, command: str, **arguments: Any) -> Any:
        match command:
            case "hook":
                return self._hook(**arguments)
            case "served":
                return {"served": self.served, "sözcük": "ığüşöç"}
        raise ValueError(f"no command {command}")

    def _hook(self, url: str, words: list[str]) -> None:
        for word in words:
            self.deliveries.add(Delivery(url, {"X-Toy": "signed"}, word.encode()))


@contextmanager
def running(**sandboxes: Callable[[Any], Any]) -> Iterator[str]:
    manifests: Any = {id: SimpleNamespace(id=id, sandbox=make) for id, make in sandboxes.items()}
    server = make_server("127.0.0.1", 0, manifests, SystemClock())
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


def until(condition: Callable[[], Any], within: float = 20) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


@pytest.fixture
def url() -> Iterator[str]:
    with running(toy=ToySandbox, none=lambda _: Mute()) as url:
        yield url


class Mute(ToySandbox):
    hosts = frozenset({"api.mute.example"})

    def __init__(self) -> None:
        super().__init__(None)


@pytest.fixture
def web(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.fixture
def transport(url: str) -> Iterator[HttpTransport]:
    with pooled_client() as client:
        yield HttpTransport(
            ToySandbox.hosts, client=client, plugin="toy", observe=lambda _: None, sandbox=url
        )


@dataclass
class Door:
    """Where webhooks are to go: refuses the first `refusals`."""

    refusals: int = 0
    heard: list[str] = field(default_factory=list)
    tries: list[str] = field(default_factory=list)
    url: str = ""

    def take(self, word: str) -> int:
        self.tries.append(word)
        if self.refusals > 0:
            self.refusals -= 1
            return 503
        self.heard.append(word)
        return 200


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setattr("entrypoints.postman.GAPS", (0.01, 0.02, 0.03))
    door = Door()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["x-toy"] == "signed"
            word = self.rfile.read(int(self.headers["content-length"])).decode()
            self.send_response(door.take(word))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    door.url = f"http://127.0.0.1:{server.server_port}/hooks"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield door
    server.shutdown()
    server.server_close()
    thread.join(10)


def control(web: httpx.Client, command: str, **arguments: Any) -> Any:
    answer = web.post(f"/_control/toy/{command}", json=arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_call_reaches_the_sandbox_as_it_would_reach_the_vendor(
    transport: HttpTransport,
) -> None:
    sent = Request(
        "PATCH",
        "https://files.toy.example/v1/o%C3%A7/a%2Fb?x=1&y=%20z",
        {"Authorization": "Bearer k"},
        b"\x00\xff{",
    )
    response = transport.send(sent)
    said = response.json()
    assert response.headers["content-type"] == "application/json"
    assert said["method"].text() == "PATCH"
    assert said["url"].text() == sent.url
    assert said["headers"]["authorization"].text() == "Bearer k"
    assert said["body"].text() == "\x00\xff{"
    assert not said["headers"]["host"].present
    assert transport.send(Request("GET", "https://api.toy.example/none")).status == 404


def test_a_host_that_nobody_plays_is_not_found(web: httpx.Client) -> None:
    for path in ("/api.other.example/v1", "/", "/_control/toy", "/_unknown/toy", "/_control/no/x"):
        answer = web.post(path)
        assert answer.status_code == 404
        assert answer.json()["error"]


def test_two_sandboxes_cannot_play_one_host() -> None:
    manifests: Any = {id: SimpleNamespace(id=id, sandbox=ToySandbox) for id in ("toy", "other")}
    with pytest.raises(ValueError, match="toy and other"):
        make_server("127.0.0.1", 0, manifests, SystemClock())


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.LOST_REQUEST, Fault.REFUSED_CONNECTION])
def test_a_fault_of_the_wire_drops_the_connection(
    web: httpx.Client, transport: HttpTransport, fault: Fault
) -> None:
    assert web.post("/_faults/toy", json={"fault": fault, "times": 2}).status_code == 200
    with pytest.raises(OutcomeUnknown):
        transport.send(Request("POST", "https://api.toy.example/", timeout=10))
    with pytest.raises(Transient):
        transport.send(Request("GET", "https://api.toy.example/", timeout=10))
    assert transport.send(Request("GET", "https://api.toy.example/")).ok
    served = control(web, "served")["served"]
    assert served == (3 if fault is Fault.LOST_ANSWER else 1)


def test_other_faults_are_answers(web: httpx.Client, transport: HttpTransport) -> None:
    web.post("/_faults/toy", json={"fault": "server_error", "path": "/orders"})
    web.post("/_faults/toy", json={"fault": "rate_limited"})
    limited = transport.send(Request("GET", "https://api.toy.example/other"))
    assert (limited.status, limited.headers["retry-after"]) == (429, "7")
    assert transport.send(Request("GET", "https://api.toy.example/other")).ok
    assert transport.send(Request("GET", "https://api.toy.example/orders")).status == 500


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/_faults/toy", b'{"fault": "no_such"}', 422),
        ("/_faults/toy", b"{}", 422),
        ("/_faults/toy", b'{"fault": "malformed", "times": 0}', 422),
        ("/_faults/toy", b'{"fault": "malformed", "times": true}', 422),
        ("/_faults/toy", b'{"fault": "malformed", "path": 7}', 422),
        ("/_faults/toy", b'{"fault": ["malformed"]}', 422),
        ("/_deliveries/toy", b'{"duplicates": 2}', 422),
        ("/_deliveries/toy", b'{"duplicates": true}', 422),
        ("/_deliveries/toy", b'{"reorder": "yes"}', 422),
        ("/_control/toy/nothing", b"{}", 422),
        ("/_control/toy/hook", b'{"wrong": 1}', 422),
        ("/_control/toy/hook", b'{"command": "hook"}', 422),
        ("/_control/toy/hook", b"[]", 400),
        ("/_control/toy/hook", b"\xff{", 400),
    ],
)
def test_a_wrong_wish_is_refused_with_its_reason(
    web: httpx.Client, path: str, body: bytes, status: int
) -> None:
    answer = web.post(path, content=body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_a_command_answers_in_json(web: httpx.Client) -> None:
    assert control(web, "served") == {"served": 0, "sözcük": "ığüşöç"}
    assert web.post("/_control/toy/served").status_code == 200


def test_webhooks_come_in_order_and_again_until_they_are_taken(
    web: httpx.Client, door: Door
) -> None:
    door.refusals = 2
    words = [f"word {n}" for n in range(30)]
    control(web, "hook", url=door.url, words=words)
    until(lambda: len(door.heard) == 30)
    assert door.heard == words
    assert door.tries == [words[0]] * 2 + words
    until(lambda: web.get("/_health").json()["toy"]["delivered"] == 30)
    assert web.get("/_health").json()["toy"]["waiting"] == 0


def test_a_webhook_that_nobody_takes_is_given_up_and_the_next_one_comes(
    web: httpx.Client, door: Door
) -> None:
    door.refusals = 4
    control(web, "hook", url=door.url, words=["lost", "taken"])
    control(web, "hook", url="http://127.0.0.1:1/", words=["nowhere"])
    control(web, "hook", url="no address", words=["nonsense"])
    control(web, "hook", url=door.url, words=["last"])
    until(lambda: "last" in door.heard)
    assert door.heard == ["taken", "last"]
    assert door.tries.count("lost") == 4
    assert web.get("/_health").json()["toy"]["given_up"] == 3


def test_duplicates_and_disorder_come_on_demand(web: httpx.Client, door: Door) -> None:
    assert web.post("/_deliveries/toy", json={"duplicates": 1, "reorder": True}).is_success
    words = [f"word {n}" for n in range(20)]
    control(web, "hook", url=door.url, words=words)
    until(lambda: len(door.heard) == 40)
    assert sorted(door.heard) == sorted(words * 2)
    assert door.heard != [word for word in words for _ in range(2)]


def test_a_sandbox_is_used_by_one_at_a_time(
    url: str, transport: HttpTransport, web: httpx.Client, door: Door
) -> None:
    def call() -> None:
        for n in range(40):
            transport.send(Request("GET", f"https://api.toy.example/{n}"))

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for n in range(40):
        control(web, "hook", url=door.url, words=[str(n)])
    for thread in threads:
        thread.join()
    assert control(web, "served")["served"] == 240
    until(lambda: len(door.heard) == 40)
    assert door.heard == [str(n) for n in range(40)]


def test_it_tells_who_plays(web: httpx.Client) -> None:
    health = web.get("/_health").json()
    assert list(health) == ["toy", "none"]
    assert health["toy"]["hosts"] == ["api.toy.example", "files.toy.example"]


@pytest.mark.parametrize("word", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_leaves_in_peace(word: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    code = f"from entrypoints.sandbox import serve; serve('127.0.0.1', {port}, {{}}, None)"
    server = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)

    def answers() -> bool:
        with suppress(httpx.ConnectError):
            return httpx.get(f"http://127.0.0.1:{port}/_health", trust_env=False).json() == {}
        return False

    until(answers)
    server.send_signal(word)
    assert server.wait(10) == 0
