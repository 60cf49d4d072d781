"""Lists go on where they left off, whatever comes in meanwhile and whatever they are sent."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from adapters.sql.transaction import begun
from core.delivery.outbox import OwedFilter
from core.inbox.journal import EntryFilter
from core.shared.errors import Invalid

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_rows_that_come_in_meanwhile_neither_double_nor_hide_any(seller: Any, pages: Any) -> None:
    first = [seller.owed() for _ in range(6)]
    seller.keep(*first)
    with seller.works(seller.tenant) as work:
        page = work.outbox.list(OwedFilter(), cursor=None, limit=2)
    seller.keep(seller.owed(), seller.owed())
    with seller.works(seller.tenant) as work:
        rest = pages(lambda c: work.outbox.list(OwedFilter(), cursor=c or page.cursor, limit=2))
    assert [*page.items, *rest] == first[::-1]


def test_the_last_full_page_ends_the_list(seller: Any) -> None:
    seller.keep(seller.owed(), seller.owed())
    with seller.works(seller.tenant) as work:
        assert work.outbox.list(OwedFilter(), cursor=None, limit=2).cursor is None


PLACES = [
    *("", "[]", "null", "{}", "7", "[true]", "[1e99]", "[1.0]", "[9999999999999999999]"),
    *('["x"]', '["x", 1]', '["2026-11-24", 1]', '["2026-11-24T09:30:00", 1]', "[1, 1]"),
    *('["2026-11-24T09:30:00+00:00"]', '["2026-11-24T09:30:00+00:00", 1, 1]', "[" * 9999),
]
ODD = ["?", "a", "ğ", "\x00", "W10=W10=", "_" * 10_000]


@pytest.mark.parametrize(
    "cursor", [*ODD, *(urlsafe_b64encode(p.encode()).decode() for p in PLACES)]
)
def test_a_cursor_of_somebody_elses_making_is_invalid(seller: Any, cursor: str) -> None:
    asked = (
        lambda work: work.inbox.list(EntryFilter(), cursor=cursor, limit=2),
        lambda work: work.outbox.list(OwedFilter(), cursor=cursor, limit=2),
        lambda work: work.contacts.list(query=None, cursor=cursor, limit=2),
        lambda work: work.orders.list(cursor=cursor, limit=2),
    )
    for ask in asked:
        with seller.works(seller.tenant) as work, pytest.raises(Invalid) as refusal:
            ask(work)
        assert set(refusal.value.problems) == {"cursor"}


def test_a_page_far_in_is_found_by_the_index(engine: Any, seller: Any) -> None:
    for number in range(50):
        seller.keep(seller.entry(str(number), received_at=NOW + timedelta(seconds=number)))
    ask = text(
        "explain select * from inbox where tenant_id = :tenant"
        " and (received_at, position) < (:now, 9)"
        " order by received_at desc, position desc limit 26"
    )
    with begun(engine, seller.tenant) as transaction:
        transaction.run(text("set local enable_seqscan = off"))
        rows = transaction.run(ask, {"tenant": seller.tenant, "now": NOW})
        plan = "\n".join(rows.scalars())
    assert "Index Scan Backward using inbox_received" in plan
    assert "Sort" not in plan
    assert "ROW(received_at" in plan.partition("Index Cond")[2]
