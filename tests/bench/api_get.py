"""A page of the inbox through the whole API (key, limits, row-level security), beside a hello.

A second hello comes from the framework that the API is built with: its routes, a key that is
compared, its validation, and nothing behind them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from statistics import median

from tests.bench.conversations import fill
from tests.bench.floors import KEY
from tests.bench.run import Run, in_turns
from tests.bench.seller import open_seller, vendors_in_memory
from tests.bench.side import Side
from tests.bench.table import Row, compared, micros, millis, per_second, times

CONVERSATIONS = 1_000
_PAGE = "/api/v1/inbox/conversations?limit=25"
_DOCS = "/api/v1/openapi.json"
"""Where the framework alone answers without a key."""


def asking(path: str, *headers: str) -> Iterator[bytes]:
    lines = (f"GET {path} HTTP/1.1", "host: 127.0.0.1", "accept: application/json", *headers)
    return repeat(("\r\n".join(lines) + "\r\n\r\n").encode())


def bench(run: Run) -> Iterator[Row]:
    with run.servers.site() as site:
        seller = open_seller(site.house, vendors_in_memory(site.house)["whatsapp"])
        fill(site.database, seller.tenant, seller.channel, CONVERSATIONS)
        with (
            site.listening("entrypoints.web") as web,
            site.listening("tests.bench.floors", "hello", probe="/") as bare,
            site.listening("tests.bench.floors", "framework", probe=_DOCS) as framed,
        ):
            ours = Side(web, asking(_PAGE, f"authorization: Bearer {seller.key}"))
            floor = Side(bare, asking("/"))
            stack = Side(framed, asking(_PAGE, f"authorization: Bearer {KEY}"))
            for side in (ours, floor, stack):
                side.under(16, min(1.0, run.sizes.seconds))
            yield from _sixteen(run, ours, floor, stack)
            yield from _crowd(run, ours, floor)


def _sixteen(run: Run, ours: Side, floor: Side, stack: Side) -> Iterator[Row]:
    seconds = run.sizes.seconds
    found = in_turns(
        run.sizes.pairs,
        *(lambda side=side: side.under(16, seconds) for side in (ours, floor, stack)),
    )
    rates = [(o.rate, f.rate) for o, f, _ in found]
    yield compared("P7 page of 25 by the API, 16 at once", rates, per_second, least=0.08)
    spent = [(o.cpu, f.cpu) for o, f, _ in found]
    yield compared("P7 the same: processor a request", spent, micros, most=12.0)
    framed = [(s.cpu, f.cpu) for _, f, s in found]
    yield compared("Connexion over Flask says hello: processor a request", framed, micros)
    above = [(o.cpu, s.cpu) for o, _, s in found]
    yield compared("the page, to that hello: processor a request", above, micros)
    yield compared("the same: p50", [(o.p50, f.p50) for o, f, _ in found], millis)


def _crowd(run: Run, ours: Side, floor: Side) -> Iterator[Row]:
    seconds = run.sizes.seconds
    found = in_turns(
        run.sizes.pairs, lambda: ours.under(64, seconds), lambda: floor.under(64, seconds)
    )
    yield compared("the same, 64 at once", [(o.rate, f.rate) for o, f in found], per_second)
    tails = [(o.p99 / o.p50, f.p99 / f.p50) for o, f in found]
    yield compared("P18 the same: p99 by p50", tails, times, most=3.0)
    p50 = median(o.p50 for o, _ in found)
    p99 = median(o.p99 for o, _ in found)
    yield Row("the same: p50 and p99", f"{millis(p50)}, {millis(p99)}")
