"""Contacts, conversations and messages: one person is one contact, and merging can be undone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from adapters.sql import tables
from adapters.sql.lookups import Lookups
from adapters.sql.transaction import begun
from core.agents.turns import Turn
from core.conversations import people
from core.conversations.contacts import Contact, Known
from core.conversations.conversation import (
    Conversation,
    ConversationFilter,
    ConversationState,
    Handler,
    Handover,
)
from core.conversations.message import Attachment, Direction, Report, SendState
from core.shared.actor import SCOPES, Actor
from core.shared.errors import Conflict, Invalid

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def phone(number: int = 1) -> Known:
    return Known("*", "phone", f"+90532111{number:04}")


def pages(turn: Callable[[str | None], Any]) -> list[Any]:
    items, cursor = [], None
    while True:
        page = turn(cursor)
        items += page.items
        cursor = page.cursor
        if cursor is None:
            return items


# --- contacts -------------------------------------------------------------------------------


def test_fifty_first_messages_at_once_make_one_contact_and_one_conversation(seller: Any) -> None:
    start = threading.Barrier(50)
    identities = [phone(), Known(str(seller.channel), "vendor", "wa-1")]

    def hear(number: int) -> tuple[UUID, UUID]:
        start.wait(30)
        known = identities if number % 2 else identities[::-1]
        with seller.works(seller.tenant) as work:
            work.contacts.lock(known)
            found = work.contacts.find(known)
            contact = next(iter(found.values()), None)
            if contact is None:
                contact = uuid4()
                work.contacts.add(Contact(contact, "Ayşe", NOW, NOW))
                for identity in known:
                    work.contacts.bind(identity, contact, NOW)
            thread = work.conversations.current(contact, seller.channel)
            if thread is None:
                thread = Conversation(uuid4(), contact, seller.channel, NOW, NOW)
                work.conversations.add(thread)
            thread = replace(thread, unread=thread.unread + 1, version=thread.version + 1)
            work.conversations.save(thread)
            work.commit()
        return contact, thread.id

    with ThreadPoolExecutor(50) as pool:
        heard = set(pool.map(hear, range(50)))
    [(contact, thread)] = heard
    with seller.works(seller.tenant) as work:
        assert work.conversations.get(thread).unread == 50
        assert sorted(work.contacts.identities(contact)) == sorted(identities)


def test_an_identity_is_the_last_ones_it_was_bound_to(seller: Any) -> None:
    first, second = seller.contact(phone()), seller.contact()
    with seller.works(seller.tenant) as work:
        work.contacts.bind(phone(), second, NOW)
        assert work.contacts.find([phone(), phone(2)]) == {phone(): second}
        assert work.contacts.identities(first) == []
        work.contacts.unbind(phone())
        work.contacts.unbind(phone())
        assert work.contacts.find([phone()]) == {}


def test_an_odd_identity_is_found_as_it_was_asked_for(seller: Any) -> None:
    odd = Known("*", "vendor", "a\x00b")
    contact = seller.contact(odd)
    with seller.works(seller.tenant) as work:
        assert work.contacts.find([odd]) == {odd: contact}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ibrahim", True),
        ("İBRAHİM", True),
        ("ibrahım ö", True),
        ("OZTURK", True),
        ("0532 111 00 01", True),
        ("(532) 111", True),
        ("wa-77", True),
        ("   ", True),
        ("%", False),
        ("_", False),
        ("\\", False),
        ("mehmet", False),
        ("5329", False),
    ],
)
def test_contacts_are_found_as_hurried_people_type(seller: Any, query: str, found: bool) -> None:
    contact = seller.contact(phone(), Known("x", "vendor", "wa-77"), name="İbrahim  Öztürk")
    with seller.works(seller.tenant) as work:
        items = work.contacts.list(query=query, cursor=None, limit=9).items
    assert [item.id for item in items] == ([contact] if found else [])


def test_contacts_are_listed_last_updated_first_without_merged_ones(seller: Any) -> None:
    ids = [seller.contact(at=NOW + n // 2 * MINUTE) for n in range(7)]
    gone = seller.contact()
    with seller.works(seller.tenant) as work:
        work.contacts.save(replace(work.contacts.get(gone), merged_into=ids[0]))
        work.commit()
    with seller.works(seller.tenant) as work:
        listed = pages(lambda c: work.contacts.list(query=None, cursor=c, limit=3))
    assert {c.id for c in listed} == set(ids)
    assert listed == sorted(listed, key=lambda c: (c.updated_at, c.id), reverse=True)


# --- conversations --------------------------------------------------------------------------


def test_a_contact_has_one_unresolved_conversation_on_a_channel(seller: Any) -> None:
    contact, other = seller.contact(), seller.connect()
    first = seller.conversation(contact)
    elsewhere = seller.conversation(contact, other)
    with seller.works(seller.tenant) as work:
        again = Conversation(uuid4(), contact, seller.channel, NOW, NOW)
        with pytest.raises(Conflict):
            work.conversations.add(again)
        thread = work.conversations.current(contact, seller.channel)
        assert thread.id == first
        assert work.conversations.current(contact, other).id == elsewhere
        resolved = replace(thread, state=ConversationState.RESOLVED, version=2)
        work.conversations.save(resolved)
        assert work.conversations.current(contact, seller.channel) is None
        work.conversations.add(again)
        work.commit()
    with seller.works(seller.tenant) as work, pytest.raises(Conflict):
        work.conversations.save(replace(resolved, state=ConversationState.OPEN, version=3))


def test_a_conversation_comes_back_whole(seller: Any) -> None:
    handover = Handover("reason", "summary", ("a",), (), NOW, uuid4())
    whole = Conversation(
        uuid4(),
        seller.contact(),
        seller.channel,
        NOW,
        NOW,
        ConversationState.SNOOZED,
        Handler.PERSON,
        "ayse",
        ("acil", "iade"),
        "merhaba",
        3,
        NOW,
        NOW,
        handover,
        2,
        {"intents": ["order_status"]},
        7,
    )
    with seller.works(seller.tenant) as work:
        work.conversations.add(whole)
        assert work.conversations.get(whole.id) == whole


def test_what_was_changed_meanwhile_is_not_overwritten(seller: Any) -> None:
    thread = seller.conversation(seller.contact())
    with seller.works(seller.tenant) as work:
        read = work.conversations.get(thread)
        work.conversations.save(replace(read, unread=1, version=2))
        work.commit()
    for version in (1, 2, 4):
        with seller.works(seller.tenant) as work, pytest.raises(Conflict):
            work.conversations.save(replace(read, unread=9, version=version))


def test_conversations_are_listed_by_their_latest_activity(seller: Any) -> None:
    for n in range(8):
        seller.conversation(seller.contact(), last_activity_at=NOW + n // 2 * MINUTE)
    with seller.works(seller.tenant) as work:
        listed = pages(lambda c: work.conversations.list(ConversationFilter(), cursor=c, limit=3))
    assert len(listed) == 8
    assert listed == sorted(listed, key=lambda c: (c.last_activity_at, c.id), reverse=True)


def test_conversations_are_found_by_each_of_their_sides(seller: Any) -> None:
    contact = seller.contact()
    one = seller.conversation(
        contact, handler=Handler.PERSON, assignee="ayse", labels=("acil", "iade")
    )
    two = seller.conversation(seller.contact(), state=ConversationState.PENDING)
    asked = {
        ConversationFilter(): {one, two},
        ConversationFilter(state=ConversationState.PENDING): {two},
        ConversationFilter(handler=Handler.PERSON): {one},
        ConversationFilter(assignee="ayse"): {one},
        ConversationFilter(assignee="none"): {two},
        ConversationFilter(label="iade"): {one},
        ConversationFilter(label="ia"): set(),
        ConversationFilter(installation_id=seller.channel): {one, two},
        ConversationFilter(contact_id=contact): {one},
        ConversationFilter(contact_id=contact, label="x"): set(),
    }
    with seller.works(seller.tenant) as work:
        for only, ids in asked.items():
            items = work.conversations.list(only, cursor=None, limit=9).items
            assert {item.id for item in items} == ids, only
        with pytest.raises(Invalid):
            work.conversations.list(ConversationFilter(), cursor="?", limit=9)
        counts = {"open": 1, "pending": 1, "snoozed": 0, "unassigned": 1, "with_person": 1}
        assert work.conversations.counts() == counts


def test_a_snooze_is_over_when_its_time_is_up(engine: Engine, seller: Any) -> None:
    asleep = {"state": ConversationState.SNOOZED, "snoozed_until": NOW + MINUTE}
    thread = seller.conversation(seller.contact(), **asleep)
    seller.conversation(seller.contact(), snoozed_until=NOW)
    lookups = Lookups(engine)
    assert (seller.tenant, thread) not in lookups.due_snoozes(NOW, MINUTE, 99)
    assert (seller.tenant, thread) in lookups.due_snoozes(NOW + MINUTE, MINUTE, 99)
    with seller.works(seller.tenant) as work:
        assert work.conversations.due_snoozes(NOW, 9) == []
        assert [c.id for c in work.conversations.due_snoozes(NOW + MINUTE, 9)] == [thread]


# --- messages -------------------------------------------------------------------------------


def test_a_vendors_message_is_kept_once_on_its_connection(seller: Any) -> None:
    thread, other = seller.conversation(seller.contact()), seller.connect()
    first = seller.message(thread, external_id="wamid.1")
    with seller.works(seller.tenant) as work:
        kept = work.messages.get(first)
        assert kept == work.messages.by_external(seller.channel, "wamid.1")
        assert work.messages.add(kept) is False
        assert work.messages.add(replace(kept, id=uuid4())) is False
        assert work.messages.add(replace(kept, id=uuid4(), installation_id=other)) is True
        assert work.messages.add(replace(kept, id=uuid4(), external_id=None)) is True


def test_a_message_that_changed_is_kept_as_it_is_now(seller: Any) -> None:
    thread = seller.conversation(seller.contact())
    id = seller.message(thread, reactions={"a": "👍"}, content={"before": ["x"]})
    with seller.works(seller.tenant) as work:
        changed = replace(work.messages.get(id), text="yeni", edited_at=NOW, external_id="w")
        work.messages.save(changed)
        assert work.messages.get(id) == changed


def test_a_thread_is_listed_newest_first(seller: Any) -> None:
    """Vendors' seconds are coarse: those of one second keep the order they came in."""
    thread = seller.conversation(seller.contact())
    ids = [seller.message(thread, str(n), sent_at=NOW + n // 3 * MINUTE) for n in range(7)]
    with seller.works(seller.tenant) as work:
        listed = pages(lambda c: work.messages.list(thread, cursor=c, limit=2))
    assert [message.id for message in listed] == ids[::-1]


OUT = {"direction": Direction.OUT, "state": SendState.SENT}


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (None, ["1", "2"]),
        ({**OUT, "author": "agent", "sent_at": NOW}, ["3"]),
        ({**OUT, "author": "ayse", "sent_at": NOW - MINUTE}, ["3"]),
        ({**OUT, "author": "outside", "sent_at": NOW + MINUTE}, ["3"]),
        ({**OUT, "author": "outside", "sent_at": NOW}, ["2", "3"]),
        ({"direction": Direction.NOTE, "author": "ayse"}, ["1", "2", "3"]),
    ],
)
def test_the_unanswered_are_those_after_the_last_answer(
    seller: Any, answer: dict[str, Any] | None, left: list[str]
) -> None:
    """Ours count by when we wrote them down, those from outside by when they were sent."""
    thread = seller.conversation(seller.contact())
    seller.message(thread, "1", sent_at=NOW)
    seller.message(thread, "2", sent_at=NOW + MINUTE)
    if answer:
        seller.message(thread, "antwort", **answer)
        seller.message(thread, "3", sent_at=NOW + 2 * MINUTE)
    with seller.works(seller.tenant) as work:
        assert [m.text for m in work.messages.unanswered(thread, 9)] == left
        assert [m.text for m in work.messages.unanswered(thread, 1)] == left[:1]


