"""Walks through the API as a program takes them: from one answer to the next request."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.asking import is_problem
from tests.api.client import Client
from tests.api.house import House, Tenant
from tests.api.plugins import SIGNATURE, sign

INSTALLATIONS = "/api/v1/integrations/installations"


class Shop:
    """One tenant's requests."""

    def __init__(self, ask: Client, tenant: Tenant) -> None:
        self._ask, self.tenant = ask, tenant

    def __call__(
        self, method: str, path: str, json: Any = None, headers: Mapping[str, str] = {}
    ) -> httpx.Response:
        return self._ask(
            method, f"/api/v1{path}", key=self.tenant.key, json=json, headers=headers
        )

    def connect(self, **settings: str) -> dict[str, Any]:
        told = {"number": "31", "api_key": "k", "signing_secret": "s", **settings}
        answer = self("POST", "/integrations/parrot/connect", {"settings": told})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def deliver(self, url: str, body: bytes, secret: str = "s") -> httpx.Response:
        headers = {SIGNATURE: sign(secret, body)}
        return self._ask("POST", urlsplit(url).path, content=body, headers=headers)


@pytest.fixture
def it(ask: Client, shop: Tenant) -> Shop:
    return Shop(ask, shop)


@pytest.fixture
def fresh(ask: Client, house: House) -> Shop:
    return Shop(ask, house.tenant())


NUMBERS = iter(range(10**6, 10**7))


@pytest.fixture
def number() -> str:
    return str(next(NUMBERS))


def test_a_connection_gets_an_address_that_takes_deliveries(fresh: Shop, number: str) -> None:
    made = fresh.connect(number=number)
    assert made["settings"] == {"number": number, "api_key": "***", "signing_secret": "***"}
    answer = fresh.deliver(made["webhook_url"], b"kraa")
    assert (answer.status_code, answer.content) == (200, b"PARROT OK")
    [entry] = fresh("GET", "/journal/webhooks").json()["items"]
    assert (entry["plugin"], entry["state"], entry["size"]) == ("parrot", "received", 4)


BODIES: dict[str, tuple[bytes, str]] = {
    "JSON": (b'{"a": 1}', "application/json"),
    "broken JSON": (b'{"a": ', "application/json"),
    "no UTF-8": (b'{"a": "\xff"}', "application/json"),
    "a form": (b"a=1&b=%C5%9F", "application/x-www-form-urlencoded"),
    "a multipart form": (b"--x\r\n\r\na\r\n--x--", "multipart/form-data; boundary=x"),
    "XML in a Turkish encoding": (
        '<?xml version="1.0" encoding="ISO-8859-9"?><ad>Şişli</ad>'.encode("iso-8859-9"),
        "text/xml; charset=ISO-8859-9",
    ),
    "nothing": (b"", "text/plain"),
    "zeros": (b"\x00" * 10, "application/octet-stream"),
}


@pytest.mark.parametrize("name", BODIES)
def test_any_body_arrives_byte_for_byte(
    fresh: Shop, number: str, ask: Client, name: str
) -> None:
    body, content_type = BODIES[name]
    path = urlsplit(fresh.connect(number=number)["webhook_url"]).path
    headers = {SIGNATURE: sign("s", body), "Content-Type": content_type}
    assert ask("POST", path, content=body, headers=headers).status_code == 200
    [entry] = fresh("GET", "/journal/webhooks").json()["items"]
    kept = fresh("GET", f"/journal/webhooks/{entry['id']}").json()
    assert b64decode(kept["body_base64"]) == body
    assert kept["headers"]["content-type"] == content_type


def test_a_storm_of_one_delivery_is_one_entry(fresh: Shop, number: str, ask: Client) -> None:
    path = urlsplit(fresh.connect(number=number)["webhook_url"]).path
    headers = {SIGNATURE: sign("s", b"kraa")}
    answers = ask.many(50, "POST", path, content=b"kraa", headers=headers)
    assert {(a.status_code, a.content) for a in answers} == {(200, b"PARROT OK")}
    assert len(fresh("GET", "/journal/webhooks").json()["items"]) == 1


