"""Reading what vendors posted: once in effect, however often it is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest

from core.inbox.journal import Entry, EntryFilter, EntryState
from core.inbox.read import SCHEDULE
from core.inbox.replay import replay, replay_window
from core.shared.actor import Actor
from core.shared.errors import NotAllowed, NotFound
from core.shared.ids import OPERATOR
from core.tenancy.installations import InstallationState
from ports.errors import Ignored, Unreadable
from ports.events import Event
from ports.families.carrier import ParcelMoved
from ports.families.channel import MessageReceived, Text
from ports.families.marketplace import OrderChanged
from ports.webhooks import RawWebhook
from tests.core.fakes import samples
from tests.core.fakes.house import PERSON, House, phone
from tests.core.fakes.vendors import FakeReader, SplittingReader
from tests.core.fakes.world import NOW, OTHER, TENANT

MESSAGE = MessageReceived("in-1", phone(), NOW, Text("kargom nerede"))
BODY = b"hello"


def entry(
    house: House, body: bytes = BODY, tenant: UUID = TENANT, place: UUID | None = None
) -> Entry:
    where = place or house.talk.id
    made = Entry(house.ids(), where, "talk", body.hex(), RawWebhook(body), NOW, due_at=NOW)
    house.world.tables(tenant).inbox[made.id] = made
    return made


def takes(house: House, found: list[Event] | Exception) -> Entry:
    house.reader.events[BODY] = found
    return entry(house)


def test_an_entry_is_read_once_however_often_the_bell_rings(house: House) -> None:
    waiting = takes(house, [MESSAGE])
    assert house.read(TENANT, waiting.id) is EntryState.PROCESSED
    assert house.read(TENANT, waiting.id) is None
    assert len(house.messages) == 1
    assert house.tables.inbox[waiting.id].processed_at == house.clock.now()


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (Ignored("a typing notice"), EntryState.IGNORED),
        (Unreadable("a new kind"), EntryState.UNREADABLE),
    ],
)
def test_what_a_plugin_skips_or_cannot_read_is_kept_with_the_reason(
    house: House, found: Exception, state: EntryState
) -> None:
    waiting = takes(house, found)
    assert house.read(TENANT, waiting.id) is state
    assert house.tables.inbox[waiting.id].reason == str(found)
    assert house.errors == []


@dataclass(frozen=True)
class Sneezed(Event):
    pass


def test_an_event_that_nobody_hears_is_unreadable(house: House) -> None:
    assert house.read(TENANT, takes(house, [Sneezed()]).id) is EntryState.UNREADABLE


@pytest.mark.parametrize(
    "event", [MESSAGE, OrderChanged(samples.order()), ParcelMoved(samples.TRACKED)]
)
def test_every_familys_events_are_heard(house: House, event: Event) -> None:
    assert house.read(TENANT, takes(house, [event]).id) is EntryState.PROCESSED


def test_poison_is_tried_again_on_the_schedule_and_then_a_person_is_told(house: House) -> None:
    waiting, waits = takes(house, ValueError("ours")), []
    while house.read(TENANT, waiting.id) is EntryState.RECEIVED:
        due = house.tables.inbox[waiting.id].due_at
        waits.append(due - house.clock.now())
        house.clock.forward(waits[-1])
    assert tuple(waits) == SCHEDULE
    assert [w.total_seconds() for w in waits] == [5, 30, 120, 600, 3_600, 21_600, 86_400]
    failed = house.tables.inbox[waiting.id]
    assert (failed.state, failed.reason) == (EntryState.FAILED, "ValueError: ours")
    assert len(house.errors) == len(SCHEDULE) + 1


def test_half_an_entry_is_never_applied(house: House) -> None:
    house.reader.events[BODY] = [MESSAGE, replace(MESSAGE, id="in-2", sender=None)]  # type: ignore[arg-type]
    waiting = entry(house)
    assert house.read(TENANT, waiting.id) is EntryState.RECEIVED
    assert house.messages == []
    house.reader.events[BODY] = [MESSAGE]
    assert house.read(TENANT, waiting.id) is EntryState.PROCESSED


@pytest.mark.parametrize(
    ("state", "read"),
    [
        (InstallationState.ACTIVE, EntryState.PROCESSED),
        (InstallationState.NEEDS_ATTENTION, EntryState.PROCESSED),
        (InstallationState.DISABLED, EntryState.IGNORED),
        (InstallationState.DISCONNECTED, EntryState.IGNORED),
    ],
)
def test_a_connection_that_is_off_hears_nothing(
    house: House, state: InstallationState, read: EntryState
) -> None:
    house.switch(house.talk, state)
    assert house.read(TENANT, takes(house, [MESSAGE]).id) is read


def test_replaying_twice_ends_in_the_same_state(house: House) -> None:
    waiting = takes(house, [MESSAGE, OrderChanged(samples.order(phone="+905321234567"))])
    house.read(TENANT, waiting.id)
    before = house.tables
    for times in (1, 2):
        replay(waiting.id, PERSON, works=house.world, now=house.clock.now())
        assert house.read(TENANT, waiting.id) is EntryState.PROCESSED
        assert house.tables.inbox[waiting.id].replays == times
    for shelf in ("contacts", "identities", "conversations", "messages", "turns", "outbox"):
        assert getattr(house.tables, shelf) == getattr(before, shelf), shelf
    assert [s.order for s in house.tables.orders.values()] == [
        s.order for s in before.orders.values()
    ]


def test_what_failed_is_read_again_on_demand(house: House) -> None:
    waiting = takes(house, Unreadable("a new kind"))
    house.read(TENANT, waiting.id)
    house.reader.events[BODY] = [MESSAGE]
    only = EntryFilter(state=EntryState.UNREADABLE, since=NOW, until=NOW + timedelta(seconds=1))
    assert replay_window(only, PERSON, works=house.world, now=NOW) == [waiting.id]
    assert house.read(TENANT, waiting.id) is EntryState.PROCESSED
    assert house.audited() == ["webhook.replayed"]


def test_replaying_needs_the_scope_and_an_entry(house: House) -> None:
    nobody = Actor(TENANT, "api_key", "k", frozenset({"journal.read"}))
    with pytest.raises(NotAllowed):
        replay(house.ids(), nobody, works=house.world, now=NOW)
    with pytest.raises(NotFound):
        replay(house.ids(), PERSON, works=house.world, now=NOW)


# --- one address for a whole app -------------------------------------------------------------


@pytest.fixture
def app(house: House) -> Entry:
    """A delivery at the operator's door with parts for three accounts."""
    door = house.install("talk", OPERATOR, app=True, account_id="app-1")
    house.vendors.plugins["talk"].app_reader = SplittingReader()
    house.install("talk", OTHER, account_id="other-1")
    return entry(house, b"talk-1:ours\nother-1:theirs\nnobody-1:lost", OPERATOR, door.id)


