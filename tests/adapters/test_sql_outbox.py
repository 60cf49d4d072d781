"""The outbox keeps the order of each mailbox, however many write and drain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from core.delivery.outbox import Cause, OwedFilter, OwedState, claimed

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SOON = timedelta(seconds=60)


def test_sixteen_writers_to_one_mailbox_stand_in_the_order_of_their_commits(
    engine: Engine, seller: Any, pages: Any, together: Any
) -> None:
    written: list[UUID] = []

    def write(_: int) -> None:
        for _ in range(10):
            with seller.works(seller.tenant) as work:
                row = seller.owed()
                work.outbox.add(row)
                written.append(row.id)  # the mailbox is ours until the commit
                work.commit()

    together(16, write)
    with seller.works(seller.tenant) as work:
        found = pages(lambda c: work.outbox.list(OwedFilter(), cursor=c, limit=50))
    assert [row.id for row in reversed(found)] == written


def test_drains_at_once_take_each_row_once_and_in_order(seller: Any, together: Any) -> None:
    rows = [seller.owed(mailbox) for _ in range(12) for mailbox in ("a", "b")]
    seller.keep(*rows)
    sent: dict[str, list[UUID]] = {"a": [], "b": []}

    def drain(number: int) -> None:
        mailbox = "ab"[number % 2]
        while len(sent[mailbox]) < 12:
            with seller.works(seller.tenant) as work:
                head = work.outbox.head(mailbox)
                moved = claimed(head, NOW, NOW + SOON) if head else None
                if moved is None:
                    continue
                work.outbox.save(moved)
                work.commit()
            sent[mailbox].append(moved.id)
            with seller.works(seller.tenant) as work:
                work.outbox.save(replace(moved, state=OwedState.SENT))
                work.commit()

    together(6, drain)
    for mailbox, ids in sent.items():
        assert ids == [row.id for row in rows if row.mailbox == mailbox]


def test_a_head_that_another_holds_hides_those_behind_it(seller: Any) -> None:
    first, second = seller.owed(), seller.owed()
    seller.keep(first, second)
    with seller.works(seller.tenant) as one, seller.works(seller.tenant) as other:
        assert one.outbox.head("m") == first
        assert other.outbox.head("m") is None
        one.outbox.save(replace(first, state=OwedState.SENT))
        one.commit()
    with seller.works(seller.tenant) as work:
        assert work.outbox.head("m") == second
        assert work.outbox.head("another") is None


@pytest.mark.parametrize("state", OwedState)
def test_only_what_has_ended_lets_the_next_one_through(seller: Any, state: OwedState) -> None:
    first, second = seller.owed(state=state), seller.owed()
    seller.keep(first, second)
    ended = state in (OwedState.SENT, OwedState.DEAD)
    with seller.works(seller.tenant) as work:
        assert work.outbox.head("m") == (second if ended else first)


def test_mended_connections_let_their_rows_go_on(seller: Any) -> None:
    parked = replace(seller.owed(), state=OwedState.PARKED, error="refused")
    rows = [
        replace(parked, cause=Cause.INSTALLATION),
        replace(parked, id=uuid4(), cause=Cause.DOUBT),
        replace(parked, id=uuid4(), cause=Cause.INSTALLATION, installation_id=seller.connect()),
    ]
    seller.keep(*rows)
    later = NOW + SOON
    with seller.works(seller.tenant) as work:
        assert work.outbox.unpark(seller.channel, later) == 1
        mended = work.outbox.get(rows[0].id)
        assert mended == replace(
            rows[0], state=OwedState.READY, due_at=later, cause=None, error=None
        )
        assert [work.outbox.get(row.id) for row in rows[1:]] == rows[1:]


def test_rows_are_found_by_their_message(seller: Any) -> None:
    message = uuid4()
    one = replace(seller.owed(), payload={"message_id": str(message)})
    seller.keep(one, seller.owed())
    with seller.works(seller.tenant) as work:
        for only, count in (
            (OwedFilter(message_id=message), 1),
            (OwedFilter(message_id=uuid4()), 0),
            (OwedFilter(installation_id=seller.channel), 2),
            (OwedFilter(OwedState.READY), 2),
            (OwedFilter(OwedState.DEAD), 0),
        ):
            assert len(work.outbox.list(only, cursor=None, limit=9).items) == count
