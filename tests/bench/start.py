"""`invekto up` until it is ready, beside its database and Redis alone; and what it weighs idle."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil

from adapters.embedded import Postgres, Valkey
from adapters.embedded.address import free_port
from tests.bench.run import Run, in_turns
from tests.bench.servers import (
    READY_WITHIN,
    answers,
    cpu_seconds,
    eventually,
    running,
    surroundings,
    tail,
    temporary_folder,
)
from tests.bench.table import Row, bounded, megabytes, whole_seconds

WARM, ABOVE = 2.0, 4.0
"""Seconds that a second start may take, and a first one above its servers' own."""
PEER = 1_000_000_000
"""Bytes that n8n, in one process and under load, was seen to hold at least (November 2026)."""
IDLE = 0.05
"""Processor seconds in one second of all processes, below which nothing is going on."""
SETTLED_WITHIN = 120.0


@contextmanager
def _up(folder: Path) -> Iterator[tuple[psutil.Process, float]]:
    """The house, and the seconds until it was ready."""
    began, log, port = time.perf_counter(), folder / "up.log", free_port()
    env = surroundings(folder / "house", PORT=str(port))
    with running("invekto up", ["entrypoints.cli", "up"], env, log) as process:
        url = f"http://127.0.0.1:{port}/readyz"
        try:
            eventually("the house is ready", lambda: answers(url), READY_WITHIN)
        except TimeoutError as late:
            raise RuntimeError(f"{late}\n{tail(log)}") from None
        yield process, time.perf_counter() - began


def bench(run: Run) -> Iterator[Row]:
    with temporary_folder() as folder:
        found = in_turns(run.sizes.starts, lambda: _cold(folder), lambda: _servers(folder))
    above = median(ours[0] - floor[0] for ours, floor in found)
    floor = whole_seconds(median(floor[0] for _, floor in found))
    cold = whole_seconds(median(ours[0] for ours, _ in found))
    yield bounded(
        f"P16 first start ({cold}), above its servers",
        above,
        whole_seconds,
        most=ABOVE,
        floor=floor,
    )
    warm, floor = (median(side[1] for side in sides) for sides in zip(*found, strict=True))
    yield bounded("P16 next start", warm, whole_seconds, most=WARM, floor=whole_seconds(floor))
    yield from _weight()


def _cold(folder: Path) -> tuple[float, float]:
    """Seconds of the first start in a new folder, and of the second one."""
    fresh = folder / f"house-{time.monotonic_ns()}"
    fresh.mkdir(mode=0o711)
    with _up(fresh) as (_, first):
        pass
    with _up(fresh) as (_, second):
        pass
    return first, second


def _servers(folder: Path) -> tuple[float, float]:
    """The same of PostgreSQL and Valkey alone."""
    fresh = folder / f"servers-{time.monotonic_ns()}"
    taken = []
    for _ in range(2):
        began = time.perf_counter()
        servers = (Postgres(fresh), Valkey(fresh))
        for server in servers:
            server.start()
        taken.append(time.perf_counter() - began)
        for server in servers:
            server.stop()
    return taken[0], taken[1]


def _weight() -> Iterator[Row]:
    with temporary_folder() as folder, _up(folder) as (process, _):
        eventually("the house idles", lambda: _idles(process), SETTLED_WITHIN)
        family = [process, *process.children(recursive=True)]
        held = sum(one.memory_info().rss for one in family)
        shared = sum(one.memory_full_info().pss for one in family)
    name = f"P17 idle, {len(family)} processes: resident"
    yield Row(
        name,
        megabytes(held),
        f"{megabytes(PEER)} (n8n)",
        f"{held / PEER:.2f}×",
        "≤ 0.6×",
        held <= 0.6 * PEER,
    )
    yield Row("the same, shared pages counted once", megabytes(shared))


def _idles(process: psutil.Process) -> bool:
    before = cpu_seconds(process)
    time.sleep(1.0)
    return cpu_seconds(process) - before < IDLE
