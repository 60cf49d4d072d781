"""The bell: tells the relay that something is owed, sooner than it would look by itself."""

from __future__ import annotations

import threading
import time

from redis import RedisError

from adapters.queue.connection import connect

KEY = "invekto:bell"
GAP = 0.03
"""Seconds between two strokes of one process; what is rung meanwhile is one stroke."""
PAUSE = 0.5
"""Seconds without a stroke after one that failed."""
LONGEST_WAIT = 5.0


class Bell:
    """Rung from any thread, heard by one relay. A stroke may be lost: the relay also looks around.

    The thread that strikes starts at the first ring of a process, also of one that was forked.
    """

    def __init__(self, redis_url: str) -> None:
        self._striking = connect(redis_url)
        self._listening = connect(redis_url, answer_within=LONGEST_WAIT + 5)
        self._wanted = threading.Event()
        self._starting = threading.Lock()
        self._striker: threading.Thread | None = None
        self._closed = False
        self.failed = 0
        """Strokes that Redis did not take."""

    def ring(self) -> None:
        """Returns at once, whatever Redis does, and never raises."""
        if self._striker is None or not self._striker.is_alive():
            self._start()
        if not self._wanted.is_set():
            self._wanted.set()

    def wait(self, timeout: float) -> bool:
        """True when it rang; False after so many seconds (at most 5), also while Redis is away."""
        timeout = min(max(timeout, 0.01), LONGEST_WAIT)
        until = time.monotonic() + timeout
        try:
            heard = self._listening.blpop([KEY], timeout)
        except (RedisError, OSError):
            time.sleep(max(until - time.monotonic(), 0))
            return False
        return heard is not None

    def close(self) -> None:
        """One last stroke, then silence."""
        self._closed = True
        self._wanted.set()
        if self._striker is not None:
            self._striker.join(5)
        self._striking.close()
        self._listening.close()

    def _start(self) -> None:
        with self._starting:
            if self._closed or (self._striker is not None and self._striker.is_alive()):
                return
            self._striker = threading.Thread(target=self._strike, name="bell", daemon=True)
            self._striker.start()

    def _strike(self) -> None:
        closed = False
        while not closed:
            self._wanted.wait()
            closed = self._closed
            self._wanted.clear()  # first, so that who rings from now on is heard once more
            try:
                with self._striking.pipeline(transaction=False) as pipe:
                    pipe.lpush(KEY, b"1").ltrim(KEY, 0, 0).execute()
            except (RedisError, OSError):
                self.failed += 1
                time.sleep(PAUSE)
            else:
                time.sleep(GAP)