def bodies(house: House, tenant: UUID) -> list[bytes]:
    return [e.webhook.body for e in house.world.tables(tenant).inbox.values()]


def test_each_tenant_gets_its_own_part_and_strangers_are_named(house: House, app: Entry) -> None:
    assert house.read(OPERATOR, app.id) is EntryState.UNROUTED
    assert bodies(house, TENANT) == [b"ours"]
    assert bodies(house, OTHER) == [b"theirs"]
    shared = house.world.tables(OPERATOR).inbox[app.id]
    assert shared.reason == "nobody has connected nobody-1"


def test_sharing_out_again_gives_nobody_anything_twice(house: House, app: Entry) -> None:
    operator = Actor(OPERATOR, "operator", "op", PERSON.scopes | {"operator"})
    house.read(OPERATOR, app.id)
    house.install("talk", OTHER, account_id="nobody-1")
    replay(app.id, operator, works=house.world, now=NOW)
    assert house.read(OPERATOR, app.id) is EntryState.PROCESSED
    assert bodies(house, TENANT) == [b"ours"]
    assert bodies(house, OTHER) == [b"theirs", b"lost"]


def test_a_shared_part_is_due_at_once(house: House, app: Entry) -> None:
    house.read(OPERATOR, app.id)
    house.reader.events[b"ours"] = [MESSAGE]
    [mine] = house.tables.inbox.values()
    assert mine.due_at == house.clock.now()
    assert house.read(TENANT, mine.id) is EntryState.PROCESSED


def test_a_reader_that_cannot_split_leaves_the_delivery_unread(house: House, app: Entry) -> None:
    house.vendors.plugins["talk"].app_reader = FakeReader()
    assert house.read(OPERATOR, app.id) is EntryState.UNREADABLE
