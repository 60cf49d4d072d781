"""A whole house in a folder of its own, whose processes can be found and killed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

import httpx
import psutil
import psycopg
import redis

from adapters.embedded import Postgres, Valkey
from adapters.embedded.address import free_port
from adapters.embedded.spawn import tether

ROOT = Path(__file__).parents[2]
LEASE, VISIBILITY = 5, 3
"""Seconds; in production both are 60."""
READY_WITHIN = 90.0
STOPPED_WITHIN = 45.0


class Victim(StrEnum):
    """What can be killed. The last one is not killed, but loses its memory."""

    WEB = "web"
    WORKER = "worker"
    AGENTS = "agents"
    SWEEPER = "sweeper"
    POSTGRES = "postgres"
    BACKEND = "a postgres backend"
    VALKEY = "valkey"
    FLUSH = "valkey's memory"


class NotInTime(AssertionError):
    """Something did not come true in time."""


def eventually(what: str, true: Callable[[], bool], within: float, every: float = 0.05) -> float:
    """Wait until it is true; answers after how many seconds it was, or raises NotInTime."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > within:
            raise NotInTime(f"not within {within:.0f} s: {what}")
        time.sleep(every)
    return time.monotonic() - began


class House:
    """Started by its supervisor with embedded servers and the vendors' sandboxes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.data = folder / "state"
        self.log = folder / "house.log"
        self._running: subprocess.Popen[bytes] | None = None
        self.url = self.sandbox = self.database = self.redis = ""

    def start(self) -> float:
        """Return when the house is ready, with the seconds that it took."""
        began = time.monotonic()
        with self.log.open("ab") as out:
            said = out.tell()
            self._running = subprocess.Popen(
                [sys.executable, "-m", "entrypoints.cli", "up", "--sandbox"],
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=tether(signal.SIGTERM),  # noqa: PLW1509 - before any thread of ours
            )
        eventually("the house is up", lambda: self._told(said), READY_WITHIN)
        self.database, self.redis = Postgres(self.data).url, Valkey(self.data).url
        eventually("the house is ready", self.ready, READY_WITHIN)
        return time.monotonic() - began

    def stop(self) -> int:
        """Ask it to stop as an operator would; the exit status."""
        assert self._running is not None
        self._running.send_signal(signal.SIGTERM)
        return self._running.wait(STOPPED_WITHIN)

    def end(self) -> None:
        """Leave nothing running, however it stands."""
        if self._running is not None and self._running.poll() is None:
            family = [self._supervisor, *self._supervisor.children(recursive=True)]
            with suppress(subprocess.TimeoutExpired):
                self._running.send_signal(signal.SIGCONT)
                self.stop()
            for process in family:
                with suppress(psutil.Error):
                    process.kill()

    @property
    def operator_key(self) -> str:
        return (self.data / "operator.key").read_text().strip()

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=3).status_code == 200
        except httpx.HTTPError:
            return False

    def reads(self) -> bool:
        """Whether the agents have learnt to read, which takes its time in a new folder."""
        return any((self.data / "cache" / "local_models").glob("*.npz"))

    def database_answers(self) -> bool:
        try:
            with psycopg.connect(self.database, connect_timeout=2) as connection:
                return connection.execute("select 1").fetchone() == (1,)
        except psycopg.Error:
            return False

    def pids(self, victim: Victim) -> list[int]:
        """The living processes of that kind; none while it is down."""
        if victim is Victim.BACKEND:
            return [c.pid for p in self._of(Victim.POSTGRES) for c in _children(p)]
        return [process.pid for process in self._of(victim)]

    def kill(self, victim: Victim, choose: Callable[[Sequence[int]], int] = lambda p: p[0]) -> bool:
        """SIGKILL one of that kind; False when there is none at this moment."""
        if victim is Victim.FLUSH:
            return self.forget()
        pids = self.pids(victim)
        with suppress(ProcessLookupError):
            if pids:
                os.kill(choose(pids), signal.SIGKILL)
                return True
        return False

    def forget(self) -> bool:
        """Empty Redis; False when it does not answer."""
        client = redis.Redis.from_url(self.redis, socket_timeout=2, socket_connect_timeout=2)
        try:
            return bool(client.flushall())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def forget_for_ever(self) -> None:
        """Empty Redis, take what it wrote to disk, and kill it."""
        self.forget()
        for file in (self.data / "valkey" / "data").rglob("*"):
            if file.is_file():
                file.unlink()
        eventually("Redis is there to be killed", lambda: self.kill(Victim.VALKEY), 10)

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """PostgreSQL is dead, and the supervisor cannot help it until the block ends."""
        self._supervisor.suspend()
        try:
            eventually("PostgreSQL is there to be killed", lambda: self.kill(Victim.POSTGRES), 10)
            yield
        finally:
            self._supervisor.resume()

    @contextmanager
    def with_frozen_database(self) -> Iterator[None]:
        """PostgreSQL takes connections and answers nothing until the block ends."""
        frozen = [psutil.Process(p) for v in _POSTGRES for p in self.pids(v)]
        for process in frozen:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        try:
            yield
        finally:
            for process in reversed(frozen):
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def tail(self, lines: int = 40) -> str:
        """The end of what the house said."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    @property
    def _supervisor(self) -> psutil.Process:
        assert self._running is not None
        return psutil.Process(self._running.pid)

    def _of(self, victim: Victim) -> list[psutil.Process]:
        found = []
        for child in _children(self._supervisor):
            with suppress(psutil.Error):
                if child.name() == _NAMES[victim]:
                    found.append(child)
        return found

    def _told(self, since: int) -> bool:
        """Whether it has said where it is, which it does when it is up."""
        assert self._running is not None
        said = self.log.read_bytes()[since:].decode(errors="replace")
        if self._running.poll() is not None:
            raise NotInTime(f"the house ended before it was up:\n{self.tail()}")
        api = re.search(r"^  API +(http\S+)/api/v1$", said, re.M)
        vendors = re.search(r"^  Sandboxes +(http\S+)$", said, re.M)
        if api and vendors:
            self.url, self.sandbox = api[1], vendors[1]
        return bool(api and vendors)

    def _environment(self) -> Mapping[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("INVEKTO_", "PG"))}
        kept = {k: v for k, v in kept.items() if k not in ("DATABASE_URL", "REDIS_URL")}
        return kept | {
            "INVEKTO_DATA": str(self.data),
            "INVEKTO_LEASE": str(LEASE),
            "INVEKTO_VISIBILITY": str(VISIBILITY),
            "PORT": str(free_port()),
            "PYTHONUNBUFFERED": "1",
        }


@contextmanager
def house() -> Iterator[House]:
    """A house that runs; it is gone afterwards, with its folder."""
    folder = Path(tempfile.mkdtemp(prefix="invekto-faults-"))
    folder.chmod(0o711)  # under root the servers run as nobody and must walk through
    made = House(folder)
    try:
        made.start()
        yield made
    finally:
        made.end()
        shutil.rmtree(folder, ignore_errors=True)


_POSTGRES = (Victim.POSTGRES, Victim.BACKEND)
_NAMES: Mapping[Victim, str] = {
    Victim.WEB: "invekto:web",
    Victim.WORKER: "invekto:worker",
    Victim.AGENTS: "invekto:agents",
    Victim.SWEEPER: "invekto:sweeper",
    Victim.POSTGRES: "postgres",
    Victim.VALKEY: "valkey-server",
}


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children()
    except psutil.NoSuchProcess:
        return []
