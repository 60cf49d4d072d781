"""Deliveries that a test posts by itself, to see each answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg

from ports.sandbox import Delivery
from tests.faults.world import Shop, message


class Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    """0 where there was no answer."""
    body: bytes
    retry_after: str | None
    seconds: float


def post(http: httpx.Client, delivery: Delivery) -> Answer:
    """Post it as the vendor would."""
    began = time.monotonic()
    try:
        answer = http.post(delivery.url, content=delivery.body, headers=dict(delivery.headers))
    except httpx.HTTPError:
        return Answer(0, b"", None, time.monotonic() - began)
    seconds = time.monotonic() - began
    return Answer(answer.status_code, answer.content, answer.headers.get("retry-after"), seconds)


def post_many(deliveries: Sequence[Delivery], connections: int) -> list[Answer]:
    """Post all of them over so many connections at once."""
    with (
        ThreadPoolExecutor(connections) as hands,
        httpx.Client(timeout=30, limits=httpx.Limits(max_connections=connections)) as http,
    ):
        return list(hands.map(lambda delivery: post(http, delivery), deliveries))


@dataclass(slots=True)
class Load:
    """New people who go on writing to a shop until it is enough; only what was acked is counted."""

    shop: Shop
    url: str
    every: float = 0.02
    acked: list[str] = field(default_factory=list)
    """Ids of the messages whose delivery was answered with 200."""
    statuses: set[int] = field(default_factory=set)
    _enough: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Load:
        self._thread = threading.Thread(target=self._go_on)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        assert self._thread is not None
        self._thread.join()

    def _go_on(self) -> None:
        with httpx.Client(timeout=5) as http:
            while not self._enough.wait(self.every):
                number = len(self.acked) + len(self.statuses)
                id, delivery = letter(self.shop, self.url, f"90541{number:07}")
                answer = post(http, delivery)
                self.statuses.add(answer.status)
                if answer.status == 200:
                    self.acked.append(id)


def letter(shop: Shop, url: str, phone: str, text: str = "Merhaba") -> tuple[str, Delivery]:
    """A signed delivery of a message from that phone, and the message's id."""
    return message(shop.account, phone, text, f"{url}/api/v1/integrations/whatsapp/webhook", Now())


def count(database: str, query: Any, *values: Any) -> int:
    """The number that a query answers with."""
    with psycopg.connect(database, connect_timeout=5) as connection:
        row = connection.execute(query, values).fetchone()
    assert row is not None
    return int(row[0])


def stored(database: str, wamids: Sequence[str]) -> int:
    """How many rows hold one of these messages."""
    return count(database, "select count(*) from messages where external_id = any(%s)", [*wamids])


def taken_in(database: str, wamids: Sequence[str]) -> int:
    """How many of these messages the inbox has, whether read yet or not."""
    with psycopg.connect(database) as connection:
        rows = connection.execute("select distinct body from inbox").fetchall()
    bodies = b"\n".join(row[0] for row in rows)
    return sum(wamid.encode() in bodies for wamid in wamids)


def answers(call: Callable[[], int]) -> Callable[[], int]:
    """The call, answering 0 while the database is away."""

    def asked() -> int:
        with suppress(psycopg.Error):
            return call()
        return 0

    return asked
