"""The worker: jobs that the sweeper rang for, each one line. Ringing twice does no harm.

python -m entrypoints.worker inbound outbound agents background
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING
from uuid import UUID

from entrypoints import observe
from entrypoints.bootstrap import QUEUES, House, build
from entrypoints.config import from_environment

if TYPE_CHECKING:
    from core.identity.post import Post

log = logging.getLogger(__name__)


@cache
def house() -> House:
    """Built in the process that works, once: nothing that owns a socket crosses a fork."""
    return build(from_environment(), part="worker")


@cache
def postman() -> Post:
    """Built at the first letter: a worker that sends none does without its libraries."""
    from entrypoints.identity import post as built

    return built(house())


def read(tenant: str, id: str) -> None:
    with _work("read", tenant) as done:
        done(house().read(UUID(tenant), UUID(id)))


def think(tenant: str, id: str) -> None:
    with _work("think", tenant) as done:
        outcome = house().take_turn(UUID(tenant), UUID(id))
        if outcome:
            observe.turn_taken(outcome)
        done(outcome)


def drain(tenant: str, mailbox: str) -> None:
    with _work("drain", tenant) as done:
        done(house().drain(UUID(tenant), mailbox))


def sync(tenant: str, installation: str, stream: str) -> None:
    with _work("sync", tenant) as done:
        done(house().sync(UUID(tenant), UUID(installation), stream))


def follow(tenant: str, carrier: str, number: str) -> None:
    with _work("follow", tenant) as done:
        done(house().follow(UUID(tenant), UUID(carrier), number))


def wake(tenant: str, conversation: str) -> None:
    with _work("wake", tenant) as done:
        done(house().wake(UUID(tenant), UUID(conversation)))


def post(tenant: str, letter: str) -> None:
    with _work("post", tenant) as done:
        done(postman()(UUID(tenant), UUID(letter)))


@contextmanager
def _work(job: str, tenant: str) -> Iterator[Callable[[object], None]]:
    """One log line for a job that did something: what it came to, and how long it took."""
    observe.tenant.set(tenant)
    observe.began(None)
    started = time.monotonic()
    outcomes: list[object] = []
    yield outcomes.append
    if outcomes and outcomes[0]:
        millis = round((time.monotonic() - started) * 1000, 1)
        log.info("done", extra={"job": job, "outcome": str(outcomes[0]), "milliseconds": millis})


def main(queues: Sequence[str] = QUEUES) -> int:
    unknown = [q for q in queues if q not in QUEUES]
    if unknown:
        sys.stderr.write(f"unknown queues: {', '.join(unknown)}\n")
        return 2
    home = house()
    if "agents" in queues:
        home.vendors.understanding().read("")  # it loads, or trains, before a customer waits
    home.work_on(queues)
    return 0


if __name__ == "__main__":  # RQ imports this module by its name: one house, not two
    sys.exit(import_module("entrypoints.worker").main(sys.argv[1:] or QUEUES))
