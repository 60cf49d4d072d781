"""Making turns: suggested or sent, all in one commit, and never by two workers."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from core.agents.situation import BURST
from core.agents.turn import LEASE, WAITS
from core.agents.turns import Outcome, Turn, TurnState
from core.conversations.conversation import ConversationState, Handler
from core.conversations.write import Reply
from core.shared.errors import Conflict, NotFound
from core.tenancy.installations import InstallationState
from ports.families.channel import OutgoingText
from tests.core.fakes.house import PERSON, PHONE, House
from tests.core.fakes.samples import NUMBER, TRACKED, order, parcel, shipped
from tests.core.fakes.vendors import FakeModel, WindowedChannel
from tests.core.fakes.world import NOW, TENANT, Tables

ON_ITS_WAY = f"{NUMBER} numaralı siparişiniz Aras Kargo ile yolda."


def asking(channel: type = WindowedChannel) -> House:
    """A buyer asks where the parcel is; the turn is due."""
    house = House(channel)
    house.shop.orders[NUMBER] = order(shipped(), phone=PHONE)
    house.carrier.parcels[TRACKED] = parcel()
    house.vendors.reads.teach("kargom nerede", "shipment_tracking")
    with house.world(TENANT) as work:
        house.trade.keep(house.shop.orders[NUMBER], house.market, work)
        work.commit()
    house.says("kargom nerede")
    return house


@pytest.fixture
def house() -> House:
    return asking()


def turn(house: House) -> Turn:
    found: Turn = list(house.tables.turns.values())[-1]
    return found


def breaks(house: House, error: BaseException) -> None:
    """The reader of intents breaks."""

    def read(*_: object) -> None:
        raise error

    house.vendors.reads.read = read  # type: ignore[method-assign, assignment]


# --- suggested or sent -----------------------------------------------------------------------


def test_without_autonomy_a_turn_is_a_suggestion_and_nothing_more(house: House) -> None:
    before = house.tables
    assert house.thinks() is Outcome.SUGGESTED
    assert turn(house).record["text"].startswith(ON_ITS_WAY)
    assert (house.messages, house.owed) == (list(before.messages.values()), [])
    assert house.tables.conversations == before.conversations
    assert house.audited() == ["suggestion.made"]


def test_with_autonomy_the_answer_is_owed_in_the_same_commit(house: House) -> None:
    house.trusts(["shipment_tracking"])
    assert house.thinks() is Outcome.ANSWERED
    message = house.messages[-1]
    assert (message.author, message.turn_id) == ("agent", turn(house).id)
    assert house.owed[0].payload["message_id"] == str(message.id)
    assert house.conversation.unread == 0
    assert house.audited() == ["answer.sent"]
    assert turn(house).state is TurnState.DONE


def test_a_flag_takes_the_agents_hands_off_the_channel(house: House) -> None:
    house.trusts()
    house.tables.flags["agent.send"] = False
    assert house.thinks() is Outcome.SUGGESTED
    assert house.owed == []


def test_the_record_says_everything_and_is_json(house: House) -> None:
    house.thinks()
    record = json.loads(json.dumps(turn(house).record))
    assert record["plan"]["intents"] == ["shipment_tracking"]
    assert [t["name"] for t in record["tools"]] == ["find_order", "track_parcel"]
    assert all(g["ok"] for g in record["guards"])
    cited = {c for s in record["sentences"] for c in s["evidence"]}
    assert cited <= {e["id"] for e in record["evidence"]}
    assert record["model"]["name"] is None


def test_a_window_that_closed_meanwhile_brings_a_person(house: House) -> None:
    house.trusts()
    house.clock.forward(days=2)
    assert house.thinks() is Outcome.HANDED_OVER
    assert house.conversation.handler is Handler.PERSON
    assert house.owed == []
    assert "conversation.handed_over" in house.audited()


def test_a_connection_that_is_off_brings_a_person(house: House) -> None:
    house.trusts()
    house.switch(house.talk, InstallationState.NEEDS_ATTENTION)
    assert house.thinks() is Outcome.HANDED_OVER


# --- what happens meanwhile ------------------------------------------------------------------


def test_what_a_person_took_over_while_it_thought_is_not_answered(house: House) -> None:
    house.trusts()
    id = house.conversation.id

    def take_over() -> None:
        house.shop.during = None
        house.manage.hand_over(id, "mine", PERSON, now=NOW)

    house.shop.during = take_over
    assert house.thinks() is Outcome.SUGGESTED
    assert house.owed == []


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_conversation_that_was_resolved_is_not_answered(house: House, when: str) -> None:
    house.trusts()
    id = house.conversation.id

    def resolve() -> None:
        house.shop.during = None
        house.manage.move(id, ConversationState.RESOLVED, PERSON, now=NOW)

    if when == "before":
        resolve()
    house.shop.during = resolve
    house.thinks()
    assert house.owed == []
    assert turn(house).state is TurnState.DONE


def test_what_was_answered_already_needs_no_turn(house: House) -> None:
    house.trusts()
    house.write.reply(house.ids(), Reply(house.conversation.id, OutgoingText("yolda")), PERSON)
    assert house.thinks() is Outcome.NOTHING


def test_what_was_written_while_it_thought_is_left_for_the_next_turn(house: House) -> None:
    house.trusts()

    def interrupt() -> None:
        house.shop.during = None
        house.says("bir de beden sorayım")

    house.shop.during = interrupt
    assert house.thinks() is Outcome.ANSWERED
    house.thinks()
    read = [t.record["messages"] for t in house.tables.turns.values()]
    asked = [str(m.id) for m in house.messages if m.author == "contact"]
    assert read == [[asked[0]], [asked[1]]]


def test_a_burst_longer_than_one_turn_reads_gets_another(house: House) -> None:
    house.trusts()
    for n in range(BURST):
        house.says(f"kargom nerede {'?' * n}")
    assert house.thinks() is Outcome.ANSWERED
    assert house.thinks() is Outcome.ANSWERED
    assert house.thinks() is None
    assert len(turn(house).record["messages"]) == 1


def test_a_turn_that_lost_its_lease_writes_nothing(house: House) -> None:
    house.trusts()
    id = turn(house).id
    others: list[Tables] = []

    def another_worker() -> None:
        house.shop.during = None
        house.clock.forward(LEASE + timedelta(seconds=1))
        with house.world(TENANT) as work:
            assert work.turns.claim(id, house.clock.now(), house.clock.now() + LEASE)
            work.commit()
        others.append(house.tables)

    house.shop.during = another_worker
    house.thinks()
    for shelf in (f.name for f in fields(Tables) if f.name != "orders"):
        assert getattr(house.tables, shelf) == getattr(others[0], shelf), shelf


def test_a_turn_that_broke_is_made_again_and_then_a_person_takes_over(house: House) -> None:
    house.trusts()
    breaks(house, ValueError("ours"))
    id, waits = turn(house).id, []
    for _ in WAITS:
        assert house.turn(TENANT, id) is None
        assert house.turn(TENANT, id) is None, "not before its time"
        until = turn(house).lease_until
        assert until is not None
        waits.append(until - house.clock.now())
        house.clock.forward(waits[-1])
    assert tuple(waits) == WAITS
    house.turn(TENANT, id)
    assert turn(house).state is TurnState.FAILED
    assert turn(house).record == {"error": "ValueError: ours"}
    assert house.conversation.handler is Handler.PERSON
    assert house.audited() == ["conversation.handed_over"]
    assert [str(e) for e in house.errors] == ["ours"] * 4


def test_a_late_failure_does_not_end_a_turn_that_another_worker_has(house: House) -> None:
    id = turn(house).id
    house.tables.turns[id] = replace(turn(house), attempts=len(WAITS))

    def fail_late(*_: object) -> None:
        house.clock.forward(LEASE + timedelta(seconds=1))
        with house.world(TENANT) as work:
            work.turns.claim(id, house.clock.now(), house.clock.now() + LEASE)
            work.commit()
        raise ValueError("late")

    house.vendors.reads.read = fail_late  # type: ignore[method-assign, assignment]
    house.turn(TENANT, id)
    assert turn(house).state is TurnState.RUNNING
    assert house.conversation.handler is Handler.AGENT


def test_one_turn_of_a_conversation_runs_at_a_time(house: House) -> None:
    def look() -> None:
        house.shop.during = None
        house.says("kargom nerede??")
        assert house.thinks() is None
        with pytest.raises(Conflict):
            house.assist.suggest(house.conversation.id, PERSON)

    house.shop.during = look
    house.thinks()
    assert [t.state for t in house.tables.turns.values()] == [TurnState.DONE, TurnState.DUE]


def test_a_turn_needs_a_conversation(house: House) -> None:
    with pytest.raises(NotFound):
        house.assist.suggest(house.ids(), PERSON)


# --- a language model that drafts ------------------------------------------------------------

GOOD = "Merhaba, siparişiniz şu anda yolda."
DRAFTS = [
    (GOOD, True),
    ("Siparişiniz 5 gün içinde gelecek.", False),
    ("Siparişiniz teslim edildi.", False),
    ("Siparişiniz Yurtiçi Kargo ile yolda.", False),
    ("Kimlik numaranız 10000000146.", False),
    ("x" * 2000, False),
    ("", False),
]


@pytest.mark.parametrize(("text", "used"), DRAFTS)
def test_a_draft_is_used_only_when_the_check_lets_it_pass(
    house: House, text: str, used: bool
) -> None:
    house.vendors.add("gpt", llm=FakeModel(house.world))
    house.install("gpt")
    model: FakeModel = house.vendors.plugins["gpt"].parts["llm"]
    cites = [f"e{n}" for n in range(1, 12)]
    with_all = [c for c in cites if int(c[1:]) <= 9]
    model.says = json.dumps({"sentences": [{"text": text, "evidence": with_all}]})
    house.trusts()
    house.thinks()
    assert (house.messages[-1].text == text) is used
    assert used or house.messages[-1].text.startswith(ON_ITS_WAY)
    assert bool(turn(house).record["model"]["not_used"]) is not used


def test_a_flag_leaves_the_model_out(house: House) -> None:
    house.vendors.add("gpt", llm=FakeModel(house.world))
    house.install("gpt")
    house.tables.flags["agent.model"] = False
    house.thinks()
    assert house.vendors.plugins["gpt"].parts["llm"].heard == []
