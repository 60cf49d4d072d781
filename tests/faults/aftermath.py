"""After the storm: waiting until the house is at rest, and the honest person who ends doubts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from tests.faults.house import NotInTime
from tests.faults.world import Stage

QUIET = 1.0
"""Seconds without anything to do, after which the house is at rest."""
DOUBTS = ("unknown", "parked")

_BUSY = """
    select 'deliveries' what, count(*) from inbox where state = 'received'
    union all select 'turns', count(*) from turns where state in ('due', 'running')
    union all select 'sends', count(*) from outbox where state in ('ready', 'sending')
        and not exists (
            select from outbox first where first.tenant_id = outbox.tenant_id
            and first.mailbox = outbox.mailbox and first.position < outbox.position
            and first.state in ('unknown', 'parked'))
    union all select 'reports', count(*) from reports
"""
"""What waits behind a send in doubt is not busy: it waits for a person."""


@dataclass(frozen=True, slots=True)
class Rest:
    """How the house came to rest."""

    seconds: float
    doubts: int
    """Sends that a person had to settle."""
    settled: Mapping[str, int]
    """By what the person said."""


def come_to_rest(stage: Stage, within: float) -> Rest:
    """Wait for the house, and settle what it cannot know; NotInTime names what is left."""
    began, settled = time.monotonic(), Counter[str]()
    while True:
        _wait(stage, within - (time.monotonic() - began))
        said = _settle(stage)
        settled += said
        if not said:
            return Rest(time.monotonic() - began, settled.total(), settled)


def busy(database: str) -> Mapping[str, int]:
    """What the house still has to do, in numbers; empty when there is nothing."""
    with psycopg.connect(database, connect_timeout=5) as connection:
        return {what: rows for what, rows in connection.execute(_BUSY) if rows}


def _wait(stage: Stage, within: float) -> None:
    began = quiet = time.monotonic()
    left: Mapping[str, int] = {}
    while time.monotonic() - quiet < QUIET:
        if time.monotonic() - began > within:
            raise NotInTime(f"the house is not at rest within {within:.0f} s: {left}")
        time.sleep(0.1)
        left = _left(stage)
        if left:
            quiet = time.monotonic()


def _left(stage: Stage) -> Mapping[str, int]:
    if not stage.house.ready():
        return {"not ready": 1}
    if not stage.carried:
        return {"waiting at the post": stage.post.waiting}
    return busy(stage.house.database)


def _settle(stage: Stage) -> Counter[str]:
    """Look at the customer's side of each send in doubt, and say what is there."""
    arrived = {s["key"] for s in stage.vendors.sent()}
    said = Counter[str]()
    for shop in stage.shops:
        doubtful = [row for d in DOUBTS for row in shop.api.pages(f"/journal/outbox?state={d}")]
        for row in doubtful:
            settlement = "arrived" if row["id"] in arrived else "send_again"
            path = f"/journal/outbox/{row['id']}/settle"
            answer = shop.api.ask("POST", path, {"settlement": settlement})
            assert answer.status_code in (200, 409), f"{path}: {answer.status_code} {answer.text}"
            said[settlement if answer.is_success else "settled by a report"] += 1
    return said