def test_attachments_hang_on_their_messages(seller: Any) -> None:
    message = seller.message(seller.conversation(seller.contact()))
    attachment = Attachment(uuid4(), message, "image", "image/jpeg", "ref", size=2**31 - 1)
    with seller.works(seller.tenant) as work:
        work.messages.add_attachment(attachment)
        assert work.messages.attachments([message, uuid4()]) == [attachment]
        assert work.messages.attachments([]) == []
        fetched = replace(attachment, path="a/b", size=12)
        work.messages.save_attachment(fetched)
        assert work.messages.attachment(attachment.id) == fetched


def test_reports_are_taken_once_and_oldest_first(seller: Any) -> None:
    reports = [
        Report(seller.channel, "w", SendState.READ, NOW + MINUTE),
        Report(seller.channel, "w", SendState.SENT, NOW),
        Report(seller.channel, "w", SendState.FAILED, NOW + MINUTE, "why"),
    ]
    with seller.works(seller.tenant) as work:
        for report in reports:
            work.messages.keep_report(report)
        assert work.messages.take_reports(seller.channel, "other") == []
        taken = work.messages.take_reports(seller.channel, "w")
        assert taken == [reports[1], reports[0], reports[2]]
        assert work.messages.take_reports(seller.channel, "w") == []


