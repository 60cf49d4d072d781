"""Paying what we owe: called once, in order, and honest about what became of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.conversations.message import SendState
from core.conversations.write import Reply
from core.delivery.after import ATTEMPTS
from core.delivery.drain import LEASE, PATIENCE
from core.delivery.ledger import WINDOW_CLOSED
from core.delivery.outbox import Cause, OwedState
from ports.errors import (
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Transient,
    WindowClosed,
)
from ports.families.channel import DeliveryReported, DeliveryState, OutgoingText
from ports.values import IdempotencyKey
from tests.core.fakes.house import PERSON, House, owing, phone
from tests.core.fakes.vendors import (
    FindingChannel,
    LostAnswer,
    SettlingChannel,
    external,
)

READY, SENDING, UNKNOWN = OwedState.READY, OwedState.SENDING, OwedState.UNKNOWN
PARKED, SENT, DEAD = OwedState.PARKED, OwedState.SENT, OwedState.DEAD


def report(house: House, state: DeliveryState, *, key: bool = True, row: int = 0) -> None:
    id = str(house.owed[row].id)
    mine = IdempotencyKey(id) if key else None
    house.heard(DeliveryReported(external(id), state, house.clock.now(), mine))


def test_messages_go_out_once_and_in_order() -> None:
    house = owing("bir", "iki", "üç")
    assert house.drains() == 3
    assert house.drains() == 0
    assert house.channel.texts == ["bir", "iki", "üç"]
    assert house.states() == [SENT] * 3
    assert {m.state for m in house.messages[1:]} == {SendState.ACCEPTED}
    assert house.messages[1].external_id == external(str(house.owed[0].id))


def test_a_plugins_own_fault_leaves_the_send_in_doubt_and_is_not_repeated() -> None:
    house = owing()
    house.channel.next.append(KeyError("a bug of the plugin's"))
    assert house.drains() == 1
    assert house.states() == [UNKNOWN]
    house.clock.forward(seconds=30)
    assert house.drains() == 0


def test_the_key_of_a_call_is_the_rows_id_on_every_attempt() -> None:
    house = owing()
    house.channel.next.extend([Transient("busy"), None])
    house.drains()
    house.clock.forward(seconds=10)
    house.drains()
    assert house.channel.calls == [str(house.owed[0].id)] * 2
    assert len(house.channel.sent) == 1


def test_a_call_that_failed_waits_longer_each_time_and_a_little_apart() -> None:
    house, waits = owing(), []
    house.channel.down = Transient("busy")
    for _ in range(ATTEMPTS - 1):
        house.drains()
        waits.append((house.owed[0].due_at - house.clock.now()).total_seconds())
        house.clock.forward(seconds=waits[-1] - 1)
        assert house.drains() == 0, "not before its time"
        house.clock.forward(seconds=1)
    assert waits == [pytest.approx(2.0 * 2**n * 1.1) for n in range(ATTEMPTS - 1)]
    house.drains()
    assert house.states() == [DEAD]
    assert house.messages[1].state is SendState.FAILED
    assert house.messages[1].error == "busy"


def test_an_early_call_is_not_a_failed_one() -> None:
    house = owing()
    house.channel.next.extend([RateLimited("slow down", retry_after=30)] * (ATTEMPTS + 3))
    for _ in range(ATTEMPTS + 3):
        house.drains()
        assert house.states() == [READY]
        assert house.owed[0].attempts == 0
        house.clock.forward(seconds=33)
    house.drains()
    assert house.states() == [SENT]


def test_a_lost_answer_is_never_called_again_by_itself() -> None:
    house = owing(channel=SettlingChannel)
    house.channel.next.append(LostAnswer("no answer"))
    house.drains()
    assert house.states() == [UNKNOWN]
    assert house.messages[1].state is SendState.UNKNOWN
    for _ in range(20):
        house.clock.forward(minutes=30)
        house.drains()
    assert len(house.channel.calls) == 1
    assert (house.owed[0].state, house.owed[0].cause) == (PARKED, Cause.DOUBT)


def test_a_report_with_our_key_settles_a_lost_answer() -> None:
    house = owing(channel=SettlingChannel)
    house.channel.next.append(LostAnswer("no answer"))
    house.drains()
    report(house, DeliveryState.DELIVERED)
    assert house.states() == [SENT]
    assert house.messages[1].state is SendState.DELIVERED
    assert house.messages[1].external_id == external(str(house.owed[0].id))


def test_a_report_settles_a_doubt_that_was_parked_already() -> None:
    house = owing("bir", "iki")
    house.channel.next.append(LostAnswer("no answer"))
    house.drains()
    house.clock.forward(PATIENCE)
    house.drains()
    assert house.states() == [PARKED, READY]
    report(house, DeliveryState.SENT)
    house.drains()
    assert house.states() == [SENT, SENT]
    assert house.channel.texts == ["bir", "iki"]


def test_a_report_may_overtake_the_answer_of_its_own_call() -> None:
    house = owing()
    house.channel.during = lambda: report(house, DeliveryState.READ)
    house.drains()
    assert house.states() == [SENT]
    assert house.messages[1].state is SendState.READ


def test_a_report_that_overtakes_a_lost_answer_is_not_doubted_again() -> None:
    house = owing(channel=SettlingChannel)
    house.channel.during = lambda: report(house, DeliveryState.SENT)
    house.channel.next.append(LostAnswer("no answer"))
    house.drains()
    assert house.states() == [SENT]
    assert house.messages[1].state is SendState.SENT


def test_a_worker_that_died_leaves_a_doubt_and_not_a_second_message() -> None:
    house = owing(channel=SettlingChannel)
    house.channel.next.append(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        house.drains()
    assert house.states() == [SENDING]
    house.clock.forward(LEASE - timedelta(seconds=1))
    assert house.drains() == 0
    assert house.states() == [SENDING]
    house.clock.forward(seconds=1)
    house.drains()
    assert house.states() == [UNKNOWN]
    assert house.messages[1].state is SendState.UNKNOWN
    report(house, DeliveryState.DELIVERED)
    assert house.states() == [SENT]
    assert len(house.channel.calls) == 1


def test_a_report_within_the_lease_of_a_dead_worker_settles_it() -> None:
    house = owing(channel=SettlingChannel)
    house.channel.next.append(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        house.drains()
    report(house, DeliveryState.SENT)
    house.clock.forward(LEASE * 2)
    assert house.drains() == 0
    assert house.states() == [SENT]


def test_a_call_that_outlives_its_lease_is_believed_when_it_answers() -> None:
    house = owing(channel=SettlingChannel)

    def another_worker_looks() -> None:
        house.channel.during = None
        house.clock.forward(LEASE * 2)
        house.drains()
        assert house.states() == [UNKNOWN]

    house.channel.during = another_worker_looks
    house.drains()
    assert house.states() == [SENT]
    assert house.messages[1].state is SendState.ACCEPTED


def test_where_the_channel_can_be_asked_it_is_asked() -> None:
    house = owing(channel=FindingChannel)
    house.channel.next.append(LostAnswer("no answer"))
    house.drains()
    house.clock.forward(PATIENCE)
    house.drains()
    assert house.states() == [SENT]
    assert len(house.channel.calls) == 1
    assert house.messages[1].state is SendState.ACCEPTED


def test_what_the_channel_says_never_arrived_is_sent_under_the_same_key() -> None:
    house = owing(channel=FindingChannel)
    house.channel.next.append(OutcomeUnknown("lost on the way"))
    house.drains()
    house.clock.forward(PATIENCE)
    house.drains()
    assert house.states() == [SENT]
    assert house.channel.calls == [str(house.owed[0].id)] * 2
    assert house.channel.texts == ["bir"]


def test_a_look_up_that_fails_is_tried_again_and_never_sends() -> None:
    house = owing(channel=FindingChannel)
    house.channel.next.append(LostAnswer("no answer"))
    house.drains()
    house.channel.down = Transient("busy")
    for _ in range(5):
        house.clock.forward(PATIENCE)
        house.drains()
        assert house.states() == [UNKNOWN]
    house.channel.down = None
    house.clock.forward(minutes=1)
    house.drains()
    assert house.states() == [SENT]
    assert len(house.channel.calls) == 1


def test_a_refused_message_fails_and_lets_the_next_one_through() -> None:
    house = owing("çok uzun", "kısa")
    house.channel.next.append(Rejected("too long", field="text"))
    house.drains()
    assert house.states() == [DEAD, SENT]
    assert [(m.state, m.error) for m in house.messages[1:]] == [
        (SendState.FAILED, "too long"),
        (SendState.ACCEPTED, None),
    ]


def test_a_closed_window_has_a_name_of_its_own() -> None:
    house = owing()
    house.channel.next.append(WindowClosed("131047"))
    house.drains()
    assert house.messages[1].error == WINDOW_CLOSED


def test_a_doubt_holds_back_its_own_conversation_and_no_other() -> None:
    house = owing("bir", "iki")
    house.channel.next.append(LostAnswer("no answer"))
    house.drains()
    house.says("ben de buradayım", phone("+905559876543", "Can"))
    house.write.reply(house.ids(), Reply(house.conversation.id, OutgoingText("üç")), PERSON)
    house.drains()
    assert house.states() == [UNKNOWN, READY, SENT]
