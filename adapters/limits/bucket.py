"""A token bucket per key, in Redis, decided by one script and Redis's own clock."""

from __future__ import annotations

import time
from collections.abc import Callable

from redis import RedisError

from adapters.queue.connection import connect

PATIENCE = 0.1
"""Seconds that a caller may wait for Redis, once a pause."""
PAUSE = 2.0
"""Seconds for which a Redis that failed is not asked again."""

_TAKE = """
local second = redis.call('TIME')
local now = second[1] + second[2] / 1000000
local size = tonumber(ARGV[1])
local rate = size / 60
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local passed = math.max(0, now - (tonumber(kept[2]) or now))
local tokens = math.min(size, (tonumber(kept[1]) or size) + passed * rate)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = (1 - tokens) / rate end
tokens, now = string.format('%.9f', tokens), string.format('%.6f', now)
redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', now)
redis.call('PEXPIRE', KEYS[1], 61000)
return string.format('%.6f', wait)
"""


class RedisLimits:
    """Without Redis everything is allowed, at no cost, and counted. Safe to share by threads."""

    def __init__(self, redis_url: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._redis = connect(redis_url, patience=PATIENCE)
        self._take = self._redis.register_script(_TAKE)
        self._monotonic = monotonic
        self._asleep_until = 0.0
        self.unchecked = 0
        """Calls that were allowed because Redis did not answer."""

    def take(self, key: str, per_minute: int) -> float:
        """Seconds to wait; 0.0 is permission, and takes one of the `per_minute` (at least 1).

        An untouched bucket is full, so a minute's worth may come at once; it fills evenly.
        """
        now = self._monotonic()
        if now < self._asleep_until:
            self.unchecked += 1
            return 0.0
        if self._asleep_until:
            self._asleep_until = now + PAUSE  # one caller tries; the others pass meanwhile
        try:
            wait = float(self._take(keys=[f"invekto:limit:{key}"], args=[per_minute]))
        except (RedisError, OSError):
            self._asleep_until = self._monotonic() + PAUSE
            self.unchecked += 1
            return 0.0
        self._asleep_until = 0.0
        return wait

    def close(self) -> None:
        self._redis.close()
