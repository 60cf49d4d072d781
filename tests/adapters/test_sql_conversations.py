"""Conversations: at most one is open, and what was changed meanwhile is not overwritten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from adapters.sql.lookups import Lookups
from core.conversations.conversation import (
    Conversation,
    ConversationFilter,
    ConversationState,
    Handler,
    Handover,
)
from core.shared.errors import Conflict, Invalid

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


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


def test_conversations_are_listed_by_their_latest_activity(seller: Any, pages: Any) -> None:
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
