"""Idempotency-Key: one effect, one answer, however often and however much at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from core.delivery.outbox import OwedFilter
from tests.api.asking import is_problem
from tests.api.client import Client
from tests.api.house import House, Tenant
from tests.api.planted import plant

Send = Callable[..., httpx.Response]
TEXT = {"kind": "text", "text": "Yolda."}


@pytest.fixture
def send(ask: Client, shop: Tenant) -> Send:
    """Write to the shop's contact, by default under one key."""
    path = f"/api/v1/inbox/conversations/{shop.things['conversation']}/messages"

    def sent(body: Any = TEXT, key: str | None = "order-1-shipped") -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return ask("POST", path, key=shop.key, json=body, headers=headers)

    return sent


def owed(house: House, shop: Tenant) -> int:
    """How many messages we owe the channel."""
    with house.works(shop.id) as work:
        only = OwedFilter(installation_id=shop.things["parrot"])
        return len(work.outbox.list(only, cursor=None, limit=100).items)


def test_the_same_request_again_gets_the_same_bytes(house: House, shop: Tenant, send: Send) -> None:
    before = owed(house, shop)
    first, second = send(), send()
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert first.headers["content-type"] == second.headers["content-type"]
    assert owed(house, shop) == before + 1


def test_without_a_key_twice_is_twice(house: House, shop: Tenant, send: Send) -> None:
    before = owed(house, shop)
    assert send(key=None).json()["id"] != send(key=None).json()["id"]
    assert owed(house, shop) == before + 2


def test_the_key_with_another_body_is_refused(send: Send) -> None:
    send()
    said = is_problem(send({**TEXT, "text": "Geldi."}), 422)
    assert said["type"].endswith(":key-reused")


def test_one_key_serves_several_operations(ask: Client, shop: Tenant, send: Send) -> None:
    send()
    path = f"/api/v1/inbox/conversations/{shop.things['conversation']}/notes"
    headers = {"Idempotency-Key": "order-1-shipped"}
    answer = ask("POST", path, key=shop.key, json={"text": "Not."}, headers=headers)
    assert answer.status_code == 201


def test_keys_of_two_tenants_do_not_meet(
    ask: Client, house: House, shop: Tenant, send: Send
) -> None:
    other = plant(house)
    path = f"/api/v1/inbox/conversations/{other.things['conversation']}/messages"
    headers = {"Idempotency-Key": "order-1-shipped"}
    theirs = ask("POST", path, key=other.key, json=TEXT, headers=headers)
    assert theirs.status_code == 201
    assert send().json()["id"] != theirs.json()["id"]


def test_nobody_reads_what_another_was_answered(
    ask: Client, house: House, shop: Tenant, send: Send
) -> None:
    """The same key of somebody who may not do it is their own request."""
    assert send(key="shared").status_code == 201
    path = f"/api/v1/inbox/conversations/{shop.things['conversation']}/messages"
    told = {"key": shop.key_with("inbox.read"), "json": TEXT}
    is_problem(ask("POST", path, headers={"Idempotency-Key": "shared"}, **told), 403)
    before = owed(house, shop)
    told["key"] = shop.key_with("inbox.write")
    other = ask("POST", path, headers={"Idempotency-Key": "shared"}, **told)
    assert other.status_code == 201
    assert owed(house, shop) == before + 1


def test_a_refusal_is_not_kept_and_can_be_mended(send: Send) -> None:
    is_problem(send({"kind": "text", "text": " "}), 422)
    assert send().status_code == 201


def test_a_request_of_the_wrong_shape_does_not_use_the_key_up(send: Send) -> None:
    is_problem(send({"kind": "text"}), 400)
    assert send().status_code == 201


def test_of_twenty_at_once_one_is_run(ask: Client, house: House, shop: Tenant, send: Send) -> None:
    before = owed(house, shop)
    path = f"/api/v1/inbox/conversations/{shop.things['conversation']}/messages"
    headers = {"Authorization": f"Bearer {shop.key}", "Idempotency-Key": "at-once"}
    answers = ask.many(20, "POST", path, json=TEXT, headers=headers)
    done = [a for a in answers if a.status_code == 201]
    for answer in answers:
        if answer.status_code != 201:
            is_problem(answer, 409)
            assert int(answer.headers["retry-after"]) >= 1
    assert len({a.content for a in done}) == 1
    assert send(key="at-once").content == done[0].content
    assert owed(house, shop) == before + 1


def test_a_run_that_died_is_run_again_without_a_second_effect(
    house: House, shop: Tenant, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends between the effect and keeping the answer."""
    before = owed(house, shop)
    with monkeypatch.context() as broken:
        store = type(house.http.idempotency)
        broken.setattr(store, "finish", lambda *_: None)
        first = send()
    is_problem(send(), 409)
    house.clock.pass_(timedelta(minutes=2))
    again = send()
    assert again.status_code == 201
    assert again.json()["id"] == first.json()["id"]
    assert owed(house, shop) == before + 1


@pytest.mark.parametrize("key", ["ğ", "a b", "", "k" * 201])
def test_an_odd_key_is_refused(ask: Client, shop: Tenant, key: str) -> None:
    path = f"/api/v1/inbox/conversations/{shop.things['conversation']}/messages"
    headers = {"Idempotency-Key": key.encode()}
    answer = ask("POST", path, key=shop.key, json=TEXT, headers=headers)
    said = is_problem(answer, 400)
    assert said["errors"][0]["field"] == "Idempotency-Key"
