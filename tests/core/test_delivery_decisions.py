"""What to do after a call, when a row may be taken, and which news to believe."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conversations.message import SendState, raised
from core.delivery.after import (
    ATTEMPTS,
    LONGEST_WAIT,
    AskAPerson,
    GiveUp,
    LookItUp,
    Step,
    TryLater,
    after,
)
from core.delivery.effects import Effect, FetchMedia, SendMessage, Subscribe, effect_of, owe
from core.delivery.outbox import Owed, OwedState, claimed
from ports.errors import (
    AuthRejected,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Transient,
    WindowClosed,
)
from ports.families.channel import (
    Body,
    Choice,
    Identity,
    IdentityKind,
    MediaKind,
    Outgoing,
    OutgoingChoices,
    OutgoingMedia,
    OutgoingTemplate,
    OutgoingText,
)
from tests.core.fakes.laws import law
from tests.core.fakes.world import NOW

LATER = NOW + timedelta(seconds=60)
ID, PLACE = UUID(int=1), UUID(int=2)

STEPS: list[tuple[Exception, int, Step]] = [
    (Transient("x"), 1, TryLater(2.0)),
    (Transient("x"), 2, TryLater(4.0)),
    (Transient("x"), ATTEMPTS - 1, TryLater(128.0)),
    (Transient("x"), ATTEMPTS, GiveUp("x")),
    (RateLimited("x", retry_after=30), 1, TryLater(30, counts=False)),
    (RateLimited("x", retry_after=0), 1, TryLater(1.0, counts=False)),
    (RateLimited("x", retry_after=9), ATTEMPTS + 5, TryLater(9, counts=False)),
    (OutcomeUnknown("x"), 1, LookItUp()),
    (OutcomeUnknown("x"), ATTEMPTS + 5, LookItUp()),
    (AuthRejected("the key is old"), 1, AskAPerson("the key is old")),
    (Rejected("too long", field="text"), 1, GiveUp("too long")),
    (WindowClosed("closed"), 1, GiveUp("closed")),
    (ContractBroken("odd"), 1, GiveUp("odd")),
    (ValueError("ours"), 1, GiveUp("ours")),
]


@pytest.mark.parametrize(("error", "attempt", "step"), STEPS, ids=lambda v: type(v).__name__)
def test_the_class_of_an_error_is_the_instruction(
    error: Exception, attempt: int, step: Step
) -> None:
    assert after(error, attempt=attempt) == step


@law
@given(st.integers(1, ATTEMPTS - 1))
def test_waits_grow_and_end(attempt: int) -> None:
    now, then = after(Transient("x"), attempt=attempt), after(Transient("x"), attempt=attempt + 1)
    assert isinstance(now, TryLater)
    assert now.seconds <= LONGEST_WAIT
    assert isinstance(then, GiveUp) or then.seconds > now.seconds


def owed(state: OwedState, *, repeatable: bool, due: int = 0, lease: int | None = None) -> Owed:
    fresh = Owed(ID, "m", PLACE, "send_message", {}, repeatable, NOW, NOW, attempts=1)
    until = None if lease is None else NOW + timedelta(seconds=lease)
    return replace(fresh, state=state, due_at=NOW + timedelta(seconds=due), lease_until=until)


CLAIMS: list[tuple[Owed, OwedState | None, int]] = [
    (owed(OwedState.READY, repeatable=False), OwedState.SENDING, 2),
    (owed(OwedState.READY, repeatable=False, due=1), None, 0),
    (owed(OwedState.SENDING, repeatable=False, lease=1), None, 0),
    (owed(OwedState.SENDING, repeatable=False, lease=0), OwedState.UNKNOWN, 1),
    (owed(OwedState.SENDING, repeatable=True, lease=0), OwedState.SENDING, 2),
    (owed(OwedState.SENDING, repeatable=True, lease=1), None, 0),
    (owed(OwedState.UNKNOWN, repeatable=False), OwedState.UNKNOWN, 1),
    (owed(OwedState.UNKNOWN, repeatable=False, due=1), None, 0),
    (owed(OwedState.PARKED, repeatable=False), None, 0),
    (owed(OwedState.SENT, repeatable=False), None, 0),
    (owed(OwedState.DEAD, repeatable=False), None, 0),
]


@pytest.mark.parametrize(("row", "state", "attempts"), CLAIMS)
def test_a_row_moves_on_only_when_its_time_has_come(
    row: Owed, state: OwedState | None, attempts: int
) -> None:
    moved = claimed(row, NOW, LATER)
    assert (moved.state if moved else None) is state
    if moved:
        assert moved.attempts == attempts
        assert (moved.lease_until == LATER) is (state is OwedState.SENDING)


def test_a_dead_workers_send_is_never_simply_repeated() -> None:
    moved = claimed(owed(OwedState.SENDING, repeatable=False, lease=-1), NOW, LATER)
    assert moved is not None
    assert (moved.state, moved.due_at) == (OwedState.UNKNOWN, NOW)
    assert moved.error == "the worker died during the call"


# --- which news of a message to believe ------------------------------------------------------

STATES = st.sampled_from([s for s in SendState if s is not SendState.RECEIVED])
RANK = [
    SendState.QUEUED,
    SendState.UNKNOWN,
    SendState.ACCEPTED,
    SendState.SENT,
    SendState.DELIVERED,
    SendState.READ,
]


@law
@given(STATES, STATES)
def test_news_never_takes_a_message_backwards(now: SendState, news: SendState) -> None:
    then = raised(now, news)
    if SendState.FAILED not in (now, then):
        assert RANK.index(then) >= RANK.index(now)
    if now in (SendState.DELIVERED, SendState.READ):
        assert then in (SendState.DELIVERED, SendState.READ)


@law
@given(STATES, STATES)
def test_the_same_news_twice_is_news_once(now: SendState, news: SendState) -> None:
    once = raised(now, news)
    assert raised(once, news) is once


@law
@given(STATES, st.lists(STATES, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_news_changes_nothing_once_it_was_delivered(
    now: SendState, news: list[SendState], order: object
) -> None:
    shuffled = [*news, SendState.DELIVERED]
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    one = now
    for heard in [*news, SendState.DELIVERED]:
        one = raised(one, heard)
    other = now
    for heard in shuffled:
        other = raised(other, heard)
    assert one is other


@pytest.mark.parametrize("news", list(SendState))
def test_what_a_customer_wrote_stays_received(news: SendState) -> None:
    assert raised(SendState.RECEIVED, news) is SendState.RECEIVED


@pytest.mark.parametrize("news", [SendState.DELIVERED, SendState.READ])
def test_a_delivery_after_a_failure_is_believed(news: SendState) -> None:
    assert raised(SendState.FAILED, news) is news


@pytest.mark.parametrize("news", [SendState.UNKNOWN, SendState.ACCEPTED, SendState.SENT])
def test_less_than_a_delivery_does_not_mend_a_failure(news: SendState) -> None:
    assert raised(SendState.FAILED, news) is SendState.FAILED


# --- effects survive being written down ------------------------------------------------------

BODIES: list[Body] = [
    OutgoingText("Merhaba"),
    OutgoingChoices("Hangisi?", (Choice("a", "A"), Choice("b", "B"))),
    OutgoingMedia(MediaKind.DOCUMENT, "https://a.example/x.pdf", "Fatura", "fatura.pdf"),
    OutgoingTemplate("parcel_update", "tr", ("1", "yolda")),
]
TO = Identity(IdentityKind.PHONE, "+905321234567")
EFFECTS: list[Effect] = [
    *(SendMessage(ID, Outgoing(TO, body, "wamid.1")) for body in BODIES),
    FetchMedia(ID, "ref-1"),
    Subscribe(b"\x00\xffsealed"),
]


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda e: type(e).__name__)
def test_an_effect_reads_back_as_it_was_written(effect: Effect) -> None:
    row = owe(ID, effect, installation=PLACE, subject=PLACE, now=NOW, correlation_id="c")
    assert effect_of(row) == effect
    assert row.repeatable is not isinstance(effect, SendMessage)
