"""Parcels and shops are asked when it is time, by one worker; wrong guesses are counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from adapters.sql.lookups import Lookups
from core.commerce.parcels import Followed
from core.commerce.sync import NEVER, SyncState
from ports.families.carrier import Parcel, ParcelState, Scan

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def due(found: Sequence[Any], seller: Any) -> list[Any]:
    return [row[1:] for row in found if row[0] == seller.tenant]


def test_a_parcel_is_followed_once_and_asked_for_when_due(engine: Engine, seller: Any) -> None:
    followed = Followed(seller.channel, "123", seller.channel, "1", NOW)
    scan = Scan(NOW, "Yolda", ParcelState.IN_TRANSIT, "Ankara")
    parcel = Parcel("123", ParcelState.IN_TRANSIT, "Yolda", (scan,), delivered_at=None)
    asked = replace(followed, parcel=parcel, due_at=NOW + MINUTE, checked_at=NOW, failures=1)
    lookups = Lookups(engine)
    with seller.works(seller.tenant) as work:
        work.parcels.follow(followed)
        work.commit()
    assert due(lookups.due_parcels(NOW, MINUTE, 99), seller) == [(seller.channel, "123")]
    assert due(lookups.due_parcels(NOW, MINUTE, 99), seller) == []
    with seller.works(seller.tenant) as work:
        work.parcels.save(asked)
        work.parcels.follow(followed)
        assert work.parcels.get(seller.channel, "123") == asked
        assert work.parcels.of_order(seller.channel, "1") == [asked]
        work.commit()
    assert due(lookups.due_parcels(NOW + MINUTE, MINUTE, 99), seller) == [(seller.channel, "123")]
    with seller.works(seller.tenant) as work:
        work.parcels.save(replace(asked, due_at=None))
        work.commit()
    assert due(lookups.due_parcels(NEVER, MINUTE, 99), seller) == []


def streams(seller: Any, act: Callable[[Any], Any]) -> Any:
    with seller.works(seller.tenant) as work:
        answer = act(work.sync)
        work.commit()
    return answer


def test_a_due_stream_is_leased_to_one_worker(engine: Engine, seller: Any) -> None:
    state = SyncState(seller.channel, "orders", NOW)
    until, lookups = NOW + MINUTE, Lookups(engine)
    streams(seller, lambda sync: sync.begin(state))
    assert due(lookups.due_sync(NOW, MINUTE, 99), seller) == [(seller.channel, "orders")]
    with seller.works(seller.tenant) as one, seller.works(seller.tenant) as other:
        leased = one.sync.claim(seller.channel, "orders", NOW, until)
        assert leased == replace(state, lease_until=until)
        assert other.sync.claim(seller.channel, "orders", NOW, until) is None
        one.commit()
    claim = lambda now: streams(  # noqa: E731
        seller, lambda sync: sync.claim(seller.channel, "orders", now, now + MINUTE)
    )
    assert claim(until - timedelta(seconds=1)) is None
    assert due(lookups.due_sync(until, MINUTE, 99), seller) == [(seller.channel, "orders")]
    assert claim(until) == replace(state, lease_until=until + MINUTE)


def test_beginning_a_stream_again_makes_it_due_and_keeps_its_place(seller: Any) -> None:
    begun = SyncState(seller.channel, "orders", NOW)
    far = replace(begun, due_at=NEVER, cursor="c", since=NOW, seen=7)
    streams(seller, lambda sync: sync.begin(begun))
    streams(seller, lambda sync: sync.save(far))
    streams(seller, lambda sync: sync.begin(begun))
    assert streams(seller, lambda sync: sync.of(seller.channel)) == [replace(far, due_at=NOW)]


def test_a_rush_makes_streams_due_but_takes_none_from_its_worker(
    engine: Engine, seller: Any
) -> None:
    until = NOW + MINUTE
    at_work = SyncState(seller.channel, "claims", NEVER, lease_until=until)
    at_rest = SyncState(seller.channel, "orders", NEVER)
    for state in (at_work, at_rest):
        streams(seller, lambda sync, state=state: sync.begin(state))
    streams(seller, lambda sync: sync.rush(seller.channel, NOW))
    lookups = Lookups(engine)
    assert due(lookups.due_sync(NOW, MINUTE, 99), seller) == [(seller.channel, "orders")]
    assert (seller.channel, "claims") in due(lookups.due_sync(until, MINUTE, 99), seller)
    states = streams(seller, lambda sync: sync.of(seller.channel))
    assert [(s.stream, s.due_at) for s in states] == [("claims", NOW), ("orders", NOW)]


def test_a_stopped_stream_is_gone(seller: Any) -> None:
    state = SyncState(seller.channel, "orders", NOW)
    streams(seller, lambda sync: sync.begin(state))
    streams(seller, lambda sync: sync.stop(seller.channel))
    streams(seller, lambda sync: sync.save(state))
    assert streams(seller, lambda sync: sync.of(seller.channel)) == []


def test_guesses_are_counted_by_contact_and_in_all(seller: Any) -> None:
    one, other = seller.contact(), seller.contact()
    with seller.works(seller.tenant) as work:
        for contact, minute in ((one, 0), (one, 2), (other, 2)):
            work.gate.add_guess(contact, NOW + minute * MINUTE)
        assert work.gate.guesses(one, NOW) == 2
        assert work.gate.guesses(one, NOW + MINUTE) == 1
        assert work.gate.guesses(None, NOW) == 3
        assert work.gate.guesses(None, NOW + 3 * MINUTE) == 0


def test_proving_again_changes_nothing(seller: Any) -> None:
    contact = seller.contact()
    with seller.works(seller.tenant) as work:
        for how in ("phone", "number and total"):
            work.gate.add_proof(contact, seller.channel, "1", how, NOW)
        assert work.gate.proven(contact) == {(seller.channel, "1")}
