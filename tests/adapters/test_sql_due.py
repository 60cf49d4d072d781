"""Nothing due is forgotten, told twice at once, or kept waiting by a noisy neighbour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from adapters.sql.lookups import Lookups
from core.delivery.outbox import Cause, OwedState
from core.inbox.journal import EntryState

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SOON = timedelta(seconds=60)


def ours(found: Sequence[tuple[Any, ...]], seller: Any) -> list[Any]:
    return [row[1] for row in found if row[0] == seller.tenant]


def test_a_due_entry_is_told_once_until_its_visibility_is_over(engine: Engine, seller: Any) -> None:
    kept, later = seller.entry("1"), seller.entry("2", due_at=NOW + SOON)
    seller.keep(kept, later, seller.entry("3", state=EntryState.FAILED))
    lookups = Lookups(engine)
    assert ours(lookups.due_inbox(NOW, SOON, 1000), seller) == [kept.id]
    assert ours(lookups.due_inbox(NOW, SOON, 1000), seller) == []
    found = ours(lookups.due_inbox(NOW + SOON, SOON, 1000), seller)
    assert sorted(found) == sorted([kept.id, later.id])


def test_many_who_ask_at_once_are_told_different_things(
    engine: Engine, seller: Any, together: Any
) -> None:
    seller.keep(*(seller.entry(str(n)) for n in range(60)))
    lookups = Lookups(engine)

    def ask(_: int) -> list[UUID]:
        return ours(lookups.due_inbox(NOW, SOON, 10), seller)

    found = [id for _ in range(4) for ids in together(8, ask) for id in ids]
    assert len(found) == len(set(found))
    assert len(found) + len(ours(lookups.due_inbox(NOW, SOON, 1000), seller)) == 60


def test_a_flood_of_one_tenant_does_not_keep_the_others_waiting(
    engine: Engine, sellers: Callable[[], Any]
) -> None:
    noisy, quiet = sellers(), sellers()
    long_ago = NOW - timedelta(days=30)
    noisy.keep(*(noisy.entry(str(n), due_at=long_ago) for n in range(100)))
    quiet.keep(*(quiet.entry(str(n)) for n in range(3)))
    found = Lookups(engine).due_inbox(NOW, SOON, 1000)
    found = Lookups(engine).due_inbox(NOW + SOON, SOON, 20)
    assert len(found) == 20
    assert len(ours(found, quiet)) == 3


def due_mailboxes(engine: Engine, seller: Any, now: datetime) -> list[str]:
    return ours(Lookups(engine).due_outbox(now, SOON, 1000), seller)


@pytest.mark.parametrize(
    ("row", "due"),
    [
        ({"state": OwedState.READY}, True),
        ({"state": OwedState.READY, "due_at": NOW + SOON}, False),
        ({"state": OwedState.SENDING, "lease_until": NOW}, True),
        ({"state": OwedState.SENDING, "lease_until": NOW + SOON}, False),
        ({"state": OwedState.UNKNOWN}, True),
        ({"state": OwedState.UNKNOWN, "due_at": NOW + SOON}, False),
        ({"state": OwedState.PARKED}, False),
        ({"state": OwedState.SENT}, False),
        ({"state": OwedState.DEAD}, False),
    ],
)
def test_a_mailbox_is_due_when_its_first_row_needs_somebody(
    engine: Engine, seller: Any, row: dict[str, Any], due: bool
) -> None:
    seller.keep(seller.owed(**row))
    assert due_mailboxes(engine, seller, NOW) == (["m"] if due else [])
    assert due_mailboxes(engine, seller, NOW) == []


def test_rows_behind_a_waiting_one_ring_for_nobody(engine: Engine, seller: Any) -> None:
    first = seller.owed(state=OwedState.PARKED, cause=Cause.DOUBT)
    seller.keep(first, seller.owed(), seller.owed())
    assert due_mailboxes(engine, seller, NOW) == []
    with seller.works(seller.tenant) as work:
        work.outbox.save(replace(first, state=OwedState.DEAD))
        work.commit()
    assert due_mailboxes(engine, seller, NOW) == ["m"]


def test_a_row_that_is_tried_later_is_due_later(engine: Engine, seller: Any) -> None:
    row = seller.owed()
    seller.keep(row)
    assert due_mailboxes(engine, seller, NOW) == ["m"]
    later = NOW + timedelta(hours=1)
    with seller.works(seller.tenant) as work:
        work.outbox.save(replace(row, due_at=later))
        work.commit()
    assert due_mailboxes(engine, seller, later - SOON) == []
    assert due_mailboxes(engine, seller, later) == ["m"]


def test_counts_tell_what_is_unfinished_and_for_how_long(engine: Engine, seller: Any) -> None:
    lookups, soon = Lookups(engine), NOW + SOON
    before = lookups.inbox_counts(soon), lookups.outbox_counts(soon)
    seller.keep(seller.entry(), seller.owed(), seller.owed(state=OwedState.SENT))
    after = lookups.inbox_counts(soon), lookups.outbox_counts(soon)
    for old, new, state in zip(before, after, ("received", "ready"), strict=True):
        assert new[state].rows - (old[state].rows if state in old else 0) == 1
        assert new[state].age >= 60
    assert "sent" not in after[1]
