"""The worker: jobs that the sweeper rang for, each one line. Ringing twice does no harm.

python -m entrypoints.worker inbound outbound agents background
"""

from __future__ import annotations

import sys
from functools import cache
from uuid import UUID

from entrypoints.bootstrap import QUEUES, House, build
from entrypoints.config import from_environment


@cache
def house() -> House:
    """Built in the process that works, once: nothing that owns a socket crosses a fork."""
    return build(from_environment(), part="worker")


def read(tenant: str, id: str) -> None:
    house().read(UUID(tenant), UUID(id))


def think(tenant: str, id: str) -> None:
    house().take_turn(UUID(tenant), UUID(id))


def drain(tenant: str, mailbox: str) -> None:
    house().drain(UUID(tenant), mailbox)


def sync(tenant: str, installation: str, stream: str) -> None:
    house().sync(UUID(tenant), UUID(installation), stream)


def follow(tenant: str, carrier: str, number: str) -> None:
    house().follow(UUID(tenant), UUID(carrier), number)


def wake(tenant: str, conversation: str) -> None:
    house().wake(UUID(tenant), UUID(conversation))


def main() -> int:
    queues = sys.argv[1:] or list(QUEUES)
    unknown = [q for q in queues if q not in QUEUES]
    if unknown:
        sys.stderr.write(f"unknown queues: {', '.join(unknown)}\n")
        return 2
    home = house()
    if "agents" in queues:
        home.vendors.understanding().read("")  # it loads, or trains, before a customer waits
    home.work_on(queues)
    return 0


if __name__ == "__main__":
    sys.exit(main())
