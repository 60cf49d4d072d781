"""What people do with a conversation besides answering it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from core.conversations.conversation import ConversationState, Handler
from core.conversations.manage import Assignment
from core.conversations.message import Direction
from core.conversations.wake import wake
from core.shared.actor import Actor
from core.shared.errors import Conflict, Invalid, NotAllowed, NotFound
from core.tenancy.members import Member, MemberState
from tests.core.fakes.house import PERSON, House
from tests.core.fakes.world import NOW, TENANT

OPEN, RESOLVED = ConversationState.OPEN, ConversationState.RESOLVED
SNOOZED, PENDING = ConversationState.SNOOZED, ConversationState.PENDING
TOMORROW = NOW + timedelta(days=1)
AYSE = Member(uuid4(), "ayse@deniz.example", "Ayşe", MemberState.ACTIVE, ("agent",), NOW, NOW)
TO_AYSE = Assignment(AYSE.id)


@pytest.fixture
def open_house(house: House) -> House:
    house.says("merhaba")
    with house.world(TENANT) as work:
        work.members.add(AYSE)
        work.commit()
    return house


def test_a_conversation_is_somebodys_or_nobodys(open_house: House) -> None:
    id = open_house.conversation.id
    assert open_house.manage.assign(id, TO_AYSE, PERSON, now=NOW).assignee == str(AYSE.id)
    assert open_house.manage.assign(id, Assignment(), PERSON, now=NOW).assignee is None
    last = open_house.tables.audit[-1]
    assert (last.event_type, last.before, last.after) == (
        "conversation.assigned",
        {"assignee": str(AYSE.id), "team": None},
        {"assignee": None, "team": None},
    )


@pytest.mark.parametrize("roles", [("auditor",), ()])
def test_only_a_member_who_may_answer_is_given_a_conversation(
    open_house: House, roles: tuple[str, ...]
) -> None:
    silent = replace(AYSE, id=uuid4(), email="sessiz@deniz.example", roles=roles)
    with open_house.world(TENANT) as work:
        work.members.add(silent)
        work.commit()
    for stranger in (silent.id, uuid4()):
        with pytest.raises(Invalid) as caught:
            open_house.manage.assign(
                open_house.conversation.id, Assignment(stranger), PERSON, now=NOW
            )
        assert set(caught.value.problems) == {"assignee"}


def test_only_a_team_that_is_there_is_given_a_conversation(open_house: House) -> None:
    with pytest.raises(Invalid) as caught:
        open_house.manage.assign(
            open_house.conversation.id, Assignment(team=uuid4()), PERSON, now=NOW
        )
    assert set(caught.value.problems) == {"team"}


def test_labels_come_and_go_and_keep_their_order(open_house: House) -> None:
    id, label = open_house.conversation.id, open_house.manage.label
    assert label(id, ["iade", "acil"], [], PERSON, now=NOW).labels == ("iade", "acil")
    assert label(id, ["acil", " vip "], ["iade"], PERSON, now=NOW).labels == ("acil", "vip")


@pytest.mark.parametrize("bad", ["", "   ", "x" * 61])
def test_a_label_has_something_to_say_and_is_short(open_house: House, bad: str) -> None:
    with pytest.raises(Invalid):
        open_house.manage.label(open_house.conversation.id, [bad], [], PERSON, now=NOW)


def test_a_snooze_ends_by_itself(open_house: House) -> None:
    id = open_house.conversation.id
    open_house.manage.move(id, SNOOZED, PERSON, now=NOW, until=TOMORROW)
    early = TOMORROW - timedelta(seconds=1)
    assert wake(TENANT, id, works=open_house.world, now=early) is False
    assert wake(TENANT, id, works=open_house.world, now=TOMORROW) is True
    assert wake(TENANT, id, works=open_house.world, now=TOMORROW) is False
    assert (open_house.conversation.state, open_house.conversation.snoozed_until) == (OPEN, None)


@pytest.mark.parametrize(
    ("state", "until"),
    [(SNOOZED, None), (SNOOZED, NOW), (OPEN, TOMORROW), (RESOLVED, TOMORROW), (PENDING, TOMORROW)],
)
def test_a_snooze_and_only_a_snooze_has_an_end_in_the_future(
    open_house: House, state: ConversationState, until: object
) -> None:
    with pytest.raises(Invalid):
        open_house.manage.move(
            open_house.conversation.id,
            state,
            PERSON,
            now=NOW,
            until=until,  # type: ignore[arg-type]
        )


def test_handing_over_silences_the_agent_and_giving_back_wipes_the_slate(
    open_house: House,
) -> None:
    id = open_house.conversation.id
    over = open_house.manage.hand_over(id, "VIP", PERSON, now=NOW)
    assert over.handler is Handler.PERSON
    assert over.handover is not None
    assert over.handover.reason == "VIP"
    back = open_house.manage.give_back(id, PERSON, now=NOW)
    assert (back.handler, back.handover, back.failures, back.awaits) == (Handler.AGENT, None, 0, {})
    assert open_house.audited() == ["conversation.handed_over", "conversation.returned_to_agent"]


def test_a_resolved_conversation_is_reopened_only_where_no_newer_one_is_open(
    open_house: House,
) -> None:
    old, move = open_house.conversation.id, open_house.manage.move
    move(old, RESOLVED, PERSON, now=NOW)
    assert move(old, OPEN, PERSON, now=NOW).state is OPEN
    move(old, RESOLVED, PERSON, now=NOW)
    open_house.says("yine ben")
    for state, until in ((OPEN, None), (PENDING, None), (SNOOZED, TOMORROW)):
        with pytest.raises(Conflict):
            move(old, state, PERSON, now=NOW, until=until)


def test_a_resolved_conversation_may_still_be_labelled_and_assigned(open_house: House) -> None:
    old = open_house.conversation.id
    open_house.manage.move(old, RESOLVED, PERSON, now=NOW)
    open_house.says("yine ben")
    assert open_house.manage.label(old, ["iade"], [], PERSON, now=NOW).labels == ("iade",)
    assert open_house.manage.assign(old, TO_AYSE, PERSON, now=NOW).assignee == str(AYSE.id)
    assert open_house.manage.move(old, RESOLVED, PERSON, now=NOW).state is RESOLVED


def test_a_note_stays_in_the_house(open_house: House) -> None:
    id, note = open_house.ids(), open_house.manage.note
    first = note(id, open_house.conversation.id, "kargoyu aradım", PERSON, now=NOW)
    assert note(id, open_house.conversation.id, "başka", PERSON, now=NOW) == first
    assert first.direction is Direction.NOTE
    assert open_house.owed == []
    assert open_house.audited() == ["note.added"]
    with pytest.raises(Invalid):
        note(open_house.ids(), open_house.conversation.id, "  ", PERSON, now=NOW)
    with pytest.raises(NotFound):
        note(open_house.ids(), open_house.ids(), "x", PERSON, now=NOW)


def test_every_change_needs_the_scope_and_the_conversation(open_house: House) -> None:
    manage, id = open_house.manage, open_house.conversation.id
    reader = Actor(TENANT, "api_key", "k", frozenset({"inbox.read"}))
    for actor, where, refusal in (
        (reader, id, NotAllowed),
        (PERSON, open_house.ids(), NotFound),
    ):
        for act in (
            lambda a, w: manage.assign(w, Assignment(), a, now=NOW),
            lambda a, w: manage.label(w, ["x"], [], a, now=NOW),
            lambda a, w: manage.move(w, RESOLVED, a, now=NOW),
            lambda a, w: manage.hand_over(w, "x", a, now=NOW),
            lambda a, w: manage.give_back(w, a, now=NOW),
        ):
            with pytest.raises(refusal):
                act(actor, where)
    assert open_house.audited() == []
