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
from datetime import datetime, timedelta
from typing import Any

from entrypoints.bootstrap import QUEUES, House, build
from entrypoints.config import from_environment

log = logging.getLogger(__name__)

FULL = 200
"""Jobs that a queue may hold: they keep its workers busy until the next round, and are done long
before their rows are rung for again. What does not fit waits in PostgreSQL: a longer queue would
fill with second and third jobs for the same rows."""
IDLE = 0.25
"""Seconds between rounds when the bell is silent."""
TIDY_EVERY = timedelta(minutes=1)
FAULTY = 1.0
"""Seconds to wait after a round that failed."""

Due = Callable[[datetime, timedelta, int], Iterable[Sequence[Any]]]


@dataclass(slots=True)
class Sweeper:
    house: House
    stopped: threading.Event = field(default_factory=threading.Event)
    tidy_at: datetime | None = None

    def run(self) -> None:
        """Sweep until stopped. A database or Redis that is away is waited for."""
        while not self.stopped.is_set():
            try:
                rung = self.sweep()
                self._tidy()
            except Exception:  # whatever is away comes back, or a person is told
                log.exception("a round of the sweeper failed")
                self.stopped.wait(FAULTY)
                continue
            if rung < FULL:
                self.house.bell.wait(IDLE)

    def sweep(self) -> int:
        """One round; answers for how many rows it rang."""
        lookups = self.house.lookups
        rounds: list[tuple[str, str, Due]] = [
            ("inbound", "read", lookups.due_inbox),
            ("outbound", "drain", lookups.due_outbox),
            ("agents", "think", lookups.due_turns),
            ("background", "sync", lookups.due_sync),
            ("background", "follow", lookups.due_parcels),
            ("background", "wake", lookups.due_snoozes),
            ("background", "post", lookups.due_letters),
        ]
        depths = self.house.jobs.depths(QUEUES)
        return sum(self._ring(queue, job, due, FULL - depths[queue]) for queue, job, due in rounds)

    def _tidy(self) -> None:
        now = self.house.clock.now()
        if self.tidy_at is None or now >= self.tidy_at:
            self.tidy_at = now + TIDY_EVERY
            self.house.tidy()

    def _ring(self, queue: str, job: str, due: Due, room: int) -> int:
        if room <= 0:
            return 0
        now, wait = self.house.clock.now(), self.house.config.visibility
        rows = [tuple(str(part) for part in row) for row in due(now, wait, room)]
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
