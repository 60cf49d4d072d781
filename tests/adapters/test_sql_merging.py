"""Merging contacts loses nothing and can be undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from adapters.sql import tables
from adapters.sql.transaction import begun
from core.agents.turns import Turn
from core.conversations import people
from core.conversations.contacts import Known
from core.conversations.conversation import (
    ConversationFilter,
    ConversationState,
)
from core.shared.actor import SCOPES, Actor
from core.shared.errors import Conflict, NotFound

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def phone(number: int = 1) -> Known:
    return Known("*", "phone", f"+90532111{number:04}")


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


def test_a_contact_is_merged_once_however_many_try(seller: Any, together: Any) -> None:
    gone, *others = (seller.contact(phone(n)) for n in range(4))

    def attempt(number: int) -> str:
        try:
            merge(seller, others[number], gone)
        except (Conflict, NotFound):  # found merged before, or under the lock
            return "refused"
        return "merged"

    assert sorted(together(3, attempt)) == ["merged", "refused", "refused"]


def test_who_read_a_conversation_before_a_merge_must_read_it_again(seller: Any) -> None:
    (kept, [_, ours]), (merged, [closed, theirs]) = populate(seller, 1), populate(seller, 2)
    with seller.works(seller.tenant) as work:
        read = [work.conversations.get(id) for id in (ours, closed, theirs)]
    merge(seller, kept, merged)
    for thread in read:
        with seller.works(seller.tenant) as work, pytest.raises(Conflict):
            work.conversations.save(replace(thread, version=thread.version + 1))
