"""The inbox keeps each delivery once, the outbox keeps order; nothing due is forgotten."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from adapters.sql.ingest import AsyncIngest
from adapters.sql.lookups import Lookups
from core.delivery.outbox import Cause, Owed, OwedFilter, OwedState, claimed
from core.inbox.journal import Entry, EntryFilter, EntryState
from core.shared.errors import Invalid
from core.tenancy.installations import InstallationState
from ports.webhooks import RawWebhook

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SOON = timedelta(seconds=60)


def entry(seller: Any, key: str = "k", **more: Any) -> Entry:
    webhook = RawWebhook(b"\x00\xff{}", {"x-signature": "a"})
    given = {"received_at": NOW, "due_at": NOW, "correlation_id": "c", **more}
    return Entry(uuid4(), seller.channel, "whatsapp", key, webhook, **given)


def owed(seller: Any, mailbox: str = "m", **more: Any) -> Owed:
    given = {"repeatable": False, "due_at": NOW, "created_at": NOW, **more}
    return Owed(uuid4(), mailbox, seller.channel, "send_message", {"a": 1}, **given)


def keep(seller: Any, *values: Any) -> None:
    with seller.works(seller.tenant) as work:
        for value in values:
            store = work.inbox if isinstance(value, Entry) else work.outbox
            assert store.add(value) is not False
        work.commit()


def together(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Let that many threads begin at the same moment; answers what each did."""
    start = threading.Barrier(count)

    def run(number: int) -> Any:
        start.wait(30)
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def take_in(url: str, tenant: UUID, version: int, *entries: Entry) -> list[str]:
    """What the webhook door answers to these, all at once."""

    async def knock() -> list[str]:
        ingest = AsyncIngest(url)
        try:
            return await asyncio.gather(*(ingest(tenant, version, e) for e in entries))
        finally:
            await ingest.close()

    return asyncio.run(knock())


# --- the inbox ------------------------------------------------------------------------------


def test_a_delivery_comes_back_byte_for_byte(seller: Any) -> None:
    kept = entry(seller)
    keep(seller, kept)
    with seller.works(seller.tenant) as work:
        assert work.inbox.get(kept.id) == kept


def test_a_second_delivery_is_not_kept(sellers: Callable[[], Any]) -> None:
    one, other = sellers(), sellers()
    keep(one, entry(one))
    keep(other, entry(other))
    with one.works(one.tenant) as work:
        assert work.inbox.add(entry(one)) is False
        assert work.inbox.add(entry(one, "another")) is True


def test_a_storm_of_one_delivery_is_kept_once(database_url: str, seller: Any) -> None:
    answers = take_in(database_url, seller.tenant, 1, *(entry(seller) for _ in range(400)))
    assert (answers.count("new"), answers.count("seen")) == (1, 399)
    with seller.works(seller.tenant) as work:
        [kept] = work.inbox.list(EntryFilter(), cursor=None, limit=9).items
    assert kept == replace(entry(seller), id=kept.id)


def test_a_dedupe_key_that_postgresql_cannot_hold_is_kept_all_the_same(
    database_url: str, seller: Any
) -> None:
    odd = entry(seller, "a\x00\ud83d")
    assert take_in(database_url, seller.tenant, 1, odd, odd) == ["new", "seen"]


@pytest.mark.parametrize("version", [0, 2])
def test_the_door_of_a_changed_connection_is_stale(
    database_url: str, seller: Any, version: int
) -> None:
    assert take_in(database_url, seller.tenant, version, entry(seller)) == ["stale"]


@pytest.mark.parametrize(
    ("state", "answer"),
    [
        (InstallationState.NEEDS_ATTENTION, "new"),
        (InstallationState.DISABLED, "stale"),
        (InstallationState.DISCONNECTED, "stale"),
    ],
)
def test_the_door_listens_as_the_connection_does(
    database_url: str, seller: Any, state: InstallationState, answer: str
) -> None:
    with seller.works(seller.tenant) as work:
        found = work.installations.get(seller.channel)
        work.installations.save(replace(found, state=state, version=2))
        work.commit()
    assert take_in(database_url, seller.tenant, 2, entry(seller)) == [answer]


def test_the_door_of_one_tenant_is_not_anothers(
    database_url: str, seller: Any, tenant: UUID
) -> None:
    assert take_in(database_url, tenant, 1, entry(seller)) == ["stale"]


def test_what_the_door_kept_is_read_like_any_other(
    engine: Engine, database_url: str, seller: Any
) -> None:
    kept = entry(seller)
    take_in(database_url, seller.tenant, 1, kept)
    assert (seller.tenant, kept.id) in Lookups(engine).due_inbox(NOW, SOON, 1000)
    with seller.works(seller.tenant) as work:
        assert work.inbox.claim(kept.id) == kept


