"""The inbox keeps each delivery once, byte for byte."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from adapters.sql.ingest import AsyncIngest
from adapters.sql.lookups import Lookups
from core.inbox.journal import Entry, EntryFilter, EntryState
from core.shared.errors import Unavailable
from core.tenancy.installations import InstallationState

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SOON = timedelta(seconds=60)


def take_in(url: str, tenant: UUID, version: int, *entries: Entry) -> list[str]:
    """What the webhook door answers to these, all at once."""

    async def knock() -> list[str]:
        ingest = AsyncIngest(url)
        try:
            return await asyncio.gather(*(ingest(tenant, version, e) for e in entries))
        finally:
            await ingest.close()

    return asyncio.run(knock())


def test_a_delivery_comes_back_byte_for_byte(seller: Any) -> None:
    kept = seller.entry()
    seller.keep(kept)
    with seller.works(seller.tenant) as work:
        assert work.inbox.get(kept.id) == kept


def test_a_second_delivery_is_not_kept(sellers: Callable[[], Any]) -> None:
    one, other = sellers(), sellers()
    one.keep(one.entry())
    other.keep(other.entry())
    with one.works(one.tenant) as work:
        assert work.inbox.add(one.entry()) is False
        assert work.inbox.add(one.entry("another")) is True


def test_a_storm_of_one_delivery_is_kept_once(database_url: str, seller: Any) -> None:
    answers = take_in(database_url, seller.tenant, 1, *(seller.entry() for _ in range(400)))
    assert (answers.count("new"), answers.count("seen")) == (1, 399)
    with seller.works(seller.tenant) as work:
        [kept] = work.inbox.list(EntryFilter(), cursor=None, limit=9).items
    assert kept == replace(seller.entry(), id=kept.id)


def test_a_dedupe_key_that_postgresql_cannot_hold_is_kept_all_the_same(
    database_url: str, seller: Any
) -> None:
    odd = seller.entry("a\x00\ud83d")
    assert sorted(take_in(database_url, seller.tenant, 1, odd, odd)) == ["new", "seen"]


@pytest.mark.parametrize("version", [0, 2])
def test_the_door_of_a_changed_connection_is_stale(
    database_url: str, seller: Any, version: int
) -> None:
    assert take_in(database_url, seller.tenant, version, seller.entry()) == ["stale"]


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
    assert take_in(database_url, seller.tenant, 2, seller.entry()) == [answer]


def test_the_door_of_one_tenant_is_not_anothers(
    database_url: str, seller: Any, tenant: UUID
) -> None:
    assert take_in(database_url, tenant, 1, seller.entry()) == ["stale"]


def test_a_door_whose_database_is_away_says_so_in_time(seller: Any) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable):
        take_in("postgresql://nobody@127.0.0.1:1/none", seller.tenant, 1, seller.entry())
    assert time.monotonic() - began < 2


def test_what_the_door_kept_is_read_like_any_other(
    engine: Engine, database_url: str, seller: Any
) -> None:
    kept = seller.entry()
    take_in(database_url, seller.tenant, 1, kept)
    assert (seller.tenant, kept.id) in Lookups(engine).due_inbox(NOW, SOON, 1000)
    with seller.works(seller.tenant) as work:
        assert work.inbox.claim(kept.id) == kept


def test_one_worker_claims_an_entry(seller: Any) -> None:
    kept = seller.entry()
    seller.keep(kept)
    with seller.works(seller.tenant) as one, seller.works(seller.tenant) as other:
        assert one.inbox.claim(kept.id) == kept
        assert other.inbox.claim(kept.id) is None
        one.inbox.save(replace(kept, state=EntryState.PROCESSED, processed_at=NOW))
        one.commit()
    with seller.works(seller.tenant) as work:
        assert work.inbox.claim(kept.id) is None
        assert work.inbox.get(kept.id).processed_at == NOW


def test_the_journal_is_listed_newest_first(seller: Any, pages: Any) -> None:
    """Several in the same moment keep the order in which they were written down."""
    entries = [seller.entry(str(n), received_at=NOW + timedelta(hours=n // 3)) for n in range(10)]
    seller.keep(*entries)
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
    seller.keep(seller.entry())
    with seller.works(seller.tenant) as work:
        assert work.inbox.list(only, cursor=None, limit=9).items == []
        same = EntryFilter(EntryState.RECEIVED, "whatsapp", seller.channel)
        assert len(work.inbox.list(same, cursor=None, limit=9).items) == 1