def test_a_report_and_the_answer_that_names_the_id_do_not_miss_each_other(seller: Any) -> None:
    message = seller.message(seller.conversation(seller.contact()), **OUT, author="agent")
    asked = threading.Event()

    def report() -> str:
        with seller.works(seller.tenant) as work:
            asked.set()
            found = work.messages.by_external(seller.channel, "w")
            if found is None:
                work.messages.keep_report(Report(seller.channel, "w", SendState.READ, NOW))
            work.commit()
            return "found" if found else "kept"

    with ThreadPoolExecutor(1) as pool:
        with seller.works(seller.tenant) as work:
            assert work.messages.take_reports(seller.channel, "w") == []
            told = pool.submit(report)
            asked.wait(30)
            work.messages.save(replace(work.messages.get(message), external_id="w"))
            work.commit()
        assert told.result(30) == "found"


# --- merging --------------------------------------------------------------------------------


def snapshot(engine: Engine, tenant: UUID) -> dict[str, set[str]]:
    """Every row of the tenant, but for the versions, which only rise."""
    shown: dict[str, set[str]] = {}
    with begun(engine, tenant) as transaction:
        for table in tables.metadata.sorted_tables:
            if table.schema is None:
                rows = transaction.run(table.select()).mappings()
                kept = [{k: v for k, v in row.items() if k != "version"} for row in rows]
                shown[table.name] = {repr(sorted(row.items())) for row in kept}
    return shown


