"""The bell and the workers, on a real Valkey that comes and goes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from adapters.embedded import Valkey
from adapters.queue.bell import KEY, Bell
from adapters.queue.jobs import KEPT_FAILURE, STALE, Jobs
from core.shared.errors import Unavailable

ROOT = Path(__file__).parents[2]
NOWHERE = "redis://127.0.0.1:1/0"
CHORES = '''
"""Jobs for a worker in a process of its own."""
import os, time
from pathlib import Path

def note(file, word):
    with open(file, "a") as out:
        out.write(word + "\\n")

def slow(file):
    note(file, f"begun {os.getpid()}")
    until = time.monotonic() + 20
    while not os.path.exists(file + ".go") and time.monotonic() < until:
        time.sleep(0.01)
    note(file, "done")

def fail(file):
    note(file, "failed")
    raise RuntimeError("planted-secret of a customer")
'''


def until(condition: Callable[[], Any], within: float = 20) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


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
def redis_url(valkey: Valkey) -> str:
    valkey.start()
    return valkey.url


@pytest.fixture
def look(redis_url: str) -> Iterator[Any]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture
def bell(redis_url: str) -> Iterator[Bell]:
    made = Bell(redis_url)
    yield made
    made.close()


@pytest.fixture
def jobs(redis_url: str) -> Iterator[Jobs]:
    made = Jobs(redis_url)
    yield made
    made.close()


def test_a_ring_is_heard_once(look: Any, bell: Bell) -> None:
    assert not bell.wait(0.05)
    bell.ring()
    assert bell.wait(5)
    assert not bell.wait(0.05)


def test_who_waits_hears_it_at_once(look: Any, bell: Bell) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(bell.wait, 5)
        bell.ring()
        assert heard.result()
    assert time.monotonic() - began < 2


def test_a_thousand_rings_are_a_few_strokes(look: Any, bell: Bell) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: bell.ring(), range(10_000)))
    assert bell.wait(5)
    stats: Any = look.info("commandstats")
    assert stats["cmdstat_lpush"]["calls"] < 1_000
    assert look.llen(KEY) <= 1


def test_no_ring_after_the_last_stroke_is_missed(look: Any, bell: Bell) -> None:
    """What is rung while a stroke is under way is struck after it."""
    for _ in range(200):
        bell.ring()
        assert bell.wait(5)


def test_without_redis_ringing_costs_nothing_and_raises_nothing() -> None:
    bell = Bell(NOWHERE)
    began = time.monotonic()
    for _ in range(10_000):
        bell.ring()
    assert time.monotonic() - began < 1
    until(lambda: bell.failed)
    began = time.monotonic()
    assert not bell.wait(0.1)
    assert 0.09 < time.monotonic() - began < 2, "the relay does not spin"
    bell.close()


def test_a_redis_that_takes_calls_and_never_answers_holds_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        bell = Bell(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0")
        began = time.monotonic()
        for _ in range(1_000):
            bell.ring()
        assert time.monotonic() - began < 0.5
        bell.close()


def test_the_bell_works_again_when_redis_is_back(valkey: Valkey, bell: Bell) -> None:
    bell.ring()
    assert bell.wait(5)
    valkey.stop()
    bell.ring()
    until(lambda: bell.failed)
    valkey.start()

    def heard() -> bool:
        bell.ring()
        return bell.wait(0.2)

    until(heard)


def test_a_process_that_was_forked_rings_too(look: Any, bell: Bell) -> None:
    bell.ring()
    assert bell.wait(5)
    child = os.fork()
    if child == 0:
        bell.ring()
        bell._striker.join(1)
        os._exit(0)
    assert bell.wait(5)
    os.waitpid(child, 0)


def test_a_job_is_a_path_and_ids_in_json(look: Any, jobs: Jobs, redis_url: str) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    id = str(uuid4())
    assert jobs.enqueue_many("inbound", [("chores.read", [id]), ("chores.read", [id, 7])]) == 2
    assert jobs.enqueue_many("inbound", []) == 0
    assert jobs.depth("inbound") == 2
    assert jobs.depth("outbound") == 0
    assert jobs.depths(["outbound", "inbound"]) == {"outbound": 0, "inbound": 2}
    oldest = jobs.oldest("inbound")
    assert oldest is not None
    assert before < oldest < datetime.now(UTC)
    assert jobs.oldest("outbound") is None
    first = look.lindex("rq:queue:inbound", 0)
    with redis.Redis.from_url(redis_url) as raw:
        stored: Any = raw.hgetall(f"rq:job:{first}")
    assert json.loads(zlib.decompress(stored[b"data"])) == ["chores.read", None, [id], {}]
    assert (stored[b"result_ttl"], stored[b"failure_ttl"]) == (b"0", str(KEPT_FAILURE).encode())
    assert 0 < look.ttl(f"rq:job:{first}") <= STALE


@pytest.mark.parametrize("path", ["__main__.read", "read", "", ".read"])
def test_a_function_that_no_worker_can_import_is_refused(jobs: Jobs, path: str) -> None:
    with pytest.raises(ValueError, match="import"):
        jobs.enqueue_many("inbound", [(path, [])])


def test_without_redis_the_jobs_are_unavailable() -> None:
    jobs = Jobs(NOWHERE)
    for ask in (
        lambda: jobs.enqueue_many("inbound", [("chores.read", [])]),
        lambda: jobs.depth("inbound"),
        lambda: jobs.oldest("inbound"),
    ):
        with pytest.raises(Unavailable):
            ask()


def test_a_lost_answer_does_not_push_twice(look: Any, redis_url: str) -> None:
    """redis-py would repeat it: what it did is seen through a proxy that eats one answer."""
    port = redis.connection.parse_url(redis_url)["port"]
    with Eater(port) as eater:
        jobs = Jobs(redis_url.replace(f":{port}/", f":{eater.port}/"))
        assert jobs.depth("inbound") == 0
        eater.eats = True
        with pytest.raises(Unavailable):
            jobs.enqueue_many("inbound", [("chores.read", ["1"])])
        jobs.close()
    until(lambda: look.llen("rq:queue:inbound"))
    assert look.llen("rq:queue:inbound") == 1


class Eater:
    """A proxy that passes everything on, and hangs up instead of answering a push."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.eaten = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self) -> Eater:
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)

    def _run(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            with near, socket.create_connection(("127.0.0.1", self.target)) as far:
                while said := near.recv(65536):
                    far.sendall(said)
                    answer = far.recv(65536)
                    if b"RPUSH" in said.upper():
                        self.eaten += 1
                        break
                    near.sendall(answer)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "chores.py").write_text(CHORES)
    return tmp_path / "notes"


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(redis_url: str, notes: Path) -> Iterator[Start]:
    """Start a worker of the queues in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def run(*queues: str, burst: bool = False, **more: Any) -> subprocess.Popen[str]:
        code = (
            "import sys; from adapters.queue.worker import run_worker;"
            f"run_worker({list(queues)!r}, sys.argv[1], burst={burst}); print('left')"
        )
        environment = os.environ | {"PYTHONPATH": f"{notes.parent}{os.pathsep}{ROOT}"}
        worker = subprocess.Popen(
            [sys.executable, "-c", code, redis_url],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **more,
        )
        started.append(worker)
        return worker

    yield run
    for worker in started:
        worker.kill()
        worker.communicate()


def lines(notes: Path) -> list[str]:
    return notes.read_text().split("\n")[:-1] if notes.exists() else []


def said(worker: subprocess.Popen[str]) -> str:
    return worker.communicate(timeout=30)[0]


def test_a_worker_does_the_jobs_in_order_and_leaves_nothing_behind(
    look: Any, jobs: Jobs, start: Start, notes: Path
) -> None:
    words = [f"word {n}" for n in range(20)]
    jobs.enqueue_many("inbound", [("chores.note", [str(notes), word]) for word in words])
    worker = start("inbound", burst=True)
    assert said(worker) == "left\n"
    assert worker.returncode == 0
    assert lines(notes) == words
    assert not look.keys("rq:job:*")
    assert not look.keys("rq:results:*")


def test_the_first_queue_comes_first(look: Any, jobs: Jobs, start: Start, notes: Path) -> None:
    jobs.enqueue_many("agents", [("chores.note", [str(notes), "second"])])
    jobs.enqueue_many("outbound", [("chores.note", [str(notes), "first"])])
    said(start("outbound", "agents", burst=True))
    assert lines(notes) == ["first", "second"]


def test_a_job_that_fails_stops_nothing_and_leaves_no_words_in_redis(
    look: Any, jobs: Jobs, start: Start, notes: Path, redis_url: str
) -> None:
    jobs.enqueue_many(
        "inbound",
        [
            ("chores.fail", [str(notes)]),
            ("chores.nothing", []),
            ("no_such_module.x", []),
            ("chores.note", [str(notes), "after"]),
        ],
    )
    output = said(start("inbound", burst=True))
    assert lines(notes) == ["failed", "after"], "each was tried once"
    assert "RuntimeError" in output
    with redis.Redis.from_url(redis_url) as raw:
        kept = [raw.dump(key) for key in raw.keys("*")]
        results = [raw.xrange(key) for key in raw.keys("rq:results:*")]
        lives = [raw.ttl(key) for key in raw.keys("rq:job:*")]
    assert "planted" not in f"{kept}{results}"
    assert len(results) == len(lives) == 3
    assert all(0 < life <= KEPT_FAILURE for life in lives)


def test_asked_to_stop_it_finishes_its_job_and_begins_no_other(
    look: Any, jobs: Jobs, start: Start, notes: Path
) -> None:
    jobs.enqueue_many(
        "inbound", [("chores.slow", [str(notes)]), ("chores.note", [str(notes), "later"])]
    )
    worker = start("inbound")
    until(lambda: lines(notes))
    for _ in range(2):  # also when asked twice
        worker.send_signal(signal.SIGTERM)
    Path(f"{notes}.go").touch()
    assert said(worker) == "left\n"
    assert worker.returncode == 0
    assert lines(notes) == [f"begun {worker.pid}", "done"]
    assert jobs.depth("inbound") == 1


def test_asked_to_stop_while_idle_it_leaves_at_once(
    look: Any, jobs: Jobs, start: Start, notes: Path
) -> None:
    jobs.enqueue_many("inbound", [("chores.note", [str(notes), "one"])])
    worker = start("inbound")
    until(lambda: lines(notes))
    until(lambda: "idle" in [look.hget(key, "state") for key in look.keys("rq:worker:*")])
    began = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert said(worker) == "left\n"
    assert worker.returncode == 0
    assert time.monotonic() - began < 5


def test_a_worker_outlives_redis(
    look: Any, jobs: Jobs, start: Start, notes: Path, valkey: Valkey
) -> None:
    """Redis goes away under an idle worker, and again under one in the middle of a job."""
    worker = start("inbound")
    jobs.enqueue_many("inbound", [("chores.note", [str(notes), "before"])])
    until(lambda: "before" in lines(notes))
    valkey.stop()
    valkey.start()
    again = Jobs(valkey.url)
    again.enqueue_many("inbound", [("chores.slow", [str(notes)])])
    until(lambda: len(lines(notes)) == 2)
    valkey.stop()
    Path(f"{notes}.go").touch()
    until(lambda: "done" in lines(notes))
    assert worker.poll() is None
    valkey.start()
    again.enqueue_many("inbound", [("chores.note", [str(notes), "after"])])
    again.close()
    until(lambda: "after" in lines(notes))
    worker.send_signal(signal.SIGTERM)
    assert said(worker).endswith("left\n")
    assert worker.returncode == 0


def test_a_worker_that_waits_for_redis_can_be_stopped(
    redis_url: str, start: Start, valkey: Valkey
) -> None:
    valkey.stop()
    worker = start("inbound")
    line = worker.stdout and worker.stdout.readline()
    assert line is not None
    assert "Redis is away" in line
    worker.send_signal(signal.SIGTERM)
    said(worker)
    assert worker.returncode == 0
    valkey.start()
