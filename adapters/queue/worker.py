"""A worker process: short jobs one after the other, without a fork for each."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from redis import RedisError
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

from adapters.queue.connection import connect

log = logging.getLogger(__name__)

FIRST_WAIT = 0.5
LONGEST_WAIT = 5.0
WORKER_SECONDS = 30
"""How long RQ believes in a silent worker; half of it is how long we wait for one job."""


def run_worker(queues: Sequence[str], redis_url: str, *, burst: bool = False) -> None:
    """Do the jobs of these queues, the first queue first; return on SIGTERM or SIGINT.

    A job that has begun is finished first. While Redis is away the worker tries again and again.
    With `burst` it returns when nothing is left. Only a worker of one single queue takes jobs in a
    way that leaves a trace of those that a kill -9 interrupts. Call it in the main thread.
    """
    stop = _Stop()
    wait = FIRST_WAIT
    with stop.listening(), suppress(StopRequested):
        while not stop.wanted:
            began = time.monotonic()
            try:
                if _work(queues, redis_url, stop, burst=burst) and burst:
                    return
            except (RedisError, OSError) as error:
                if wait == FIRST_WAIT:
                    log.warning("Redis is away (%s); trying again", type(error).__name__)
            wait = FIRST_WAIT if time.monotonic() - began > LONGEST_WAIT else wait
            if not stop.wanted:
                time.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)


def _work(queues: Sequence[str], redis_url: str, stop: _Stop, *, burst: bool) -> bool:
    """Until asked to stop or, which RQ does not tell apart, until Redis goes away."""
    connection = connect(redis_url)
    try:
        stop.worker = _Worker(
            list(queues),
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=WORKER_SECONDS,
            log_job_description=False,
        )
        stop.worker.work(burst=burst, logging_level="WARNING")
        return True
    finally:
        stop.worker = None
        connection.close()


class _Worker(SimpleWorker):
    """RQ's, without its surprises: no commands by Redis, no traceback (which may hold a person's
    data) kept in Redis, and signals are ours."""

    max_connection_wait_time = LONGEST_WAIT

    def subscribe(self) -> None:
        pass

    def unsubscribe(self) -> None:
        pass

    def _install_signal_handlers(self) -> None:
        pass

    def handle_job_failure(
        self, job: Job, queue: Queue, started_job_registry: Any = None, exc_string: str = ""
    ) -> None:
        last = exc_string.strip().rpartition("\n")[2].partition(":")[0]
        super().handle_job_failure(job, queue, started_job_registry, f"{last}: see the log")


class _Stop:
    """A wish to stop, which never falls into the middle of a job."""

    def __init__(self) -> None:
        self.wanted = False
        self.worker: _Worker | None = None

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.wanted = True
        if self.worker is not None and self.worker.get_state() == WorkerStatus.BUSY:
            self.worker._stop_requested = True  # RQ looks at it after the job
        else:
            raise StopRequested

    @contextmanager
    def listening(self) -> Iterator[None]:
        before = {s: signal.signal(s, self) for s in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