def test_one_worker_claims_an_entry(seller: Any) -> None:
    kept = entry(seller)
    keep(seller, kept)
    with seller.works(seller.tenant) as one, seller.works(seller.tenant) as other:
        assert one.inbox.claim(kept.id) == kept
        assert other.inbox.claim(kept.id) is None
        one.inbox.save(replace(kept, state=EntryState.PROCESSED, processed_at=NOW))
        one.commit()
    with seller.works(seller.tenant) as work:
        assert work.inbox.claim(kept.id) is None
        assert work.inbox.get(kept.id).processed_at == NOW


def test_the_journal_is_listed_newest_first(seller: Any) -> None:
    """Several in the same moment keep the order in which they were written down."""
    entries = [entry(seller, str(n), received_at=NOW + timedelta(hours=n // 3)) for n in range(10)]
    keep(seller, *entries)
    with seller.works(seller.tenant) as work:
        assert pages(lambda c: work.inbox.list(EntryFilter(), cursor=c, limit=3)) == entries[::-1]
        only = EntryFilter(since=NOW + timedelta(hours=1), until=NOW + timedelta(hours=2))
        assert pages(lambda c: work.inbox.list(only, cursor=c, limit=2)) == entries[5:2:-1]
        assert work.inbox.ids(only, 2) == [e.id for e in entries[3:5]]


@pytest.mark.parametrize(
    "only",
    [
        EntryFilter(state=EntryState.FAILED),
        EntryFilter(plugin_id="trendyol"),
        EntryFilter(installation_id=uuid4()),
    ],
)
def test_the_journal_is_searched_by_each_of_its_sides(seller: Any, only: EntryFilter) -> None:
    keep(seller, entry(seller))
    with seller.works(seller.tenant) as work:
        assert work.inbox.list(only, cursor=None, limit=9).items == []
        same = EntryFilter(EntryState.RECEIVED, "whatsapp", seller.channel)
        assert len(work.inbox.list(same, cursor=None, limit=9).items) == 1


def test_entries_are_counted_by_state(seller: Any) -> None:
    keep(seller, entry(seller, "1"), entry(seller, "2", state=EntryState.FAILED))
    with seller.works(seller.tenant) as work:
        counts = work.inbox.counts()
    assert set(counts) == set(EntryState)
    assert {state: n for state, n in counts.items() if n} == {"received": 1, "failed": 1}


# --- the outbox -----------------------------------------------------------------------------


def test_sixteen_writers_to_one_mailbox_stand_in_the_order_of_their_commits(
    engine: Engine, seller: Any
) -> None:
    written: list[UUID] = []

    def write(_: int) -> None:
        for _ in range(10):
            with seller.works(seller.tenant) as work:
                row = owed(seller)
                work.outbox.add(row)
                written.append(row.id)  # the mailbox is ours until the commit
                work.commit()

    together(16, write)
    with seller.works(seller.tenant) as work:
        found = pages(lambda c: work.outbox.list(OwedFilter(), cursor=c, limit=50))
    assert [row.id for row in reversed(found)] == written


def test_drains_at_once_take_each_row_once_and_in_order(seller: Any) -> None:
    rows = [owed(seller, mailbox) for _ in range(12) for mailbox in ("a", "b")]
    keep(seller, *rows)
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
    first, second = owed(seller), owed(seller)
    keep(seller, first, second)
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
    first, second = owed(seller, state=state), owed(seller)
    keep(seller, first, second)
    ended = state in (OwedState.SENT, OwedState.DEAD)
    with seller.works(seller.tenant) as work:
        assert work.outbox.head("m") == (second if ended else first)


def test_mended_connections_let_their_rows_go_on(seller: Any) -> None:
    parked = replace(owed(seller), state=OwedState.PARKED, error="refused")
    rows = [
        replace(parked, cause=Cause.INSTALLATION),
        replace(parked, id=uuid4(), cause=Cause.DOUBT),
        replace(parked, id=uuid4(), cause=Cause.INSTALLATION, installation_id=seller.connect()),
    ]
    keep(seller, *rows)
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
    one = replace(owed(seller), payload={"message_id": str(message)})
    keep(seller, one, owed(seller))
    with seller.works(seller.tenant) as work:
        for only, count in (
            (OwedFilter(message_id=message), 1),
            (OwedFilter(message_id=uuid4()), 0),
            (OwedFilter(installation_id=seller.channel), 2),
            (OwedFilter(OwedState.READY), 2),
            (OwedFilter(OwedState.DEAD), 0),
        ):
            assert len(work.outbox.list(only, cursor=None, limit=9).items) == count
        assert work.outbox.counts()[OwedState.READY] == 2


# --- what is due ----------------------------------------------------------------------------


def ours(found: Sequence[tuple[Any, ...]], seller: Any) -> list[Any]:
    return [row[1] for row in found if row[0] == seller.tenant]


def test_a_due_entry_is_told_once_until_its_visibility_is_over(engine: Engine, seller: Any) -> None:
    kept, later = entry(seller, "1"), entry(seller, "2", due_at=NOW + SOON)
    keep(seller, kept, later, entry(seller, "3", state=EntryState.FAILED))
    lookups = Lookups(engine)
    assert ours(lookups.due_inbox(NOW, SOON, 1000), seller) == [kept.id]
    assert ours(lookups.due_inbox(NOW, SOON, 1000), seller) == []
    found = ours(lookups.due_inbox(NOW + SOON, SOON, 1000), seller)
    assert sorted(found) == sorted([kept.id, later.id])


def test_many_who_ask_at_once_are_told_different_things(engine: Engine, seller: Any) -> None:
    keep(seller, *(entry(seller, str(n)) for n in range(60)))
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
    keep(noisy, *(entry(noisy, str(n), due_at=long_ago) for n in range(100)))
    keep(quiet, *(entry(quiet, str(n)) for n in range(3)))
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
    keep(seller, owed(seller, **row))
    assert due_mailboxes(engine, seller, NOW) == (["m"] if due else [])
    assert due_mailboxes(engine, seller, NOW) == []


def test_rows_behind_a_waiting_one_ring_for_nobody(engine: Engine, seller: Any) -> None:
    first = owed(seller, state=OwedState.PARKED, cause=Cause.DOUBT)
    keep(seller, first, owed(seller), owed(seller))
    assert due_mailboxes(engine, seller, NOW) == []
    with seller.works(seller.tenant) as work:
        work.outbox.save(replace(first, state=OwedState.DEAD))
        work.commit()
    assert due_mailboxes(engine, seller, NOW) == ["m"]


def test_a_row_that_is_tried_later_is_due_later(engine: Engine, seller: Any) -> None:
    row = owed(seller)
    keep(seller, row)
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
    keep(seller, entry(seller), owed(seller), owed(seller, state=OwedState.SENT))
    after = lookups.inbox_counts(soon), lookups.outbox_counts(soon)
    for old, new, state in zip(before, after, ("received", "ready"), strict=True):
        assert new[state].rows - (old[state].rows if state in old else 0) == 1
        assert new[state].age >= 60
    assert "sent" not in after[1]


# --- cursors --------------------------------------------------------------------------------


def pages(turn: Callable[[str | None], Any]) -> list[Any]:
    """Every item of a list, page by page."""
    items, cursor = [], None
    while True:
        page = turn(cursor)
        items += page.items
        cursor = page.cursor
        if cursor is None:
            return items


def test_rows_that_come_in_meanwhile_neither_double_nor_hide_any(seller: Any) -> None:
    first = [owed(seller) for _ in range(6)]
    keep(seller, *first)
    with seller.works(seller.tenant) as work:
        page = work.outbox.list(OwedFilter(), cursor=None, limit=2)
    keep(seller, owed(seller), owed(seller))
    with seller.works(seller.tenant) as work:
        rest = pages(lambda c: work.outbox.list(OwedFilter(), cursor=c or page.cursor, limit=2))
    assert [*page.items, *rest] == first[::-1]


def test_the_last_full_page_ends_the_list(seller: Any) -> None:
    keep(seller, owed(seller), owed(seller))
    with seller.works(seller.tenant) as work:
        assert work.outbox.list(OwedFilter(), cursor=None, limit=2).cursor is None


MALFORMED = [
    "",
    "x",
    "W10",
    "WyJ4Il0",
    "bnVsbA",
    "WzFd" * 40,
    "ğ",
    "WzFlOTld",
    "Wzk5OTk5OTk5OTk5OTk5OTk5OTld",
]
MALFORMED += [
    "WyIyMDI2LTExLTI0VDA5OjMwOjAwIiwxXQ",
    "W1tbW1tb" * 200,
    "e30",
    "W3RydWVd",
    "WyJcdTAwMDAiXQ",
]


@pytest.mark.parametrize("cursor", MALFORMED)
def test_a_cursor_of_somebody_elses_making_is_invalid(seller: Any, cursor: str) -> None:
    for asked in ("inbox", "outbox"):
        only = EntryFilter() if asked == "inbox" else OwedFilter()
        with seller.works(seller.tenant) as work, pytest.raises(Invalid) as refusal:
            getattr(work, asked).list(only, cursor=cursor, limit=2)
        assert set(refusal.value.problems) == {"cursor"}


def test_a_page_far_in_is_found_by_the_index(engine: Engine, seller: Any) -> None:
    keep(
        seller, *(entry(seller, str(n), received_at=NOW + timedelta(seconds=n)) for n in range(50))
    )
    ask = text(
        "explain select * from inbox where tenant_id = :t and (received_at, position) < (:m, 9)"
        " order by received_at desc, position desc limit 26"
    )
    with engine.begin() as connection:
        connection.execute(
            text("select set_config('invekto.tenant_id', :t, true)"), {"t": str(seller.tenant)}
        )
        connection.execute(text("set local enable_seqscan = off"))
        plan = "\n".join(connection.execute(ask, {"t": seller.tenant, "m": NOW}).scalars())
    assert "Index Scan Backward using inbox_received" in plan
    assert "Sort" not in plan
    assert "ROW(received_at" in plan.partition("Index Cond")[2]
