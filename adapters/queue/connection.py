"""Clients of Redis that do each thing once."""

from __future__ import annotations

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

PATIENCE = 2.0
"""Seconds to connect, and to wait for an answer."""


def connect(url: str, *, patience: float = PATIENCE, answer_within: float | None = None) -> Any:
    """A client that connects when first used. It never repeats a command.

    redis-py would by itself, up to ten times: a push whose answer is lost then pushes twice. Typed
    as Any because each of redis-py's answers is either a value or an awaitable to mypy.
    """
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=patience,
        socket_timeout=patience if answer_within is None else answer_within,
        retry=Retry(NoBackoff(), 0),
    )