def populate(seller: Any, number: int) -> tuple[UUID, list[UUID]]:
    """A contact with an open, a resolved and another channel's conversation, orders and proofs."""
    known = [phone(number), Known("shop", "vendor", f"v{number}")]
    contact = seller.contact(*known)
    closed = seller.conversation(contact, state=ConversationState.RESOLVED)
    moment = NOW + number * MINUTE
    open_one = seller.conversation(
        contact,
        unread=number,
        preview=f"preview {number}",
        last_activity_at=moment,
        last_inbound_at=moment,
    )
    for text in ("a", "b"):
        seller.message(closed, text)
        seller.message(open_one, text)
    with seller.works(seller.tenant) as work:
        for order in ("shared", f"only {number}"):
            work.gate.add_proof(contact, seller.channel, order, "phone", NOW)
        work.commit()
    return contact, [closed, open_one]


def merge(seller: Any, kept: UUID, merged: UUID) -> Any:
    actor = Actor(seller.tenant, "api_key", "test", frozenset(SCOPES))
    command = people.MergeContacts(kept, merged, "test")
    return people.merge(uuid4(), command, actor, works=seller.works, now=NOW)


def unmerge(seller: Any, id: UUID) -> None:
    actor = Actor(seller.tenant, "api_key", "test", frozenset(SCOPES))
    people.unmerge(id, actor, works=seller.works, now=NOW)


def test_a_merge_gives_everything_to_the_kept_one(seller: Any) -> None:
    (kept, [_, ours]), (merged, [closed, theirs]) = populate(seller, 1), populate(seller, 2)
    elsewhere = seller.conversation(merged, seller.connect())
    done = merge(seller, kept, merged)
    with seller.works(seller.tenant) as work:
        assert len(work.contacts.identities(kept)) == 4
        assert work.contacts.identities(merged) == []
        assert work.gate.proven(kept) == {
            (seller.channel, order) for order in ("shared", "only 1", "only 2")
        }
        listed = work.conversations.list(ConversationFilter(), cursor=None, limit=9).items
        assert {c.contact_id for c in listed} == {kept}
        assert theirs not in {c.id for c in listed}
        assert {closed, elsewhere, ours} < {c.id for c in listed}
        joined = work.conversations.get(ours)
        assert (joined.unread, joined.preview) == (3, "preview 2")
        assert joined.last_activity_at == joined.last_inbound_at == NOW + 2 * MINUTE
        assert len(work.messages.list(ours, cursor=None, limit=9).items) == 4
        assert work.messages.list(theirs, cursor=None, limit=9).items == []
        assert work.contacts.merge(done.id) == done
        assert work.contacts.merges(kept) == work.contacts.merges(merged) == [done]


