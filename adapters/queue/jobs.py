"""Jobs: a function's dotted path and the ids it is to look after, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from redis import RedisError
from rq import Queue
from rq.job import Job
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer
from rq.utils import utcparse

from adapters.queue.connection import connect
from core.shared.errors import Unavailable

TIMEOUT = 180
"""Seconds after which a job is ended."""
STALE = 900
"""Seconds after which a job that nobody took is not worth doing: it has been asked for again."""
KEPT_FAILURE = 300
"""Seconds that a failed job can be looked at in Redis. Nobody repeats it from there."""

Arguments = Sequence[str | int]


class Jobs:
    """Asks for work. A job may be done twice or never: who looks after rows decides by the rows."""

    def __init__(self, redis_url: str) -> None:
        self._redis = connect(redis_url)

    def enqueue_many(self, queue: str, calls: Iterable[tuple[str, Arguments]]) -> int:
        """Ask for all of them in one go; answers how many.

        Raises ValueError for a function that a worker could not import, and Unavailable where
        Redis did not take them; perhaps it did.
        """
        asked = [self._job(path, arguments) for path, arguments in calls]
        if asked:
            with _translated():
                self._queue(queue).enqueue_many(asked)
        return len(asked)

    def depth(self, queue: str) -> int:
        """Jobs that wait."""
        with _translated():
            return int(self._queue(queue).count)

    def depths(self, queues: Sequence[str]) -> Mapping[str, int]:
        """Jobs that wait in each, asked for in one round trip."""
        with _translated(), self._redis.pipeline(transaction=False) as pipe:
            for name in queues:
                pipe.llen(self._queue(name).key)
            return dict(zip(queues, map(int, pipe.execute()), strict=True))

    def oldest(self, queue: str) -> datetime | None:
        """When the job that is next was asked for; None where none waits."""
        with _translated():
            for id in self._queue(queue).get_job_ids(0, 1):
                at = self._redis.hget(Job.key_for(id), "enqueued_at")
                return utcparse(at.decode()) if at else None
        return None

    def close(self) -> None:
        self._redis.close()

    def _queue(self, name: str) -> Queue:
        return Queue(name, connection=self._redis, serializer=JSONSerializer)

    def _job(self, path: str, arguments: Arguments) -> EnqueueData:
        module, _, function = path.rpartition(".")
        if not (module and function) or module == "__main__":
            raise ValueError(f"{path!r} is no function that a worker can import")
        return Queue.prepare_data(
            path,
            args=tuple(arguments),
            timeout=TIMEOUT,
            ttl=STALE,
            result_ttl=0,
            failure_ttl=KEPT_FAILURE,
        )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise Unavailable("Redis cannot answer now") from error