def test_an_account_is_connected_once(fresh: Shop, number: str) -> None:
    made = fresh.connect(number=number)
    settings = {"number": number, "api_key": "k"}
    again = fresh("POST", "/integrations/parrot/connect", {"settings": settings})
    is_problem(again, 409)
    fresh("DELETE", f"/integrations/installations/{made['id']}")
    fresh.connect(number=number)


def test_a_vendor_that_is_away_can_be_tried_later(fresh: Shop, number: str) -> None:
    settings = {"number": number, "api_key": "away"}
    answer = fresh("POST", "/integrations/parrot/connect", {"settings": settings})
    is_problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0


def test_an_unknown_vendor_is_not_found(fresh: Shop) -> None:
    is_problem(fresh("GET", "/integrations/toucan"), 404)
    is_problem(fresh("POST", "/integrations/toucan/connect", {"settings": {}}), 404)


def test_a_change_names_the_version_that_it_saw(fresh: Shop, number: str) -> None:
    path = f"/integrations/installations/{fresh.connect(number=number)['id']}"
    seen = fresh("GET", path).headers["etag"]
    change = {"settings": {"number": number, "api_key": "new", "signing_secret": "***"}}
    is_problem(fresh("PUT", path, change), 428)
    is_problem(fresh("PUT", path, change, {"If-Match": '"7"'}), 412)
    changed = fresh("PUT", path, change, {"If-Match": seen})
    assert changed.status_code == 200
    assert changed.headers["etag"] != seen
    is_problem(fresh("PUT", path, change, {"If-Match": seen}), 412)


def test_a_secret_that_is_sent_back_masked_still_opens(fresh: Shop, number: str) -> None:
    made = fresh.connect(number=number)
    path = f"/integrations/installations/{made['id']}"
    settings = fresh("GET", path).json()["settings"]
    fresh("PUT", path, {"settings": settings}, {"If-Match": '"1"'})
    assert fresh.deliver(made["webhook_url"], b"kraa").status_code == 200


def test_a_rotated_address_replaces_the_old_one_at_once(fresh: Shop, number: str) -> None:
    made = fresh.connect(number=number)
    assert fresh.deliver(made["webhook_url"], b"1").status_code == 200
    rotated = fresh("POST", f"/integrations/installations/{made['id']}/rotate-hook").json()
    assert fresh.deliver(made["webhook_url"], b"2").status_code == 404
    assert fresh.deliver(rotated["webhook_url"], b"3").status_code == 200


def test_what_is_switched_off_takes_nothing_in(fresh: Shop, number: str) -> None:
    made = fresh.connect(number=number)
    path = f"/integrations/installations/{made['id']}"
    assert fresh.deliver(made["webhook_url"], b"1").status_code == 200
    assert fresh("POST", f"{path}/disable").json()["state"] == "disabled"
    assert fresh.deliver(made["webhook_url"], b"2").status_code == 404
    assert fresh("POST", f"{path}/enable").json()["state"] == "active"
    assert fresh.deliver(made["webhook_url"], b"3").status_code == 200
    assert fresh("DELETE", path).status_code == 204
    assert fresh.deliver(made["webhook_url"], b"4").status_code == 404
    is_problem(fresh("GET", path), 404)


def test_the_operator_opens_a_door_for_a_whole_app(ask: Client, house: House) -> None:
    operator = house.operator()
    path, body = "/api/v1/integrations/parrot/app", {"settings": {"app_secret": "of the app"}}
    made = ask("POST", path, key=operator, json=body)
    assert made.status_code == 201
    door = urlsplit(made.json()["webhook_url"]).path
    assert door == "/api/v1/integrations/parrot/webhook"
    headers = {SIGNATURE: sign("of the app", b"kraa")}
    assert ask("POST", door, content=b"kraa", headers=headers).status_code == 200
    assert ask("POST", door, content=b"kraa").status_code == 401
    challenge = ask("GET", f"{door}?token=of%20the%20app&challenge=99")
    assert (challenge.status_code, challenge.content) == (200, b"99")
    [entry] = ask("GET", "/api/v1/journal/webhooks", key=operator).json()["items"]
    assert entry["plugin"] == "parrot"