def test_a_merge_that_is_undone_leaves_everything_as_it_was(engine: Engine, seller: Any) -> None:
    (kept, _), (merged, _) = populate(seller, 1), populate(seller, 2)
    seller.conversation(merged, seller.connect())
    before = snapshot(engine, seller.tenant)
    unmerge(seller, merge(seller, kept, merged).id)
    after = snapshot(engine, seller.tenant)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"audit_events", "merges"}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_merges_of_merges_are_undone_in_any_order(
    engine: Engine, seller: Any, order: tuple[int, int]
) -> None:
    contacts = [populate(seller, number)[0] for number in (1, 2, 3)]
    before = snapshot(engine, seller.tenant)
    merges = [merge(seller, contacts[1], contacts[0]), merge(seller, contacts[2], contacts[1])]
    for number in order:
        unmerge(seller, merges[number].id)
    after = snapshot(engine, seller.tenant)
    for name in ("identities", "messages", "proofs"):
        assert before[name] == after[name], name
    with seller.works(seller.tenant) as work:
        for contact in contacts:
            assert work.conversations.current(contact, seller.channel)


def test_what_was_written_after_a_merge_stays_where_it_was_written(seller: Any) -> None:
    (kept, [_, ours]), (merged, [_, theirs]) = populate(seller, 1), populate(seller, 2)
    done = merge(seller, kept, merged)
    new = seller.message(ours, "new")
    with seller.works(seller.tenant) as work:
        thread = work.conversations.get(ours)
        later = NOW + 9 * MINUTE
        news = {"preview": "new", "unread": thread.unread + 1, "last_activity_at": later}
        work.conversations.save(replace(thread, **news, version=thread.version + 1))
        work.commit()
    unmerge(seller, done.id)
    with seller.works(seller.tenant) as work:
        assert work.messages.get(new).conversation_id == ours
        assert len(work.messages.list(theirs, cursor=None, limit=9).items) == 2
        mine, back = work.conversations.get(ours), work.conversations.get(theirs)
        assert (mine.preview, mine.unread, mine.last_activity_at) == ("new", 2, later)
        assert mine.last_inbound_at == NOW + MINUTE
        assert (back.preview, back.unread, back.state) == ("preview 2", 2, ConversationState.OPEN)


def test_what_was_given_to_a_third_one_is_not_taken_back(seller: Any) -> None:
    (kept, _), (merged, _) = populate(seller, 1), populate(seller, 2)
    done = merge(seller, kept, merged)
    third = seller.contact()
    with seller.works(seller.tenant) as work:
        work.contacts.bind(phone(2), third, NOW)
        work.commit()
    unmerge(seller, done.id)
    with seller.works(seller.tenant) as work:
        assert work.contacts.find([phone(2)]) == {phone(2): third}
        assert work.contacts.identities(merged) == [Known("shop", "vendor", "v2")]


def test_a_turn_that_was_due_goes_along(engine: Engine, seller: Any) -> None:
    (kept, [_, ours]), (merged, [_, theirs]) = populate(seller, 1), populate(seller, 2)
    with seller.works(seller.tenant) as work:
        turn = work.turns.owe(Turn(uuid4(), theirs, NOW, NOW))
        work.commit()
    done = merge(seller, kept, merged)
    with seller.works(seller.tenant) as work:
        assert work.turns.get(turn).conversation_id == ours
    unmerge(seller, done.id)
    with seller.works(seller.tenant) as work:
        assert work.turns.get(turn).conversation_id == theirs


def test_a_contact_is_merged_once_however_many_try(seller: Any) -> None:
    ids = [seller.contact(phone(n)) for n in range(4)]
    start = threading.Barrier(3)

    def attempt(into: UUID) -> str:
        start.wait(30)
        try:
            merge(seller, into, ids[0])
        except Conflict:
            return "refused"
        return "merged"

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(attempt, ids[1:])) == ["merged", "refused", "refused"]


def test_who_read_a_conversation_before_a_merge_must_read_it_again(seller: Any) -> None:
    (kept, [_, ours]), (merged, [closed, theirs]) = populate(seller, 1), populate(seller, 2)
    with seller.works(seller.tenant) as work:
        read = [work.conversations.get(id) for id in (ours, closed, theirs)]
    merge(seller, kept, merged)
    for thread in read:
        with seller.works(seller.tenant) as work, pytest.raises(Conflict):
            work.conversations.save(replace(thread, version=thread.version + 1))
