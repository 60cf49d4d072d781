"""The main job: a customer asks where the parcel is, and hears it from evidence."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from ports.sandbox import Fault
from tests.flows.town import PHONE, Town

STRANGER = "+905551112233"


def total(order: object) -> str:
    return str(Decimal(str(order["packageTotalPrice"]))).replace(".", ",")  # type: ignore[index]


def test_where_is_my_parcel_is_answered_in_two_turns_from_evidence(town: Town) -> None:
    town.let_answer("shipment_tracking", "order_status")
    order = town.order()
    town.writes("Merhaba, kargom nerede acaba?")
    town.settle()
    town.writes(f"{order['orderNumber']}, {total(order)} TL ödedim")
    town.settle()
    asked, answered = (m["text"] for m in town.sent())
    assert order["orderNumber"] not in asked
    assert order["orderNumber"] in answered
    assert "dağıtıma çıktı" in answered
    record = town.turns()[0]["record"]
    known = {e["id"] for e in record["evidence"]}
    cited = [set(s["evidence"]) for s in record["sentences"]]
    assert all(cites and cites <= known for cites in cited)
    states = {
        m["state"]
        for m in town.api("GET", f"/inbox/conversations/{town.conversation()['id']}/messages")[
            "items"
        ]
        if m["direction"] == "out"
    }
    assert states == {"read"}
    assert town.rejected == []


def test_a_phone_that_is_the_orders_phone_needs_no_questions(town: Town) -> None:
    town.let_answer("shipment_tracking")
    order = town.order(phone=PHONE)
    town.settle()
    town.writes("kargom nerde")
    town.settle()
    [sent] = town.sent()
    assert order["orderNumber"] in sent["text"]


def test_nobody_hears_of_an_order_by_its_number_alone(town: Town) -> None:
    town.let_answer("shipment_tracking", "order_status")
    order = town.order()
    answers = []
    for number in (order["orderNumber"], "99999999999"):
        town.writes(f"kargom nerede, sipariş no {number}, tutar 12,34 TL", STRANGER)
        town.settle()
        answers.append(town.sent()[-1]["text"])
    assert answers[0] == answers[1]
    assert order["orderNumber"] not in answers[0]


def test_after_five_wrong_guesses_a_person_takes_over(town: Town) -> None:
    town.let_answer("shipment_tracking", "order_status")
    order = town.order()
    for guess in range(7):
        town.writes(f"kargom nerede, sipariş no {order['orderNumber']}, tutar {guess + 1},00 TL")
        town.settle()
    assert town.conversation()["handler"] == "person"
    assert not any(total(order) in m["text"] for m in town.sent())
    town.writes(f"{order['orderNumber']}, {total(order)} TL ödedim")
    town.settle()
    assert not any("dağıtıma" in m["text"] for m in town.sent())


def test_without_autonomy_the_same_turn_waits_as_a_suggestion(town: Town) -> None:
    town.order(phone=PHONE)
    town.settle()
    town.writes("kargom nerede")
    town.settle()
    assert town.sent() == []
    [turn] = town.turns()
    assert turn["outcome"] == "suggested"
    assert "dağıtıma çıktı" in turn["record"]["text"]
    for _ in range(2):
        town.api("POST", f"/ai/turns/{turn['id']}/accept", {})
    town.settle()
    assert [m["text"] for m in town.sent()] == [turn["record"]["text"]]


def test_a_wish_without_a_source_goes_to_a_person_with_notes(town: Town) -> None:
    town.let_answer("order_cancel")
    town.writes("siparişimi iptal etmek istiyorum lütfen")
    town.settle()
    conversation = town.conversation()
    assert conversation["handler"] == "person"
    assert "iptal" in conversation["handover"]["summary"]
    assert len(town.sent()) == 1


def test_the_same_deliveries_again_change_nothing(town: Town) -> None:
    town.let_answer("shipment_tracking")
    town.sandboxes["whatsapp"].deliveries.duplicates = 1.0
    town.sandboxes["whatsapp"].deliveries.reorder = True
    town.order(phone=PHONE)
    town.settle()
    town.writes("kargom nerede")
    town.settle()
    assert len(town.sent()) == 1
    before = town.api("GET", "/inbox/conversations")
    town.api("POST", "/journal/replay", {"since": "2020-01-01T00:00:00Z"})
    town.settle()
    assert town.api("GET", "/inbox/conversations") == before
    assert len(town.sent()) == 1


def test_a_lost_answer_is_settled_by_the_status_and_not_repeated(town: Town) -> None:
    town.let_answer("greeting")
    town.sandboxes["whatsapp"].faults.add(Fault.LOST_ANSWER, path="/messages")
    town.writes("merhaba")
    town.settle()
    assert [m["times"] for m in town.sent()] == [1]
    [owed] = town.api("GET", "/journal/outbox")["items"][:1]
    assert owed["state"] == "sent"


def test_a_send_that_never_arrived_waits_for_a_person(town: Town) -> None:
    town.let_answer("greeting")
    town.sandboxes["whatsapp"].faults.add(Fault.LOST_REQUEST, path="/messages")
    town.writes("merhaba")
    town.settle()
    town.clock.pass_(timedelta(minutes=30))
    town.settle()
    assert town.sent() == []
    [owed] = town.api("GET", "/journal/outbox?state=parked")["items"]
    town.api("POST", f"/journal/outbox/{owed['id']}/settle", {"settlement": "send_again"})
    town.settle()
    assert [m["times"] for m in town.sent()] == [1]


def test_what_a_webhook_missed_comes_by_polling(town: Town) -> None:
    town.control("trendyol", "webhooks_off", off=True)
    order = town.order()
    town.settle()
    assert town.api("GET", "/orders")["items"] == []
    town.clock.pass_(timedelta(minutes=20))
    town.settle()
    [known] = town.api("GET", "/orders")["items"]
    assert known["number"] == order["orderNumber"]


def test_a_closed_window_is_refused_clearly(town: Town) -> None:
    town.writes("merhaba")
    town.settle()
    town.clock.pass_(timedelta(hours=25))
    path = f"/api/v1/inbox/conversations/{town.conversation()['id']}/messages"
    refused = town.ask("POST", path, key=town.key, json={"kind": "text", "text": "selam"})
    assert refused.status_code == 409
    assert "template" in refused.json()["detail"]
    assert town.sent() == []


def test_a_parcel_that_moves_tells_the_customer_once(town: Town) -> None:
    town.api("PUT", "/flags/parcels.notify", {"enabled": True})
    order = town.order(phone=PHONE)
    town.settle()
    town.writes("merhaba")
    town.settle()
    town.control("aras", "deliver", code=order["cargoTrackingNumber"], to="Defne Karasu")
    for _ in range(3):
        town.clock.pass_(timedelta(minutes=31))
        town.settle()
    told = [m["text"] for m in town.sent() if "teslim edildi" in m["text"]]
    assert len(told) == 1
    assert order["orderNumber"] in told[0]
