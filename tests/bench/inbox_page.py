"""The 25th page of a large inbox by our store, beside its first page and the other ways to it.

The statement is timed by itself, because what Python does with 25 rows is the same on every page.
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


@dataclass(slots=True)
class Stopwatch:
    """How long the last statement that listed conversations took."""

    seconds: float = 0.0
    _began: float = 0.0

    def on(self, engine: Engine) -> None:
        event.listen(engine, "before_cursor_execute", self._start)
        event.listen(engine, "after_cursor_execute", self._stop)

    def _start(self, *_: Any) -> None:
        self._began = time.perf_counter()

    def _stop(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM conversations" in statement:
            self.seconds = time.perf_counter() - self._began


def bench(run: Run) -> Iterator[Row]:
    with run.servers.site() as site:
        largest = spread(site.database, run.sizes.conversations, run.sizes.tenants)[0]
        unwalled = create_engine(database(site.database))
        try:
            yield from _measured(run, site, largest, unwalled)
        finally:
            unwalled.dispose()


def _measured(run: Run, site: Site, tenant: UUID, unwalled: Engine) -> Iterator[Row]:
    watch = Stopwatch()
    for engine in (site.house.engine, unwalled):
        watch.on(engine)
    walled, free = site.house.works, SqlWorks(unwalled, lambda: None)
    cursor = _cursor(walled, tenant)
    sides = (
        lambda: _page(walled, tenant, cursor),
        lambda: _page(walled, tenant, None),
        lambda: _offset(site.house.engine, tenant),
        lambda: _page(free, tenant, cursor),
    )
    found = in_turns(run.sizes.pairs, *(_timed(watch, side) for side in sides))
    count = f"{run.sizes.conversations:,} conversations"
    names = {
        1: (f"P9 page 25 of {count}, to page 1", 1.5),
        2: ("P9 the same, to OFFSET 600", 0.05),
        3: ("P9 the same, to no row-level security", 1.3),
    }
    for side, (name, most) in names.items():
        pairs = [(sides[0][0], sides[side][0]) for sides in found]
        yield compared(name, pairs, millis, most=most)
    wholes = [(sides[0][1], sides[1][1]) for sides in found]
    yield compared("page 25 with its unit of work, to page 1", wholes, millis)


def _timed(watch: Stopwatch, read: Callable[[], None]) -> Callable[[], tuple[float, float]]:
    """The medians of the statement alone and of the whole unit of work."""

    def side() -> tuple[float, float]:
        statements, wholes = [], []
        for _ in range(REPEATED):
            began = time.perf_counter()
            read()
            wholes.append(time.perf_counter() - began)
            statements.append(watch.seconds)
        return median(statements), median(wholes)

    return side


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


def _cursor(works: SqlWorks, tenant: UUID) -> str:
    """Where the 25th page begins: the inbox has to be walked to it."""
    cursor = None
    for _ in range(PAGE - 1):
        with works(tenant) as work:
            cursor = work.conversations.list(_ALL, cursor=cursor, limit=SIZE).cursor
    assert cursor is not None, "the inbox has 25 pages"
    return cursor
