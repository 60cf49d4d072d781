"""The agent at a person's side: suggested on demand, accepted once, or rejected."""

from __future__ import annotations

import pytest

from core.agents import answers
from core.agents.intents import IntentRule, remove_rule, set_rule
from core.agents.turns import Outcome, Turn, TurnState, Verdict
from core.conversations.conversation import Handler
from core.shared.actor import Actor
from core.shared.errors import Conflict, Invalid, NotAllowed, NotFound
from ports.families.channel import OutgoingChoices, OutgoingText
from tests.core.fakes.house import PERSON, PHONE, House, vendor_id
from tests.core.fakes.people import make_ready
from tests.core.fakes.samples import NUMBER, TRACKED, order, parcel, shipped
from tests.core.fakes.world import NOW, TENANT

STRANGER = vendor_id("u1")
SAMPLES = tuple(f"hediye paketi {n}" for n in range(5))


@pytest.fixture
def house() -> House:
    """An agent that may do nothing alone."""
    house = House()
    house.shop.orders[NUMBER] = order(shipped(), phone=PHONE)
    house.carrier.parcels[TRACKED] = parcel()
    house.vendors.reads.teach("kargom nerede", "shipment_tracking")
    return house


def suggestion(house: House, text: str = "kargom nerede") -> Turn:
    house.says(text, STRANGER)
    return house.assist.suggest(house.conversation.id, PERSON)


def test_a_suggestion_is_kept_and_sends_nothing(house: House) -> None:
    made = suggestion(house)
    assert (made.state, made.outcome, made.verdict) == (TurnState.DONE, Outcome.SUGGESTED, None)
    assert made.record["text"] == answers.ASK_PROOF["tr"]
    assert house.owed == []


def test_accepting_sends_it_and_accepting_twice_sends_it_once(house: House) -> None:
    made = suggestion(house)
    first = house.assist.accept(made.id, None, PERSON)
    assert house.assist.accept(made.id, "başka bir metin", PERSON) == first
    assert len(house.owed) == 1
    assert (first.text, first.author, first.turn_id) == (
        answers.ASK_PROOF["tr"],
        "ayse",
        made.id,
    )
    assert house.tables.turns[made.id].verdict is Verdict.ACCEPTED
    assert house.audited() == ["suggestion.made", "suggestion.accepted"]
    assert house.tables.audit[-1].after == {"changed": False}


def test_a_person_may_change_the_words(house: House) -> None:
    made = suggestion(house)
    message = house.assist.accept(made.id, "Numaranızı yazar mısınız?", PERSON)
    assert message.text == "Numaranızı yazar mısınız?"
    assert house.tables.audit[-1].after == {"changed": True}


def test_accepted_choices_are_sent_as_choices(house: House) -> None:
    made = suggestion(house, "hmm")
    house.assist.accept(made.id, None, PERSON)
    house.drains()
    assert isinstance(house.channel.sent[0][1].body, OutgoingChoices)
    again = suggestion(house, "hmm")
    house.assist.accept(again.id, "Ne istersiniz?", PERSON)
    house.drains()
    assert house.channel.sent[1][1].body == OutgoingText("Ne istersiniz?")


def test_proof_that_was_asked_for_with_a_persons_consent_is_understood(house: House) -> None:
    house.assist.accept(suggestion(house).id, None, PERSON)
    made = suggestion(house, f"{NUMBER} 1.079,80")
    assert made.record["plan"]["intents"] == ["shipment_tracking"]
    assert made.record["text"].startswith(f"{NUMBER} numaralı siparişiniz Aras Kargo ile yolda.")


def test_accepting_a_hand_over_hands_over(house: House) -> None:
    house.vendors.reads.teach("temsilci istiyorum", "human_request")
    made = suggestion(house, "temsilci istiyorum")
    assert house.conversation.handler is Handler.AGENT
    house.assist.accept(made.id, None, PERSON)
    assert house.conversation.handler is Handler.PERSON


def test_a_rejected_suggestion_is_not_sent_any_more(house: House) -> None:
    made = suggestion(house)
    house.assist.reject(made.id, "yanlış", PERSON)
    assert house.assist.reject(made.id, "yine", PERSON).verdict is Verdict.REJECTED
    with pytest.raises(Conflict):
        house.assist.accept(made.id, None, PERSON)
    assert house.audited() == ["suggestion.made", "suggestion.rejected"]
    assert house.owed == []