def test_only_the_operator_sees_what_the_app_wide_door_asks_for(
    ask: Client, house: House, fresh: Shop
) -> None:
    path = "/integrations/parrot/settings-schema"
    assert fresh("GET", path).json()["app"] is None
    assert "app_settings_schema" not in fresh("GET", "/integrations/parrot").json()
    told = ask("GET", f"/api/v1{path}", key=house.operator()).json()
    assert "app_secret" in told["app"]["properties"]


def test_the_catalogue_says_what_each_vendor_is(it: Shop) -> None:
    said = it("GET", "/integrations").json()
    parrot = next(i for i in said["items"] if i["id"] == "parrot")
    assert parrot["families"] == ["channel"]
    assert parrot["connections"] == 1
    assert parrot["summary"] == {"en": "Says it again.", "tr": "Tekrar eder."}
    assert parrot["settings_schema"]["properties"]["api_key"]["writeOnly"] is True


def test_a_shop_is_polled_when_asked_to(it: Shop) -> None:
    market = it.tenant.things["market"]
    answer = it("POST", f"/integrations/installations/{market}/sync")
    assert answer.status_code == 202
    assert {s["stream"] for s in answer.json()["streams"]} == {"orders", "claims", "questions"}
    parrot = it.tenant.things["parrot"]
    is_problem(it("POST", f"/integrations/installations/{parrot}/sync"), 409)


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


def test_an_intent_of_ones_own_comes_and_goes(fresh: Shop) -> None:
    rule = {"title": "Hediye paketi", "examples": [f"hediye {n}" for n in range(5)]}
    made = fresh("PUT", "/ai/intents/gift_wrap", rule)
    assert (made.status_code, made.json()["own"]) == (200, True)
    changed = fresh("PUT", "/ai/intents/gift_wrap", {"autonomous": True}).json()
    assert (changed["autonomous"], changed["examples"]) == (True, made.json()["examples"])
    assert fresh("DELETE", "/ai/intents/gift_wrap").status_code == 204
    names = [i["name"] for i in fresh("GET", "/ai/intents").json()["items"]]
    assert "gift_wrap" not in names
    is_problem(fresh("DELETE", "/ai/intents/gift_wrap"), 404)
    is_problem(fresh("PUT", "/ai/intents/gift_wrap", {"autonomous": True}), 422)


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


def test_every_answer_names_its_request(ask: Client) -> None:
    given = ask("GET", "/api/v1/tenant", headers={"X-Request-ID": "from-the-console-1"})
    assert given.headers["x-request-id"] == "from-the-console-1"
    odd = ask("GET", "/api/v1/tenant", headers={"X-Request-ID": b"one two\xe9 three"})
    assert "two" not in odd.headers["x-request-id"]


def test_the_documentation_needs_nothing_from_elsewhere(ask: Client) -> None:
    page = ask("GET", "/api/docs")
    assert page.status_code == 200
    assert "http" not in page.text.replace("https://house.example", "")
    for path in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
        assert ask("GET", f"/api/docs/{path}").status_code == 200
    assert ask("GET", "/api/openapi.json").json()["info"]["title"] == "Invekto"


def test_the_house_says_whether_it_can_work(ask: Client, house: House) -> None:
    assert ask("GET", "/healthz").json() == {"status": "ok"}
    assert ask("GET", "/readyz").status_code == 200
    house.broken.add("database")
    unready = ask("GET", "/readyz")
    assert unready.status_code == 503
    assert unready.json() == {"status": "unready", "checks": {"database": "failed"}}
    assert ask("GET", "/healthz").status_code == 200
    house.broken.clear()
    assert 'invekto_inbox_rows{state="received"} 3.0' in ask("GET", "/metrics").text
    is_problem(ask("POST", "/healthz"), 405)
