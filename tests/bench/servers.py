"""One run's servers, and for each bench a fresh house: a database and processes of its own."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from uuid import uuid4

import psutil
import psycopg
import redis
from sqlalchemy import make_url

from adapters.embedded import Postgres, Valkey
from adapters.embedded.address import free_port
from adapters.embedded.spawn import tether
from adapters.sql.migrate import migrate
from entrypoints.bootstrap import House, build
from entrypoints.config import from_environment

ROOT = Path(__file__).parents[2]
READY_WITHIN = 90.0
STOPPED_WITHIN = 15.0
UNLIMITED = "1000000000"


def surroundings(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a process of ours: nothing that an operator has set bends a measure."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("INVEKTO_", "PG"))}
    kept = {k: v for k, v in kept.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    return kept | {"INVEKTO_DATA": str(folder), "PYTHONUNBUFFERED": "1"} | more


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Gone afterwards; the servers, which under root run as nobody, may walk through it."""
    folder = Path(tempfile.mkdtemp(prefix="invekto-bench-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def eventually(what: str, true: Callable[[], bool], within: float, every: float = 0.02) -> None:
    """Wait until it is true; TimeoutError when it does not come true."""
    until = time.monotonic() + within
    while not true():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {within:.0f} s: {what}")
        time.sleep(every)


@contextmanager
def running(
    name: str, argv: list[str], env: Mapping[str, str], log: Path
) -> Iterator[psutil.Popen]:
    """A Python module as a process, which ends with the block or with us; its words go to a log."""
    with log.open("ab") as out:
        process = psutil.Popen(
            [sys.executable, "-m", *argv],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=tether(signal.SIGTERM),
        )
    try:
        yield process
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended meanwhile:\n{tail(log)}")
    finally:
        _end(process)


def _end(process: psutil.Popen) -> None:
    """Ask it to end, then insist; nothing that it started is left behind."""
    family = [process, *_children(process)]
    with suppress(psutil.Error):
        process.send_signal(signal.SIGTERM)
    _, alive = psutil.wait_procs(family, STOPPED_WITHIN)
    for one in alive:
        with suppress(psutil.Error):
            one.kill()


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        found: list[psutil.Process] = process.children(recursive=True)
    except psutil.Error:
        return []
    return found


def tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def answers(url: str) -> bool:
    """Whether somebody answers there with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  our own address
            return bool(answer.status == 200)
    except OSError:
        return False


def cpu_seconds(process: psutil.Process) -> float:
    """What a process and those it started have used up."""
    spent = 0.0
    for one in [process, *_children(process)]:
        with suppress(psutil.Error):
            used = one.cpu_times()
            spent += used.user + used.system
    return spent


@dataclass(frozen=True, slots=True)
class Listening:
    """A process that answers HTTP."""

    process: psutil.Process
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(slots=True)
class Site:
    """A fresh house: its database is migrated and empty, and so is its Redis."""

    folder: Path
    database: str
    redis: str
    house: House = field(init=False)
    """Built in this process."""

    def __post_init__(self) -> None:
        self.house = build(from_environment(self.environment()), part="bench")
        logging.getLogger().setLevel(logging.ERROR)

    def environment(self, **more: str) -> dict[str, str]:
        ours = {
            "DATABASE_URL": self.database,
            "REDIS_URL": self.redis,
            "INVEKTO_REQUESTS_PER_MINUTE": UNLIMITED,
        }
        return surroundings(self.folder, **ours, **more)

    @contextmanager
    def process(self, *argv: str, **more: str) -> Iterator[psutil.Popen]:
        """One that answers nobody: a worker, the sweeper, a floor's worker."""
        with running(argv[0], [*argv], self.environment(**more), self._log(argv)) as process:
            yield process

    @contextmanager
    def listening(self, *argv: str, probe: str = "/readyz", **more: str) -> Iterator[Listening]:
        """One that answers HTTP on a port of its own, once it does."""
        port = free_port()
        with self.process(*argv, PORT=str(port), **more) as process:
            made = Listening(process, port)
            try:
                eventually(f"{argv[0]} answers", lambda: answers(made.url + probe), READY_WITHIN)
            except TimeoutError as late:
                raise RuntimeError(f"{late}\n{tail(self._log(argv))}") from None
            yield made

    def ask(self, query: str, *values: object) -> tuple[object, ...]:
        """One row, asked as the superuser."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), values)
            return (cursor.fetchone() or ()) if cursor.description else ()

    def _log(self, argv: tuple[str, ...]) -> Path:
        return self.folder / f"{'-'.join(argv)}.log"


class Servers:
    """PostgreSQL and Valkey as a laptop gets them, with the disk's syncs as in production."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = Postgres(folder / "state")
        self.valkey = Valkey(folder / "state")
        self._template = "bench_template"

    def __enter__(self) -> Self:
        self.postgres.start()
        self.valkey.start()
        self._admin(f"create database {self._template}")
        migrate(self._url(self._template))
        return self

    def __exit__(self, *_error: object) -> None:
        self.valkey.stop()
        self.postgres.stop()

    @contextmanager
    def site(self) -> Iterator[Site]:
        name = f"bench_{uuid4().hex[:12]}"
        folder = self.folder / name
        folder.mkdir()
        self._admin(f"create database {name} template {self._template}")
        redis.Redis.from_url(self.valkey.url).flushall()
        site = Site(folder, self._url(name), self.valkey.url)
        try:
            yield site
        finally:
            site.house.close()
            self._admin(f"drop database {name} with (force)")

    def _url(self, name: str) -> str:
        url = make_url(self.postgres.url).set(database=name)
        return url.render_as_string(hide_password=False)

    def _admin(self, command: str) -> None:
        with psycopg.connect(self.postgres.url, autocommit=True) as admin:
            admin.execute(command.encode())