def test_what_was_sent_cannot_be_rejected(house: House) -> None:
    made = suggestion(house)
    house.assist.accept(made.id, None, PERSON)
    with pytest.raises(Conflict):
        house.assist.reject(made.id, "yanlış", PERSON)


def test_a_suggestion_without_words_needs_a_persons(house: House) -> None:
    made = suggestion(house)
    with pytest.raises(Conflict):
        house.assist.accept(made.id, "   ", PERSON)
    assert house.tables.turns[made.id].verdict is None


def test_only_suggestions_are_accepted(house: House) -> None:
    house.trusts()
    house.says("kargom nerede", STRANGER)
    made = house.assist.resolve(house.conversation.id, PERSON)
    assert made.outcome is Outcome.ASKED
    assert len(house.owed) == 1
    for act in (house.assist.accept, house.assist.reject):
        with pytest.raises(Conflict):
            act(made.id, "x", PERSON)
        with pytest.raises(NotFound):
            act(house.ids(), "x", PERSON)


def test_resolving_sends_only_what_the_rules_allow(house: House) -> None:
    house.says("kargom nerede", STRANGER)
    made = house.assist.resolve(house.conversation.id, PERSON)
    assert made.outcome is Outcome.SUGGESTED
    assert house.owed == []


def test_a_person_may_ask_for_a_suggestion_after_taking_over(house: House) -> None:
    house.says("kargom nerede", STRANGER)
    house.manage.hand_over(house.conversation.id, "mine", PERSON, now=NOW)
    made = house.assist.suggest(house.conversation.id, PERSON)
    assert made.outcome is Outcome.SUGGESTED
    assert house.conversation.handler is Handler.PERSON


def test_each_act_needs_its_scope(house: House) -> None:
    nobody = Actor(TENANT, "api_key", "k", frozenset({"agents.read", "inbox.read"}))
    made = suggestion(house)
    for act in (
        lambda: house.assist.suggest(house.conversation.id, nobody),
        lambda: house.assist.resolve(house.conversation.id, nobody),
        lambda: house.assist.accept(made.id, None, nobody),
        lambda: house.assist.reject(made.id, "x", nobody),
        lambda: set_rule(IntentRule("invoice"), nobody, works=house.world, now=NOW),
        lambda: remove_rule("invoice", nobody, works=house.world, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            act()


# --- the tenant's own rules ------------------------------------------------------------------


def test_a_rule_is_kept_audited_and_forgotten(house: House) -> None:
    make_ready(house)
    rule = IntentRule("invoice", 0.8, autonomous=True)
    set_rule(rule, PERSON, works=house.world, now=NOW)
    assert house.tables.intents == {"invoice": rule}
    remove_rule("invoice", PERSON, works=house.world, now=NOW)
    assert house.tables.intents == {}
    assert house.audited() == ["intent.changed", "intent.removed"]
    with pytest.raises(NotFound):
        remove_rule("invoice", PERSON, works=house.world, now=NOW)


def test_an_intent_of_ones_own_is_read_by_its_samples(house: House) -> None:
    rule = IntentRule("gift_wrap", 0.5, title="Hediye paketi", examples=SAMPLES)
    set_rule(rule, PERSON, works=house.world, now=NOW)
    suggestion(house)
    assert house.vendors.reads.examples == [{"gift_wrap": SAMPLES}]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (IntentRule("invoice", 1.5), "threshold"),
        (IntentRule("invoice", -0.1), "threshold"),
        (IntentRule("invoice", title="Fatura"), "examples"),
        (IntentRule("gift_wrap", examples=SAMPLES), "title"),
        (IntentRule("gift_wrap", title="Hediye", examples=SAMPLES[:4]), "examples"),
        (IntentRule("gift_wrap", title="Hediye", examples=("a",) * 9), "examples"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(house: House, rule: IntentRule, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        set_rule(rule, PERSON, works=house.world, now=NOW)
    assert field in refused.value.problems
    assert house.tables.intents == {}
