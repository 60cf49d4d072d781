"""The vendor's post: takes webhooks from the sandbox, and does not rest until the house has them.

The sandbox's own postman carries one at a time and gives up after some seconds. Meta carries many
at once and goes on for days.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import httpx

GAPS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between two tries of one delivery; the last one for ever."""
CARRIERS = 8
Letter = tuple[Mapping[str, str], bytes]


class Post:
    """Stands at an address of its own and carries everything to another one."""

    def __init__(self, to: str) -> None:
        self._to = to
        self._letters: queue.SimpleQueue[Letter | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._seen: Counter[bytes] = Counter()
        self.answers: Counter[str] = Counter()
        """Every try by its status, or by what went wrong on the wire."""
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.05,)),
            *(threading.Thread(target=self._carry) for _ in range(CARRIERS)),
        ]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    @property
    def taken(self) -> int:
        """Deliveries that the sandbox handed in."""
        return self._seen.total()

    @property
    def duplicates(self) -> int:
        """How many of them were handed in before."""
        return self._seen.total() - len(self._seen)

    @property
    def acked(self) -> int:
        """Deliveries that the house answered with 200."""
        return self.answers["200"]

    @property
    def waiting(self) -> int:
        return self.taken - self.acked

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._server.shutdown()
        for _ in range(CARRIERS):
            self._letters.put(None)
        for thread in self._threads:
            thread.join()
        self._server.server_close()

    def take(self, letter: Letter) -> None:
        with self._lock:
            self._seen[letter[1]] += 1
        self._letters.put(letter)

    def _carry(self) -> None:
        with httpx.Client(timeout=10, trust_env=False) as http:
            while letter := self._letters.get():
                self._deliver(http, letter)

    def _deliver(self, http: httpx.Client, letter: Letter) -> None:
        gaps = iter(GAPS)
        while not self._over.is_set():
            said = self._try(http, letter)
            with self._lock:
                self.answers[said] += 1
            if said == "200":
                return
            time.sleep(next(gaps, GAPS[-1]))

    def _try(self, http: httpx.Client, letter: Letter) -> str:
        headers, body = letter
        with suppress(httpx.TimeoutException):
            try:
                return str(http.post(self._to, content=body, headers=dict(headers)).status_code)
            except httpx.TransportError as error:
                return type(error).__name__
        return "timeout"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self.take

        class Counterpart(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                kept = ("content-type", "x-hub-signature-256")
                take(({name: self.headers[name] for name in kept}, body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Counterpart
