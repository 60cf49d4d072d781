"""The agent's rules and turns: one runs at a time, and none that is owed is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from adapters.sql.lookups import Lookups
from adapters.sql.work import SqlWorks
from core.agents.intents import IntentRule
from core.agents.turns import Outcome, Turn, TurnFilter, TurnState, Verdict
from core.shared.errors import Conflict

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_rule_is_what_it_was_set_to_last(works: SqlWorks, tenant: UUID) -> None:
    own = IntentRule("kurulum", 0.7, True, "Kurulum", ("nasıl kurulur", "montaj"))
    with works(tenant) as work:
        work.intents.save(IntentRule("kurulum"), NOW)
        work.intents.save(own, NOW)
        work.intents.save(IntentRule("greeting", 0.1), NOW)
        assert work.intents.all() == {"greeting": IntentRule("greeting", 0.1), "kurulum": own}
        work.intents.remove("greeting")
        work.intents.remove("greeting")
        assert set(work.intents.all()) == {"kurulum"}


def owe(seller: Any, thread: UUID, **more: Any) -> UUID:
    with seller.works(seller.tenant) as work:
        id: UUID = work.turns.owe(Turn(uuid4(), thread, NOW, NOW, **more))
        work.commit()
    return id


def claim(seller: Any, id: UUID, now: datetime = NOW) -> Turn | None:
    with seller.works(seller.tenant) as work:
        turn: Turn | None = work.turns.claim(id, now, now + MINUTE)
        work.commit()
    return turn


def finish(seller: Any, turn: Turn, **more: Any) -> Turn:
    ended = replace(turn, state=TurnState.DONE, finished_at=NOW, lease_until=None, **more)
    with seller.works(seller.tenant) as work:
        work.turns.save(ended)
        work.commit()
    return ended


def test_a_turn_that_is_due_serves_for_later_messages(seller: Any) -> None:
    thread = seller.conversation(seller.contact())
    first = owe(seller, thread)
    assert owe(seller, thread) == first
    running = claim(seller, first)
    assert running is not None
    assert (running.state, running.attempts) == (TurnState.RUNNING, 1)
    assert running.lease_until == NOW + MINUTE
    second = owe(seller, thread)
    assert second != first
    assert owe(seller, thread) == second


def test_a_statement_that_the_server_has_prepared_still_knows_its_index(seller: Any) -> None:
    thread = seller.conversation(seller.contact())
    with seller.works(seller.tenant) as work:
        owed = {work.turns.owe(Turn(uuid4(), thread, NOW, NOW)) for _ in range(20)}
    assert len(owed) == 1


def test_one_turn_of_a_conversation_runs_at_a_time(engine: Engine, seller: Any, bell: Any) -> None:
    thread = seller.conversation(seller.contact())
    first = claim(seller, owe(seller, thread))
    second = owe(seller, thread)
    lookups = Lookups(engine)
    assert first is not None
    assert claim(seller, second) is None
    assert (seller.tenant, second) in lookups.due_turns(NOW, 5 * MINUTE, 99)
    bell.rung = 0
    finish(seller, first, outcome=Outcome.ANSWERED)
    assert bell.rung == 1
    assert (seller.tenant, second) in lookups.due_turns(NOW, MINUTE, 99)
    assert claim(seller, second) is not None


def test_many_claim_a_turn_and_one_gets_it(seller: Any, together: Any) -> None:
    id = owe(seller, seller.conversation(seller.contact()))
    claims = together(8, lambda _: claim(seller, id))
    assert sum(turn is not None for turn in claims) == 1


def test_many_owe_a_turn_while_it_is_claimed_and_none_is_lost(seller: Any) -> None:
    """Whatever was owed is due or has been claimed after it was owed."""
    thread = seller.conversation(seller.contact())
    seen: list[UUID] = []

    def message(number: int) -> UUID:
        if number % 3 == 0:
            with seller.works(seller.tenant) as work:
                due = [t for t in seen if work.turns.get(t).state is TurnState.DUE]
            for id in due:
                if turn := claim(seller, id):
                    finish(seller, turn)
        seen.append(owe(seller, thread))
        return seen[-1]

    with ThreadPoolExecutor(6) as pool:
        owed = set(pool.map(message, range(30)))
    with seller.works(seller.tenant) as work:
        states = [work.turns.get(id).state for id in owed]
    assert states.count(TurnState.DUE) <= 1
    assert set(states) <= {TurnState.DUE, TurnState.DONE}


def test_a_turn_whose_worker_died_is_claimed_again(engine: Engine, seller: Any) -> None:
    id = owe(seller, seller.conversation(seller.contact()))
    claim(seller, id)
    over = NOW + MINUTE
    assert claim(seller, id, over - timedelta(seconds=1)) is None
    assert (seller.tenant, id) not in Lookups(engine).due_turns(NOW, MINUTE, 99)
    assert (seller.tenant, id) in Lookups(engine).due_turns(over, MINUTE, 99)
    again = claim(seller, id, over)
    assert again is not None
    assert again.attempts == 2


def test_a_turn_is_not_claimed_before_it_is_due(seller: Any) -> None:
    with seller.works(seller.tenant) as work:
        thread = seller.conversation(seller.contact())
        id = work.turns.owe(Turn(uuid4(), thread, NOW, NOW + MINUTE))
        assert work.turns.claim(id, NOW, NOW + MINUTE) is None
        assert work.turns.claim(uuid4(), NOW, NOW + MINUTE) is None


def test_a_turn_made_at_once_waits_for_nobody_and_nobody_for_it(seller: Any) -> None:
    thread = seller.conversation(seller.contact())
    running = Turn(uuid4(), thread, NOW, NOW, TurnState.RUNNING, 1, NOW + MINUTE)
    with seller.works(seller.tenant) as work:
        work.turns.add(running)
        work.commit()
    with seller.works(seller.tenant) as work, pytest.raises(Conflict):
        work.turns.add(replace(running, id=uuid4()))
    with seller.works(seller.tenant) as work:
        assert work.turns.get(running.id) == running


def test_turns_that_are_done_are_listed_newest_first(seller: Any, pages: Any) -> None:
    """Those of one moment in the order in which they were owed."""
    thread, other = (seller.conversation(seller.contact()) for _ in range(2))
    done = []
    for number in range(5):
        turn = Turn(uuid4(), thread, NOW + number // 2 * MINUTE, NOW, record={"n": number})
        with seller.works(seller.tenant) as work:
            work.turns.owe(turn)
            work.commit()
        outcome = Outcome.SUGGESTED if number == 3 else Outcome.ANSWERED
        done.append(finish(seller, turn, outcome=outcome, verdict=Verdict.ACCEPTED))
    owe(seller, thread)
    owe(seller, other)
    with seller.works(seller.tenant) as work:
        listed = pages(lambda c: work.turns.list(TurnFilter(), cursor=c, limit=2))
        assert listed == done[::-1]
        only = TurnFilter(thread, Outcome.SUGGESTED)
        assert list(work.turns.list(only, cursor=None, limit=9).items) == [done[3]]
        assert work.turns.list(TurnFilter(other), cursor=None, limit=9).items == []
