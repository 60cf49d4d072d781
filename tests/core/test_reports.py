"""Delivery reports: early ones wait, lost answers settle, failed answers reach a person."""

from __future__ import annotations

from typing import Any

import pytest

from core.conversations.conversation import Handler
from core.conversations.message import SendState
from core.conversations.write import Reply
from ports.errors import Rejected
from ports.families.channel import DeliveryReported, DeliveryState, OutgoingText
from ports.values import IdempotencyKey
from tests.core.fakes.house import PERSON, House
from tests.core.fakes.vendors import external
from tests.core.fakes.world import TENANT


def owe_an_answer(house: House, *, by_agent: bool = True) -> str:
    """Owe one message; answers the key it will go out under."""
    house.says("kargom nerede")
    with house.world(TENANT) as work:
        house.write.post(
            work,
            house.conversation,
            house.ids(),
            Reply(house.conversation.id, OutgoingText("Kargonuz yolda.")),
            author="agent" if by_agent else "ayse",
            actor=PERSON,
            turn_id=house.ids() if by_agent else None,
        )
        work.commit()
    return str(house.owed[-1].id)


def reported(house: House, sent: str, state: DeliveryState, **more: Any) -> DeliveryReported:
    return DeliveryReported(external(sent), state, house.clock.now(), **more)


@pytest.mark.parametrize("first", list(DeliveryState))
def test_a_report_before_the_answer_is_applied_after_it(house: House, first: DeliveryState) -> None:
    key = owe_an_answer(house)
    early = reported(house, key, first, reason="unreachable")
    house.channel.during = lambda: house.heard(early)
    house.drains()
    assert house.messages[1].state.value == first.value
    assert house.tables.reports == []


def test_a_late_and_a_repeated_report_change_nothing(house: House) -> None:
    key = owe_an_answer(house)
    house.drains()
    house.heard(reported(house, key, DeliveryState.READ))
    house.heard(reported(house, key, DeliveryState.DELIVERED))
    house.heard(reported(house, key, DeliveryState.READ))
    assert house.messages[1].state is SendState.READ


def test_reports_that_waited_are_applied_when_our_key_settles_the_send(house: House) -> None:
    key = owe_an_answer(house)
    house.channel.during = lambda: house.heard(reported(house, key, DeliveryState.DELIVERED))
    house.channel.next.append(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        house.drains()
    house.heard(reported(house, key, DeliveryState.SENT, key=IdempotencyKey(key)))
    assert house.messages[1].state is SendState.DELIVERED
    assert house.tables.reports == []


@pytest.mark.parametrize("key", ["", "somebody-else's", "00000000-0000-7000-8000-000000000099"])
def test_a_key_that_is_not_ours_settles_nothing(house: House, key: str) -> None:
    owe_an_answer(house)
    other = DeliveryReported("x", DeliveryState.SENT, house.clock.now(), IdempotencyKey(key))
    house.heard(other)
    assert house.messages[1].state is SendState.QUEUED


def test_another_connections_report_settles_nothing(house: House) -> None:
    key = owe_an_answer(house)
    other = house.install("talk", account_id="talk-2")
    house.heard(reported(house, key, DeliveryState.SENT, key=IdempotencyKey(key)), on=other)
    assert house.messages[1].state is SendState.QUEUED


# --- an answer of the agent that does not arrive ---------------------------------------------


def fails_by_report(house: House, key: str) -> None:
    house.drains()
    house.heard(reported(house, key, DeliveryState.FAILED, reason="unreachable"))


def fails_by_an_early_report(house: House, key: str) -> None:
    early = reported(house, key, DeliveryState.FAILED, reason="unreachable")
    house.channel.during = lambda: house.heard(early)
    house.drains()


def fails_by_refusal(house: House, key: str) -> None:
    house.channel.next.append(Rejected("unreachable"))
    house.drains()


WAYS = (fails_by_report, fails_by_an_early_report, fails_by_refusal)


@pytest.mark.parametrize("fails", WAYS)
def test_an_answer_that_does_not_arrive_brings_a_person(house: House, fails: Any) -> None:
    fails(house, owe_an_answer(house))
    assert house.messages[1].state is SendState.FAILED
    assert house.conversation.handler is Handler.PERSON
    assert house.conversation.handover is not None
    assert house.conversation.handover.reason.endswith("not delivered: unreachable")
    assert house.conversation.handover.summary == "Kargonuz yolda."
    assert house.audited().count("conversation.handed_over") == 1


@pytest.mark.parametrize("fails", WAYS)
def test_a_persons_own_message_needs_no_handing_over(house: House, fails: Any) -> None:
    fails(house, owe_an_answer(house, by_agent=False))
    assert house.messages[1].state is SendState.FAILED
    assert house.conversation.handler is Handler.AGENT


def test_the_same_failure_again_does_not_take_back_what_a_person_gave_back(house: House) -> None:
    key = owe_an_answer(house)
    fails_by_report(house, key)
    house.manage.give_back(house.conversation.id, PERSON, now=house.clock.now())
    house.heard(reported(house, key, DeliveryState.FAILED, reason="unreachable"))
    assert house.conversation.handler is Handler.AGENT


def test_a_window_that_closed_on_the_way_has_a_name_of_its_own(house: House) -> None:
    key = owe_an_answer(house)
    house.drains()
    house.heard(reported(house, key, DeliveryState.FAILED, reason="131047", window_closed=True))
    assert house.messages[1].error == "window_closed"
