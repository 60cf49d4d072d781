"""The limit of a key's calls, on a real Valkey; and without one."""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis

from adapters.embedded import Valkey
from adapters.limits.bucket import PATIENCE, PAUSE, RedisLimits


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    above = Path(tempfile.mkdtemp())
    above.chmod(0o711)
    server = Valkey(above / "state")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(above)


@pytest.fixture
def look(valkey: Valkey) -> Iterator[Any]:
    with redis.Redis.from_url(valkey.url, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture
def limits(valkey: Valkey, look: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisLimits]:
    """With more patience: a busy machine is not what these tests are about."""
    monkeypatch.setattr("adapters.limits.bucket.PATIENCE", 10.0)
    made = RedisLimits(valkey.url)
    yield made
    made.close()


def age(look: Any, key: str, seconds: float) -> None:
    """As if the key had rested so long."""
    name = f"invekto:limit:{key}"
    look.hset(name, "at", float(look.hget(name, "at")) - seconds)


def test_a_minutes_worth_may_come_at_once_and_the_next_must_wait(limits: RedisLimits) -> None:
    assert [limits.take("a", 6) for _ in range(6)] == [0.0] * 6
    assert 8 < limits.take("a", 6) <= 10
    assert limits.take("b", 6) == 0.0, "each key has its own"


def test_who_waits_as_told_is_allowed_again(look: Any, limits: RedisLimits) -> None:
    for _ in range(6):
        limits.take("a", 6)
    wait = limits.take("a", 6)
    age(look, "a", wait)
    assert limits.take("a", 6) == 0.0
    assert limits.take("a", 6) > 8


def test_asking_too_early_costs_nothing(limits: RedisLimits) -> None:
    for _ in range(60):
        limits.take("a", 60)
    waits = [limits.take("a", 60) for _ in range(20)]
    assert all(0 < wait <= 1 for wait in waits)


def test_a_rest_fills_the_bucket_and_no_more(look: Any, limits: RedisLimits) -> None:
    limits.take("a", 6)
    age(look, "a", 86_400)
    assert [limits.take("a", 6) > 0 for _ in range(7)] == [False] * 6 + [True]


def test_a_clock_that_goes_back_gives_and_takes_nothing(look: Any, limits: RedisLimits) -> None:
    for _ in range(3):
        limits.take("a", 6)
    age(look, "a", -3_600)
    assert [limits.take("a", 6) > 0 for _ in range(4)] == [False] * 3 + [True]


def test_a_lower_limit_holds_at_once(limits: RedisLimits) -> None:
    limits.take("a", 1000)
    assert [limits.take("a", 2) > 0 for _ in range(3)] == [False, False, True]


def test_many_at_once_get_exactly_what_there_is(limits: RedisLimits) -> None:
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: limits.take("a", 20), range(200)))
    assert waits.count(0.0) == 20


def test_what_is_kept_is_forgotten_when_it_no_longer_matters(
    look: Any, limits: RedisLimits
) -> None:
    limits.take("a", 6)
    assert 59 <= look.ttl("invekto:limit:a") <= 61


def test_it_goes_on_after_redis_has_lost_everything(look: Any, limits: RedisLimits) -> None:
    limits.take("a", 1)
    look.flushall()
    look.script_flush()
    assert limits.take("a", 1) == 0.0
    assert limits.take("a", 1) > 0


def test_without_redis_all_is_allowed_counted_and_free() -> None:
    limits = RedisLimits("redis://127.0.0.1:1/0")
    began = time.monotonic()
    assert {limits.take("a", 1) for _ in range(10_000)} == {0.0}
    assert time.monotonic() - began < 1
    assert limits.unchecked == 10_000


def test_a_redis_that_does_not_answer_is_asked_once_a_pause() -> None:
    now = [0.0]
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"
        limits = RedisLimits(url, monotonic=lambda: now[0])

        def seconds() -> float:
            began = time.monotonic()
            assert limits.take("a", 1) == 0.0
            return time.monotonic() - began

        assert PATIENCE * 0.9 < seconds() < 2
        assert max(seconds() for _ in range(100)) < PATIENCE * 0.9
        now[0] += PAUSE
        assert seconds() > PATIENCE * 0.9
        assert seconds() < PATIENCE * 0.9
        limits.close()


def test_the_limit_holds_again_when_redis_is_back(
    valkey: Valkey, look: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.limits.bucket.PATIENCE", 10.0)
    now = [0.0]
    limits = RedisLimits(valkey.url, monotonic=lambda: now[0])
    limits.take("a", 1)
    assert limits.take("a", 1) > 0
    valkey.stop()
    assert limits.take("a", 1) == 0.0
    valkey.start()
    assert limits.take("a", 1) == 0.0, "it is not asked yet"
    now[0] += PAUSE
    assert limits.take("a", 1) > 0
    limits.close()
