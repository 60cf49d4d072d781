"""Where is my parcel? From what the customer writes to what reaches them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.agents import answers
from core.agents.turns import Outcome
from core.commerce.gate import CONTACT_TRIES
from core.conversations.conversation import Handler
from ports.errors import Transient
from ports.families.carrier import ParcelState, Scan
from ports.families.channel import Choice, MessageReceived, OutgoingChoices
from ports.families.marketplace import ClaimState, PackageState
from tests.core.fakes import samples
from tests.core.fakes.house import PHONE, House, phone, vendor_id
from tests.core.fakes.samples import NUMBER, TRACKED, order, parcel, shipped
from tests.core.fakes.world import NOW, TENANT

STRANGER = vendor_id("u1")
PROOF = f"{NUMBER} 1.079,80 TL"
ON_ITS_WAY = f"{NUMBER} numaralı siparişiniz Aras Kargo ile yolda."


@pytest.fixture
def house() -> House:
    """An order on its way, and an agent that may act alone."""
    house = House()
    house.trusts()
    house.shop.orders[NUMBER] = order(shipped(), phone=PHONE)
    house.carrier.parcels[TRACKED] = parcel()
    teach = house.vendors.reads.teach
    teach("kargom nerede", "shipment_tracking")
    teach("hâlâ gelmedi", "shipment_delay")
    teach("iadem", "refund_status")
    teach("where is my parcel", "shipment_tracking", language="en")
    teach("temsilci", "human_request")
    teach("beden tablosu", "product_info")
    teach("merhaba", "greeting")
    return house


def keep(house: House) -> None:
    """The shop has told us of the order already."""
    with house.world(TENANT) as work:
        house.trade.keep(house.shop.orders[NUMBER], house.market, work)
        work.commit()


def outcome(house: House) -> Outcome | None:
    return list(house.tables.turns.values())[-1].outcome


def test_the_buyers_own_phone_is_proof_enough(house: House) -> None:
    keep(house)
    said = house.answers("kargom nerede")
    assert said.startswith(ON_ITS_WAY)
    assert "Son hareket: İZMİR AKTARMA · TRANSFER (24 Kasım 2026 07:30)." in said
    assert f"https://kargo.example/takip?no={TRACKED}" in said
    assert house.conversation.handler is Handler.AGENT


def test_proof_in_the_first_message_is_read_as_proof_and_not_as_a_payment(house: House) -> None:
    house.vendors.reads.teach("siparisim nerede", "shipment_tracking")
    said = house.answers(f"{NUMBER} Siparişim nerede? 1.079,80 TL ödedim", STRANGER)
    assert said.startswith(ON_ITS_WAY)


def test_nothing_but_proof_asks_about_that_order(house: House) -> None:
    assert house.answers(f"{NUMBER}, 1.079,80 TL ödedim", STRANGER).startswith(f"{NUMBER} ")


def test_a_number_that_names_no_order_does_not_hide_ones_own(house: House) -> None:
    keep(house)
    house.vendors.reads.teach("kargom nerede 5550001112223", "shipment_tracking")
    assert house.answers("kargom nerede 5550001112223").startswith(ON_ITS_WAY)


def test_the_answer_speaks_the_customers_language(house: House) -> None:
    keep(house)
    said = house.answers("where is my parcel")
    assert said.startswith(f"Your order {NUMBER} is on its way with Aras Kargo.")
    [contact] = house.tables.contacts.values()
    assert contact.language == "en"


def test_a_stranger_is_asked_and_answers_both_at_once(house: House) -> None:
    assert house.answers("kargom nerede", STRANGER) == answers.ASK_PROOF["tr"]
    assert house.answers(PROOF, STRANGER).startswith(ON_ITS_WAY)
    assert house.conversation.awaits == {}


def test_a_stranger_may_answer_in_two_turns(house: House) -> None:
    assert house.answers("kargom nerede", STRANGER) == answers.ASK_PROOF["tr"]
    assert house.answers(NUMBER, STRANGER) == answers.ASK_PROOF["tr"]
    assert house.answers("1079,80", STRANGER).startswith(ON_ITS_WAY)


def test_a_stranger_may_say_everything_in_the_first_message(house: House) -> None:
    assert house.answers(f"kargom nerede {PROOF}", STRANGER).startswith(ON_ITS_WAY)


def test_what_was_proven_once_need_not_be_proven_again(house: House) -> None:
    house.answers(f"kargom nerede {PROOF}", STRANGER)
    assert house.answers("kargom nerede", STRANGER).startswith(ON_ITS_WAY)


def test_a_wrong_guess_sounds_the_same_whether_the_order_exists_or_not(house: House) -> None:
    house.answers("kargom nerede", STRANGER)
    real = house.answers(f"{NUMBER} 5,00 TL", STRANGER)
    unreal = house.answers("9999999999 5,00 TL", STRANGER)
    assert real == unreal == answers.NOT_PROVEN["tr"]


@pytest.mark.parametrize("number", [NUMBER, "9999999999"])
def test_a_number_alone_sounds_the_same_whether_the_order_exists_or_not(
    house: House, number: str
) -> None:
    assert house.answers(f"kargom nerede {number}", STRANGER) == answers.ASK_PROOF["tr"]


def test_somebody_elses_phone_opens_nothing(house: House) -> None:
    keep(house)
    said = house.answers(f"kargom nerede {NUMBER}", phone("+905550000000"))
    assert said == answers.ASK_PROOF["tr"]


def test_too_many_wrong_guesses_bring_a_person_and_no_order(house: House) -> None:
    house.says("kargom nerede", STRANGER)
    with house.world(TENANT) as work:
        for _ in range(CONTACT_TRIES):
            work.gate.add_guess(house.conversation.contact_id, NOW)
        work.commit()
    assert house.answers(PROOF, STRANGER) == answers.HANDED_OVER["tr"]
    assert house.conversation.handover is not None
    assert house.conversation.handover.reason == "too many wrong guesses at an order"


def test_a_customer_who_cannot_prove_it_meets_a_person_after_three_tries(house: House) -> None:
    house.answers("kargom nerede", STRANGER)
    for _ in range(3):
        assert house.answers(f"{NUMBER} 5 TL", STRANGER) == answers.NOT_PROVEN["tr"]
    assert house.answers(f"{NUMBER} 6 TL", STRANGER) == answers.HANDED_OVER["tr"]


def test_something_clearer_than_proof_is_heard_while_proof_is_awaited(house: House) -> None:
    house.answers(f"kargom nerede {NUMBER}", STRANGER)
    assert house.conversation.awaits["numbers"] == [NUMBER]
    assert house.answers("beden tablosu", STRANGER) == answers.HANDED_OVER["tr"]


def test_a_shop_that_is_down_leaves_what_we_last_knew(house: House) -> None:
    keep(house)
    house.shop.down = house.carrier.down = Transient("busy")
    house.clock.forward(hours=2)
    said = house.answers("kargom nerede")
    assert said.startswith(f"{NUMBER} numaralı siparişiniz kargoya verildi.")
    record = list(house.tables.turns.values())[-1].record
    assert [t["ok"] for t in record["tools"]] == [False, False]
    assert {e["observed_at"] for e in record["evidence"]} == {NOW.isoformat()}


def test_a_complaint_about_a_stuck_parcel_is_answered_and_brings_a_person(house: House) -> None:
    keep(house)
    old = Scan(NOW - timedelta(days=6), "TRANSFER", ParcelState.IN_TRANSIT, "İZMİR")
    house.carrier.parcels[TRACKED] = parcel(scans=(old,))
    assert answers.HANDED_OVER["tr"] not in house.answers("kargom nerede"), "a question is none"
    said = house.answers("hâlâ gelmedi")
    assert said.startswith(f"{answers.SORRY_LATE['tr']} {ON_ITS_WAY}")
    assert said.endswith(answers.HANDED_OVER["tr"])
    handover = house.conversation.handover
    assert handover is not None
    assert handover.reason == "the parcel is stuck and the customer complains"
    assert f"aras parcel {TRACKED} · state: IN_TRANSIT" in handover.summary
    assert handover.tried[-1] == "track_parcel (aras): in_transit, 1 scans"


def test_a_complaint_about_a_parcel_that_moves_needs_nobody(house: House) -> None:
    keep(house)
    assert answers.HANDED_OVER["tr"] not in house.answers("hâlâ gelmedi")
    assert house.conversation.handler is Handler.AGENT


def test_what_no_tool_can_answer_goes_to_a_person_with_what_is_known(house: House) -> None:
    keep(house)
    assert house.answers("beden tablosu") == answers.HANDED_OVER["tr"]
    handover = house.conversation.handover
    assert handover is not None
    assert handover.reason == "no source answers product_info"
    assert "Müşteri istiyor: Ürün bilgisi." in handover.summary
    assert f"shop order {NUMBER} · number: {NUMBER}" in handover.summary


def test_who_asks_for_a_person_gets_one(house: House) -> None:
    assert house.answers("temsilci") == answers.HANDED_OVER["tr"]
    assert house.conversation.handler is Handler.PERSON
    assert house.answers("kargom nerede") == "", "the agent keeps quiet from now on"


def test_a_greeting_is_returned(house: House) -> None:
    assert house.answers("merhaba") == answers.GREETING["tr"]


def test_a_return_is_told_as_the_shop_tells_it(house: House) -> None:
    keep(house)
    assert house.answers("iadem") == answers.NO_CLAIM["tr"].format(order=NUMBER)
    with house.world(TENANT) as work:
        work.orders.upsert_claim(house.market.id, samples.claim(ClaimState.REJECTED))
        work.commit()
    assert house.answers("iadem").endswith("Keten gömlek için iade talebiniz reddedildi.")


def test_unsure_it_offers_what_it_guessed_and_a_tap_decides(house: House) -> None:
    keep(house)
    house.answers("hmm")
    body = house.channel.sent[-1][1].body
    assert isinstance(body, OutgoingChoices)
    assert [c.id for c in body.choices] == [
        "intent:order_status",
        "intent:price_query",
        "intent:stock_query",
        "intent:human_request",
    ]
    house.clock.forward(seconds=1)
    choice = Choice("intent:order_status", "Siparişimin durumu")
    house.heard(MessageReceived("tap", phone(), house.clock.now(), choice))
    house.thinks()
    house.drains()
    assert house.channel.texts[-1].startswith(ON_ITS_WAY)


def test_a_burst_is_answered_once(house: House) -> None:
    keep(house)
    house.says("merhaba")
    assert house.answers("kargom nerede").startswith(ON_ITS_WAY)
    assert len(house.channel.sent) == 1


def test_an_order_of_a_shop_that_is_gone_goes_to_a_person(house: House) -> None:
    keep(house)
    house.tables.installations[house.market.id] = replace(house.market, state="disabled")
    assert house.answers("kargom nerede") == answers.HANDED_OVER["tr"]


def test_of_several_orders_the_one_under_way_is_told(house: House) -> None:
    keep(house)
    done = replace(
        order(samples.package(state=PackageState.DELIVERED), phone=PHONE), number="2000002"
    )
    house.shop.orders["2000002"] = replace(done, placed_at=NOW)
    with house.world(TENANT) as work:
        house.trade.keep(house.shop.orders["2000002"], house.market, work)
        work.commit()
    assert house.answers("kargom nerede").startswith(ON_ITS_WAY)
