"""From rows that are due to rows that are done, and the relay alone, beside bare RQ.

The work is a delivery about something that nobody follows: claimed, opened, read, put aside.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from entrypoints.processes import WORKERS
from entrypoints.sweeper import Sweeper
from plugins.whatsapp.sandbox.world import Account, change, signed
from tests.bench.floors import QUEUE
from tests.bench.run import Run, in_turns
from tests.bench.seller import Seller, open_seller, vendors_in_memory
from tests.bench.servers import READY_WITHIN, Site, eventually
from tests.bench.table import Row, compared, per_second

AT_ONCE = 100
"""Jobs that the floor hands to RQ in one go."""
ROUND = 200
"""Jobs that the sweeper hands over in one go, where so many are due."""
DONE_WITHIN = 300.0
_OWE = b"""
    insert into inbox (tenant_id, id, installation_id, plugin_id, dedupe_key, body, headers,
        received_at, state, attempts, due_at, replays, ring_at)
    select %s, uuidv7(), %s, 'whatsapp', uuidv7()::text, %s, '{}', now(), 'received', 0, now(), 0,
        now() from generate_series(1, %s)
"""
_WAIT = b"select count(*) from inbox where ring_at is not null"
_STATES = b"select array_agg(distinct state) from inbox"


@dataclass(slots=True)
class Belt:
    """Where work is put on, with the connections to do it."""

    site: Site
    seller: Seller
    database: psycopg.Connection
    redis: Redis

    @property
    def bare(self) -> Queue:
        return Queue(QUEUE, connection=self.redis, serializer=JSONSerializer)

    def owe(self, count: int) -> None:
        """Deliveries that wait to be read."""
        shop = Account(phone_number_id=self.seller.account)
        body = signed(shop, change(shop, "account_alerts", {})).body
        values = (self.seller.tenant, self.seller.channel, body, count)
        self.database.execute(_OWE, values)

    def waiting(self) -> int:
        [count] = self.database.execute(_WAIT).fetchone() or [0]
        return int(count)

    def states(self) -> list[str]:
        [found] = self.database.execute(_STATES).fetchone() or [[]]
        return list(found)

    def clear(self) -> None:
        self.database.execute(b"delete from inbox")
        self.redis.flushall()

    def enqueue_bare(self, count: int) -> None:
        for begun in range(0, count, AT_ONCE):
            batch = range(begun, min(begun + AT_ONCE, count))
            jobs = [Queue.prepare_data("tests.bench.floors.nothing", result_ttl=0) for _ in batch]
            self.bare.enqueue_many(jobs)


def bench(run: Run) -> Iterator[Row]:
    with run.servers.site() as site, _belt(site) as belt:
        yield from _relayed(run, belt)
        yield from _done(run, belt)


@contextmanager
def _belt(site: Site) -> Iterator[Belt]:
    seller = open_seller(site.house, vendors_in_memory(site.house)["whatsapp"])
    client = Redis.from_url(site.redis)
    with psycopg.connect(site.database, autocommit=True) as database:
        yield Belt(site, seller, database, client)
    client.close()


def _relayed(run: Run, belt: Belt) -> Iterator[Row]:
    """Nobody takes the jobs here."""
    count = max(run.sizes.jobs // ROUND, 1) * ROUND
    found = in_turns(
        run.sizes.pairs,
        lambda: _rate(belt, count, _handed_over),
        lambda: _rate(belt, count, _enqueued_bare),
        lambda: _rate(belt, count, _swept),
    )
    alone = [(ours, floor) for ours, floor, _ in found]
    yield compared(f"P14 jobs enqueued, {ROUND} at once", alone, per_second, least=0.7)
    rounds = [(ours, floor) for _, floor, ours in found]
    yield compared("P14 the sweeper's rounds: found due, enqueued", rounds, per_second, least=0.7)


def _rate(belt: Belt, count: int, act: Callable[[Belt, int], float]) -> float:
    belt.clear()
    return count / act(belt, count)


def _handed_over(belt: Belt, count: int) -> float:
    calls = [("entrypoints.worker.read", ("a", "b"))] * ROUND
    began = time.perf_counter()
    for _ in range(count // ROUND):
        belt.site.house.jobs.enqueue_many("inbound", calls)
    return time.perf_counter() - began


def _enqueued_bare(belt: Belt, count: int) -> float:
    began = time.perf_counter()
    belt.enqueue_bare(count)
    return time.perf_counter() - began


def _swept(belt: Belt, count: int) -> float:
    """Between two rounds the queue is emptied, as its workers would."""
    sweeper, swept, seconds = Sweeper(belt.site.house), 0, 0.0
    belt.owe(count)
    while swept < count:
        began = time.perf_counter()
        rung = sweeper.sweep()
        seconds += time.perf_counter() - began
        if not rung:
            raise RuntimeError(f"the sweeper found {swept} of {count} rows")
        swept += rung
        belt.redis.flushall()
    return seconds


def _done(run: Run, belt: Belt) -> Iterator[Row]:
    belt.clear()
    with (
        belt.site.process("entrypoints.sweeper"),
        belt.site.process("entrypoints.worker", *WORKERS["worker"]),
        belt.site.process("tests.bench.floors", "rq"),
    ):
        for side in (_ours, _bare):
            side(belt, 1, READY_WITHIN)
        jobs = run.sizes.jobs
        found = in_turns(run.sizes.pairs, lambda: _ours(belt, jobs), lambda: _bare(belt, jobs))
    rates = [(ours, floor) for ours, floor in found]
    yield compared("P13 no-op work: stored, swept, done", rates, per_second, least=0.5)


def _ours(belt: Belt, count: int, within: float = DONE_WITHIN) -> float:
    belt.owe(count)
    belt.site.house.bell.ring()
    began = time.perf_counter()
    eventually("the deliveries are read", lambda: belt.waiting() == 0, within)
    seconds = time.perf_counter() - began
    if belt.states() != ["ignored"]:
        raise RuntimeError(f"the deliveries ended as {belt.states()}")
    belt.database.execute(b"delete from inbox")
    return count / seconds


def _bare(belt: Belt, count: int, within: float = DONE_WITHIN) -> float:
    began = time.perf_counter()
    belt.enqueue_bare(count)
    eventually("the jobs are done", lambda: belt.bare.count == 0, within)
    return count / (time.perf_counter() - began)
