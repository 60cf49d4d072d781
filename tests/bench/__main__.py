"""Measure and print one table: `python -m tests.bench [--quick] [bench …]`."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence

from tests.bench import (
    api_get,
    inbox_page,
    ingest,
    intents,
    latency,
    pipeline,
    signing_in,
    start,
    turns,
)
from tests.bench.disk import inserts_per_second, sync_seconds
from tests.bench.run import FULL, QUICK, TINY, Run, Sizes
from tests.bench.servers import Servers, temporary_folder
from tests.bench.table import Row, markdown, micros, per_second

BENCHES: Mapping[str, Callable[[Run], Iterator[Row]]] = {
    "ingest": ingest.bench,
    "api_get": api_get.bench,
    "signing_in": signing_in.bench,
    "inbox_page": inbox_page.bench,
    "pipeline": pipeline.bench,
    "latency": latency.bench,
    "turns": turns.bench,
    "start": start.bench,
    "intents": intents.bench,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Always 0: a target that is missed is something to read, not a failure."""
    arguments = _arguments(argv)
    with temporary_folder() as folder, Servers(folder) as servers:
        run = Run(servers, arguments.sizes)
        print(f"{_machine()}\n{_pace(run)}\n", flush=True)
        rows = [row for name in arguments.benches for row in _rows(name, run)]
    print(markdown(rows), flush=True)
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    sizes = parser.add_mutually_exclusive_group()
    told: list[tuple[str, Sizes, str]] = [
        ("--quick", QUICK, "some minutes, with a small inbox"),
        ("--tiny", TINY, "only to see that it runs"),
    ]
    for flag, size, help in told:
        sizes.add_argument(flag, dest="sizes", action="store_const", const=size, help=help)
    parser.set_defaults(sizes=FULL)
    parser.add_argument("benches", nargs="*", metavar="bench", help=", ".join(BENCHES))
    arguments = parser.parse_args(argv)
    unknown = [name for name in arguments.benches if name not in BENCHES]
    if unknown:
        parser.error(f"there is no bench called {unknown[0]}; there are {', '.join(BENCHES)}")
    arguments.benches = arguments.benches or [*BENCHES]
    return arguments


def _machine() -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.machine()}, {python}, load {load} before the run"


def _pace(run: Run) -> str:
    sync = sync_seconds(run.servers.folder, run.sizes.seconds)
    inserts = inserts_per_second(run.servers, run.sizes.seconds)
    return (
        f"one page synced (fdatasync): {micros(sync)}; "
        f"single-row inserts (pgbench, 16 clients): {per_second(inserts)}"
    )


def _rows(name: str, run: Run) -> list[Row]:
    """What the bench measured; what stopped it becomes a row, so that the others are seen."""
    began, rows = time.monotonic(), list[Row]()
    try:
        rows.extend(BENCHES[name](run))
    except Exception as error:
        traceback.print_exc()
        rows.append(Row(name, f"stopped: {type(error).__name__}"))
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return rows


if __name__ == "__main__":
    sys.exit(main())
