"""The verdict can fail: each planted violation is found, under the promise that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from tests.faults.evidence import (
    Accepted,
    Evidence,
    Heard,
    Move,
    Said,
    Sending,
    Thread,
    Turned,
    Written,
)
from tests.faults.verdict import judge

SHOP = "550100200300401"
DEFNE, KEREM = uuid4(), uuid4()
THREAD, OTHER = uuid4(), uuid4()
HELLO, PARCEL, KEREMS = uuid4(), uuid4(), uuid4()
TURN, LATER = uuid4(), uuid4()
ANSWER, SEND = uuid4(), uuid4()


def told() -> Evidence:
    """Defne wrote twice and is answered; Kerem wrote once and talks to a person."""
    return Evidence(
        written=[
            Written("wamid.1", SHOP, "defne"),
            Written("wamid.2", SHOP, "defne"),
            Written("wamid.3", SHOP, "kerem"),
        ],
        heard=[
            Heard(HELLO, SHOP, "wamid.1", THREAD, DEFNE),
            Heard(PARCEL, SHOP, "wamid.2", THREAD, DEFNE),
            Heard(KEREMS, SHOP, "wamid.3", OTHER, KEREM),
        ],
        contacts=2,
        threads=[
            Thread(THREAD, SHOP, DEFNE, "open", "agent"),
            Thread(OTHER, SHOP, KEREM, "open", "person"),
        ],
        turns=[
            Turned(TURN, THREAD, "done", "answered", [HELLO, PARCEL]),
            Turned(LATER, OTHER, "done", "nothing", []),
        ],
        said=[Said(ANSWER, THREAD, TURN, "read")],
        sendings=[Sending(SEND, ANSWER, "sent")],
        accepted=[Accepted(str(SEND), 1, failed=False)],
        inbox={"processed": 9, "ignored": 1},
        answers={TURN: 1},
        moves=[Move("messages", ANSWER, "queued", "accepted"), Move("turns", TURN, "due", "done")],
    )


def test_a_story_that_ended_well_has_no_violation() -> None:
    assert judge(told()) == []


def _without_a_message(e: Evidence) -> Evidence:
    return replace(e, heard=e.heard[1:])


def _with_a_message_twice(e: Evidence) -> Evidence:
    again = replace(e.heard[2], id=uuid4())
    return replace(e, heard=[*e.heard, again])


def _with_a_strange_message(e: Evidence) -> Evidence:
    return replace(e, written=e.written[:2], contacts=1)


def _with_an_unread_delivery(e: Evidence) -> Evidence:
    return replace(e, inbox={**e.inbox, "failed": 1})


def _with_a_person_torn_apart(e: Evidence) -> Evidence:
    torn = replace(e.heard[1], contact=uuid4())
    return replace(e, heard=[e.heard[0], torn, e.heard[2]], contacts=3)


def _with_two_people_in_one(e: Evidence) -> Evidence:
    mixed = replace(e.heard[2], contact=DEFNE)
    return replace(e, heard=[*e.heard[:2], mixed], contacts=1)


def _with_a_contact_too_many(e: Evidence) -> Evidence:
    return replace(e, contacts=3)


def _with_a_forked_conversation(e: Evidence) -> Evidence:
    return replace(e, threads=[*e.threads, Thread(uuid4(), SHOP, DEFNE, "open", "agent")])


def _with_a_message_of_no_conversation(e: Evidence) -> Evidence:
    return replace(e, threads=e.threads[:1])


def _with_a_forgotten_question(e: Evidence) -> Evidence:
    turn = replace(e.turns[0], messages=[HELLO])
    return replace(e, turns=[turn, *e.turns[1:]])


def _with_a_question_answered_twice(e: Evidence) -> Evidence:
    second, message, send = uuid4(), uuid4(), uuid4()
    return replace(
        e,
        turns=[*e.turns, Turned(second, THREAD, "done", "asked", [PARCEL])],
        said=[*e.said, Said(message, THREAD, second, "read")],
        sendings=[*e.sendings, Sending(send, message, "sent")],
        accepted=[*e.accepted, Accepted(str(send), 1, failed=False)],
        answers={**e.answers, second: 1},
    )


def _with_a_turn_that_hangs(e: Evidence) -> Evidence:
    return replace(e, turns=[*e.turns, Turned(uuid4(), THREAD, "running", None, [])])


def _with_a_turn_that_failed_silently(e: Evidence) -> Evidence:
    return replace(e, turns=[*e.turns, Turned(uuid4(), THREAD, "failed", None, [])])


def _with_a_silent_answer(e: Evidence) -> Evidence:
    return replace(e, said=[], sendings=[], accepted=[])


def _with_a_message_of_no_turn(e: Evidence) -> Evidence:
    said = replace(e.said[0], turn=None)
    return replace(e, said=[said, replace(e.said[0], id=uuid4())], sendings=e.sendings)


def _with_an_answer_never_owed(e: Evidence) -> Evidence:
    return replace(e, sendings=[], accepted=[])


def _with_an_answer_never_sent(e: Evidence) -> Evidence:
    return replace(e, accepted=[])


def _with_an_answer_sent_twice(e: Evidence) -> Evidence:
    twice = replace(e.accepted[0], times=2)
    return replace(e, accepted=[twice, twice])


def _with_a_send_in_doubt(e: Evidence) -> Evidence:
    return replace(e, sendings=[replace(e.sendings[0], state="parked")])


def _with_a_send_of_nobody(e: Evidence) -> Evidence:
    return replace(e, accepted=[*e.accepted, Accepted("None", 1, failed=False)])


def _with_a_forgotten_report(e: Evidence) -> Evidence:
    return replace(e, said=[replace(e.said[0], state="delivered")])


def _with_a_failure_that_nobody_sees(e: Evidence) -> Evidence:
    return replace(e, accepted=[replace(e.accepted[0], failed=True)])


def _with(what: str, before: str, after: str) -> Callable[[Evidence], Evidence]:
    return lambda e: replace(e, moves=[*e.moves, Move(what, uuid4(), before, after)])


def _with_an_answer_unaudited(e: Evidence) -> Evidence:
    return replace(e, answers={})


def _with_an_answer_audited_twice(e: Evidence) -> Evidence:
    return replace(e, answers={TURN: 2})


def _with_an_audit_of_nothing(e: Evidence) -> Evidence:
    return replace(e, answers={**e.answers, UUID(int=1): 1})


@pytest.mark.parametrize(
    ("plant", "promise"),
    [
        (_without_a_message, "each message is stored once"),
        (_with_a_message_twice, "each message is stored once"),
        (_with_a_strange_message, "each message is stored once"),
        (_with_an_unread_delivery, "each delivery is read"),
        (_with_a_person_torn_apart, "each person is one contact"),
        (_with_two_people_in_one, "each person is one contact"),
        (_with_a_contact_too_many, "each person is one contact"),
        (_with_a_forked_conversation, "each contact has one conversation"),
        (_with_a_message_of_no_conversation, "each contact has one conversation"),
        (_with_a_forgotten_question, "each message is answered once"),
        (_with_a_question_answered_twice, "each message is answered once"),
        (_with_a_turn_that_hangs, "each turn is over"),
        (_with_a_turn_that_failed_silently, "each turn is over"),
        (_with_a_silent_answer, "each answer says one message"),
        (_with_a_message_of_no_turn, "each answer says one message"),
        (_with_an_answer_never_owed, "each message of ours is sent once"),
        (_with_an_answer_never_sent, "each message of ours is sent once"),
        (_with_an_answer_sent_twice, "each message of ours is sent once"),
        (_with_a_send_in_doubt, "each message of ours is sent once"),
        (_with_a_send_of_nobody, "each message of ours is sent once"),
        (_with_a_forgotten_report, "each state ends at the last report"),
        (_with_a_failure_that_nobody_sees, "each state ends at the last report"),
        (_with("messages", "read", "sent"), "no state goes back"),
        (_with("messages", "accepted", "unknown"), "no state goes back"),
        (_with("messages", "failed", "sent"), "no state goes back"),
        (_with("turns", "done", "done"), "no state goes back"),
        (_with("turns", "failed", "running"), "no state goes back"),
        (_with("outbox", "sent", "ready"), "no state goes back"),
        (_with("inbox", "processed", "received"), "no state goes back"),
        (_with_an_answer_unaudited, "each answer is audited once"),
        (_with_an_answer_audited_twice, "each answer is audited once"),
        (_with_an_audit_of_nothing, "each answer is audited once"),
    ],
)
def test_a_planted_violation_is_found(plant: Callable[[Evidence], Evidence], promise: str) -> None:
    assert promise in {violation.promise for violation in judge(plant(told()))}


def test_a_delivery_after_a_failure_is_no_step_back() -> None:
    assert judge(_with("messages", "failed", "delivered")(told())) == []
