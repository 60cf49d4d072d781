"""Walks through the API as a program takes them: from one answer to the next request."""

from __future__ import annotations

from tests.api.asking import is_problem
from tests.api.client import Client
from tests.api.house import House
from tests.api.shop import Shop


def test_a_message_waits_to_be_sent(it: Shop) -> None:
    path = f"/inbox/conversations/{it.tenant.things['conversation']}/messages"
    for body in (
        {"kind": "text", "text": "Yolda."},
        {"kind": "choices", "text": "Hangisi?", "choices": [{"id": "1", "title": "Kargo"}]},
        {"kind": "media", "media": "image", "link": "https://cdn.example/a.png"},
        {"kind": "template", "name": "shipped", "language": "tr", "parameters": ["Ayşe"]},
    ):
        sent = it("POST", path, body)
        assert sent.status_code == 201, sent.text
        assert (sent.json()["state"], sent.json()["direction"]) == ("queued", "out")
    assert it("GET", path).json()["items"][0]["direction"] == "out"


def test_a_resolved_conversation_takes_no_message(it: Shop) -> None:
    path = f"/inbox/conversations/{it.tenant.things['conversation']}"
    assert it("POST", f"{path}/state", {"state": "resolved"}).json()["state"] == "resolved"
    said = is_problem(it("POST", f"{path}/messages", {"kind": "text", "text": "Hm?"}), 409)
    assert "resolved" in said["detail"]


def test_a_list_is_walked_page_by_page_without_gaps(it: Shop) -> None:
    path = f"/inbox/conversations/{it.tenant.things['conversation']}/notes"
    for n in range(7):
        assert it("POST", path, {"text": f"note {n}"}).status_code == 201
    messages = path.replace("notes", "messages")
    every = [m["id"] for m in it("GET", f"{messages}?limit=100").json()["items"]]
    walked: list[str] = []
    cursor = ""
    while True:
        page = it("GET", f"{messages}?limit=2{cursor}").json()
        walked += [m["id"] for m in page["items"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert walked == every
    assert len(set(walked)) == len(walked) == 9


def test_a_file_is_only_ever_downloaded(it: Shop) -> None:
    answer = it("GET", f"/inbox/attachments/{it.tenant.things['attachment']}")
    assert answer.content == b"\x89PNG"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%A7.png"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_merge_can_be_taken_back(it: Shop) -> None:
    things = it.tenant.things
    command = {"kept": str(things["contact"]), "merged": str(things["other"])}
    merge = it("POST", "/contacts/merge", command).json()
    assert it("GET", f"/contacts/{things['other']}").json()["merged_into"] == merge["kept"]
    undone = it("POST", f"/contacts/merges/{merge['id']}/undo")
    assert undone.json()["merged_into"] is None
    is_problem(it("POST", f"/contacts/merges/{merge['id']}/undo"), 409)


def test_a_suggestion_is_accepted_once(it: Shop) -> None:
    path = f"/ai/turns/{it.tenant.things['turn']}"
    sent = it("POST", f"{path}/accept", {"text": "Yarın elinizde."})
    assert (sent.status_code, sent.json()["text"]) == (201, "Yarın elinizde.")
    assert it("POST", f"{path}/accept", {}).json()["id"] == sent.json()["id"]
    is_problem(it("POST", f"{path}/reject", {"reason": "late"}), 409)
    assert it("GET", path).json()["verdict"] == "accepted"


def test_a_suggestion_is_accepted_without_a_body(it: Shop, ask: Client) -> None:
    path = f"/api/v1/ai/turns/{it.tenant.things['turn']}/accept"
    assert ask("POST", path, key=it.tenant.key).status_code == 201


def test_an_intent_of_ones_own_comes_and_goes(it: Shop) -> None:
    rule = {"title": "Hediye paketi", "examples": [f"hediye {n}" for n in range(5)]}
    made = it("PUT", "/ai/intents/gift_wrap", rule)
    assert (made.status_code, made.json()["own"]) == (200, True)
    changed = it("PUT", "/ai/intents/gift_wrap", {"autonomous": True}).json()
    assert (changed["autonomous"], changed["examples"]) == (True, made.json()["examples"])
    assert it("DELETE", "/ai/intents/gift_wrap").status_code == 204
    names = [i["name"] for i in it("GET", "/ai/intents").json()["items"]]
    assert "gift_wrap" not in names
    is_problem(it("DELETE", "/ai/intents/gift_wrap"), 404)
    is_problem(it("PUT", "/ai/intents/gift_wrap", {"autonomous": True}), 422)


def test_what_failed_is_read_again(it: Shop) -> None:
    things = it.tenant.things
    one = it("POST", f"/journal/webhooks/{things['entry']}/replay")
    assert (one.status_code, one.json()["count"]) == (202, 1)
    entry = it("GET", f"/journal/webhooks/{things['entry']}").json()
    assert (entry["state"], entry["replays"]) == ("received", 1)
    many = it("POST", "/journal/replay", {"since": "2026-01-01T00:00:00Z", "plugin": "parrot"})
    assert many.json()["ids"] == [str(things["entry"])]


def test_a_doubt_is_settled_once(it: Shop) -> None:
    path = f"/journal/outbox/{it.tenant.things['owed']}"
    assert it("GET", path).json()["cause"] == "doubt"
    settled = it("POST", f"{path}/settle", {"settlement": "arrived"})
    assert settled.json()["state"] == "sent"
    is_problem(it("POST", f"{path}/settle", {"settlement": "give_up"}), 409)


def test_the_operator_opens_a_tenant_that_can_work_at_once(ask: Client, house: House) -> None:
    body = {"name": "Yeni Mağaza", "language": "en"}
    opened = ask("POST", "/api/v1/operator/tenants", key=house.operator(), json=body).json()
    key = opened["api_key"]["secret"]
    tenant = ask("GET", "/api/v1/tenant", key=key).json()
    assert (tenant["name"], tenant["currency"], tenant["language"]) == ("Yeni Mağaza", "TRY", "en")
    changed = ask("PATCH", "/api/v1/tenant", key=key, json={"currency": "EUR"}).json()
    assert (changed["name"], changed["currency"]) == ("Yeni Mağaza", "EUR")
    bad = ask("PATCH", "/api/v1/tenant", key=key, json={"timezone": "Mars/Olympus"})
    assert is_problem(bad, 422)["errors"][0]["field"] == "timezone"


def test_a_feature_is_rolled_back_for_one_tenant(fresh: Shop, it: Shop) -> None:
    assert fresh("PUT", "/flags/agent.send", {"enabled": False}).json()["enabled"] is False
    mine = {f["name"]: f["enabled"] for f in fresh("GET", "/flags").json()["items"]}
    theirs = {f["name"]: f["enabled"] for f in it("GET", "/flags").json()["items"]}
    assert (mine["agent.send"], theirs["agent.send"]) == (False, True)
    is_problem(fresh("PUT", "/flags/unheard_of", {"enabled": True}), 404)


def test_the_last_order_stands_beside_the_conversation(it: Shop) -> None:
    things = it.tenant.things
    order = it("GET", f"/orders/latest?customer_id={things['contact']}").json()
    assert order["total"] == {"amount": "249.90", "minor": 24990, "currency": "TRY"}
    assert order["parcels"][0]["parcel"]["scans"][0]["place"] == "Esenyurt"
    assert order["claims"][0]["items"][0]["reason"] == "dar geldi"
    is_problem(it("GET", f"/orders/latest?customer_id={things['other']}"), 404)
