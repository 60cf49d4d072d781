"""The 25th page of a large inbox by our store, beside its first page and the other ways to it.

The statement's own time is the database's: what Python does with 25 rows is the same on each page.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, create_engine, event, select

from adapters.sql import tables
from adapters.sql.engine import database
from adapters.sql.transaction import begun
from adapters.sql.work import SqlWorks
from core.conversations.conversation import ConversationFilter
from tests.bench.conversations import spread
from tests.bench.run import Run, in_turns
from tests.bench.servers import Site
from tests.bench.table import Row, compared, millis

PAGE, SIZE = 25, 25
REPEATED = 40
"""Times that a side reads its page in one round."""
_ALL = ConversationFilter()
_EXPLAIN = "explain (analyze, timing off, summary on, format json) "


@dataclass(frozen=True, slots=True)
class Way:
    """A statement that answers a page, as it was sent."""

    engine: Engine
    tenant: UUID
    statement: str
    values: Any

    def seconds(self) -> float:
        """The median of what the database needs for it."""
        with begun(self.engine, self.tenant) as transaction:
            return median(self._once(transaction.connection) for _ in range(REPEATED))

    def _once(self, connection: Any) -> float:
        told = connection.exec_driver_sql(_EXPLAIN + self.statement, self.values).scalar()
        return float(told[0]["Execution Time"]) / 1000


def bench(run: Run) -> Iterator[Row]:
    with run.servers.site() as site:
        largest = spread(site.database, run.sizes.conversations, run.sizes.tenants)[0]
        unwalled = create_engine(database(site.database))
        try:
            yield from _measured(run, site, largest, unwalled)
        finally:
            unwalled.dispose()


def _measured(run: Run, site: Site, tenant: UUID, unwalled: Engine) -> Iterator[Row]:
    engine, works = site.house.engine, site.house.works
    free = SqlWorks(unwalled, lambda: None)
    cursor = _walked(works, tenant)
    keyset = _sent(engine, tenant, lambda: _page(works, tenant, cursor))
    beside = {
        f"P9 page 25 of {run.sizes.conversations:,} conversations, to page 1": (
            _sent(engine, tenant, lambda: _page(works, tenant, None)),
            1.5,
        ),
        "P9 the same, to OFFSET 600": (
            _sent(engine, tenant, lambda: _offset(engine, tenant)),
            0.05,
        ),
        "P9 the same, to no row-level security": (
            _sent(unwalled, tenant, lambda: _page(free, tenant, cursor)),
            1.3,
        ),
    }
    ways = [keyset, *(way for way, _ in beside.values())]
    found = in_turns(run.sizes.pairs, *(way.seconds for way in ways))
    for place, (name, (_, most)) in enumerate(beside.items(), 1):
        yield compared(name, [(sides[0], sides[place]) for sides in found], millis, most=most)
    yield _whole(run, works, tenant, cursor)


def _whole(run: Run, works: SqlWorks, tenant: UUID, cursor: str) -> Row:
    """What a caller waits for."""
    found = in_turns(
        run.sizes.pairs,
        lambda: _wall(lambda: _page(works, tenant, cursor)),
        lambda: _wall(lambda: _page(works, tenant, None)),
    )
    pairs = [(ours, floor) for ours, floor in found]
    return compared("page 25 with its unit of work, to page 1", pairs, millis)


def _sent(engine: Engine, tenant: UUID, read: Callable[[], None]) -> Way:
    """The statement that lists conversations when this is read."""
    seen: list[Way] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if "FROM conversations" in statement:
            seen.append(Way(engine, tenant, statement, values))

    event.listen(engine, "before_cursor_execute", note)
    read()
    event.remove(engine, "before_cursor_execute", note)
    [way] = seen
    return way


def _wall(read: Callable[[], None]) -> float:
    began = time.perf_counter()
    for _ in range(REPEATED):
        read()
    return (time.perf_counter() - began) / REPEATED


def _page(works: SqlWorks, tenant: UUID, cursor: str | None) -> None:
    with works(tenant) as work:
        found = work.conversations.list(_ALL, cursor=cursor, limit=SIZE)
    assert len(found.items) == SIZE


def _offset(engine: Engine, tenant: UUID) -> None:
    threads = tables.conversations
    wanted = select(threads).where(threads.c.tenant_id == tenant, threads.c.joined.is_(None))
    order = (threads.c.last_activity_at.desc(), threads.c.id.desc())
    page = wanted.order_by(*order).offset((PAGE - 1) * SIZE).limit(SIZE + 1)
    with begun(engine, tenant) as transaction:
        assert transaction.run(page).all()


def _walked(works: SqlWorks, tenant: UUID) -> str:
    """Where the 25th page begins: the inbox has to be walked to it."""
    cursor = None
    for _ in range(PAGE - 1):
        with works(tenant) as work:
            cursor = work.conversations.list(_ALL, cursor=cursor, limit=SIZE).cursor
    assert cursor is not None, "the inbox has 25 pages"
    return cursor
