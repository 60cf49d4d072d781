"""Connecting vendors through the API, from the catalogue to the first delivery."""

from __future__ import annotations

from base64 import b64decode
from urllib.parse import urlsplit

import pytest

from tests.api.asking import is_problem
from tests.api.client import Client
from tests.api.house import House
from tests.api.plugins import SIGNATURE, sign
from tests.api.shop import Shop


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
def test_any_body_arrives_byte_for_byte(fresh: Shop, number: str, ask: Client, name: str) -> None:
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
