"""The sweeper: rings for everything that is due, whoever forgot to ring for it.

PostgreSQL remembers what is owed; this process asks it, and hands ids to the workers' queues. The
doorbell only wakes it sooner. Any number of sweepers may run: each row is rung for once.

    python -m entrypoints.sweeper
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from entrypoints.bootstrap import House, build
from entrypoints.config import from_environment

log = logging.getLogger(__name__)

BATCH = 500
IDLE = 0.25
"""Seconds between rounds when the bell is silent."""
FULL = 5_000
"""A queue this long gets no more for now: its workers are behind, the rows wait in PostgreSQL."""
FAULTY = 1.0
"""Seconds to wait after a round that failed."""

Due = Callable[[], Iterable[Sequence[Any]]]


@dataclass(slots=True)
class Sweeper:
    house: House
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Sweep until stopped. A database or Redis that is away is waited for."""
        while not self.stopped.is_set():
            try:
                rung = self.sweep()
            except Exception:  # whatever is away comes back, or a person is told
                log.exception("a round of the sweeper failed")
                self.stopped.wait(FAULTY)
                continue
            if rung < BATCH:
                self.house.bell.wait(IDLE)

    def sweep(self) -> int:
        """One round; answers for how many rows it rang."""
        lookups, now = self.house.lookups, self.house.clock.now()
        wait = self.house.config.visibility
        rounds: list[tuple[str, str, Due]] = [
            ("inbound", "read", lambda: lookups.due_inbox(now, wait, BATCH)),
            ("outbound", "drain", lambda: lookups.due_outbox(now, wait, BATCH)),
            ("agents", "think", lambda: lookups.due_turns(now, wait, BATCH)),
            ("background", "sync", lambda: lookups.due_sync(now, wait, BATCH)),
            ("background", "follow", lambda: lookups.due_parcels(now, wait, BATCH)),
            ("background", "wake", lambda: lookups.due_snoozes(now, wait, BATCH)),
        ]
        return sum(self._ring(queue, job, due) for queue, job, due in rounds)

    def _ring(self, queue: str, job: str, due: Due) -> int:
        if self.house.jobs.depth(queue) > FULL:
            return 0
        rows = [tuple(str(part) for part in row) for row in due()]
        if rows:
            self.house.jobs.enqueue_many(
                queue, [(f"entrypoints.worker.{job}", args) for args in rows]
            )
        return len(rows)


def main() -> int:
    sweeper = Sweeper(build(from_environment(), part="sweeper"))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sweeper.stopped.set())
    sweeper.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
