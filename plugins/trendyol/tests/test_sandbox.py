"""The sandbox refuses what Trendyol refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from plugins.trendyol.sandbox import TrendyolSandbox
from plugins.trendyol.walk import millis
from ports.conformance import StillClock
from ports.http import Request, Response
from ports.sandbox import SandboxTransport

SELLER = "584120"
DAY = 86_400_000
Happen = Callable[..., Any]
Ask = Callable[..., Response]


@pytest.fixture
def ask(sandbox: TrendyolSandbox) -> Ask:
    """One raw call; keyword arguments are the query."""
    return lambda path, **query: call(sandbox, path, query)


def call(
    sandbox: TrendyolSandbox,
    path: str,
    query: dict[str, Any],
    *,
    method: str = "GET",
    body: object = None,
    **headers: str | None,
) -> Response:
    proof = "Basic c2FuZGJveC1hcGkta2V5OnNhbmRib3gtYXBpLXNlY3JldA=="
    own = {"Authorization": proof, "User-Agent": f"{SELLER} - SelfIntegration"} | headers
    url = f"https://apigw.trendyol.com/integration/{path.format(s=SELLER)}?{urlencode(query)}"
    kept = {name: value for name, value in own.items() if value is not None}
    content = None if body is None else json.dumps(body).encode()
    return SandboxTransport(sandbox).send(Request(method, url, kept, content))


ORDERS = "order/sellers/{s}/v2/orders"
STREAM = "order/sellers/{s}/orders/stream"
HOOKS = "webhook/sellers/{s}/webhooks"


@pytest.mark.parametrize("agent", [None, "", "python-requests/2.32", f"{SELLER} - Has Spaces"])
def test_no_or_a_bad_user_agent_is_403(sandbox: TrendyolSandbox, agent: str | None) -> None:
    assert call(sandbox, ORDERS, {}, **{"User-Agent": agent}).status == 403


def test_wrong_keys_are_401_with_the_documented_name(sandbox: TrendyolSandbox) -> None:
    refused = call(sandbox, ORDERS, {}, Authorization="Basic bm86bm8=")
    assert refused.status == 401
    assert refused.json()["exception"].text() == "ClientApiAuthenticationException"


def test_another_seller_is_404_and_the_first_version_is_426(ask: Ask) -> None:
    assert ask("order/sellers/1/v2/orders").status == 404
    assert ask("order/sellers/{s}/orders").status == 426


def test_the_51st_call_in_ten_seconds_is_429_per_endpoint(ask: Ask, clock: StillClock) -> None:
    assert [ask(ORDERS).status for _ in range(51)] == [200] * 50 + [429]
    assert ask(STREAM).status == 200
    clock.advance(timedelta(seconds=10))
    assert ask(ORDERS).status == 200


def test_a_sellers_tier_limits_the_order_list_by_the_minute(clock: StillClock) -> None:
    sandbox = TrendyolSandbox(clock, orders_per_minute=3)
    assert [call(sandbox, ORDERS, {}).status for _ in range(4)] == [200, 200, 200, 429]
    assert call(sandbox, STREAM, {}).status == 200
    clock.advance(timedelta(minutes=1))
    assert call(sandbox, ORDERS, {}).status == 200


def test_windows_longer_or_older_than_allowed_are_400(ask: Ask, clock: StillClock) -> None:
    now = millis(clock.now())
    longest = {"startDate": now - 14 * DAY, "endDate": now}
    assert ask(ORDERS, **longest).status == 200
    assert ask(ORDERS, **longest | {"startDate": now - 14 * DAY - 1}).status == 400
    assert ask(ORDERS, startDate=now - 31 * DAY, endDate=now - 30 * DAY).status == 400
    old = {"lastModifiedStartDate": now - 89 * DAY, "lastModifiedEndDate": now - 80 * DAY}
    assert ask(STREAM, **old).status == 200
    assert ask(STREAM, **old | {"lastModifiedStartDate": now - 91 * DAY}).status == 400


def test_results_beyond_ten_thousand_are_429(ask: Ask) -> None:
    assert ask(ORDERS, page=49, size=200).status == 200
    beyond = ask(ORDERS, page=50, size=200)
    assert beyond.status == 429
    [error] = beyond.json()["errors"].each()
    assert error["key"].text() == "too.many.requests"
    assert ask(ORDERS, size=201).status == 400


def test_without_dates_the_list_holds_a_week(ask: Ask, clock: StillClock, happen: Happen) -> None:
    number = happen("order", placed_at=clock.now() - timedelta(days=8))["orderNumber"]
    assert ask(ORDERS, orderNumber=number).json()["totalElements"].integer() == 0
    recent = happen("order", placed_at=clock.now() - timedelta(days=6))["orderNumber"]
    assert ask(ORDERS, orderNumber=recent).json()["totalElements"].integer() == 1


def test_packages_are_filtered_by_id_and_status(ask: Ask, happen: Happen) -> None:
    first, second = happen("order"), happen("order", status="Shipped")
    ids = f"{first['shipmentPackageId']},{second['shipmentPackageId']}"
    assert ask(ORDERS, shipmentPackageIds=ids).json()["totalElements"].integer() == 2
    both = ask(ORDERS, shipmentPackageIds=ids, status="Shipped").json()["content"].each()
    assert [p["orderNumber"].text() for p in both] == [second["orderNumber"]]
    assert ask(ORDERS, shipmentPackageIds=",".join(["1"] * 51)).status == 400


def test_the_stream_is_newest_first_and_its_cursor_keeps_its_filters(
    ask: Ask, clock: StillClock, happen: Happen
) -> None:
    made = []
    for _ in range(3):
        clock.advance(timedelta(seconds=1))
        made.append(happen("order")["orderNumber"])
    window = {"lastModifiedStartDate": millis(clock.now()) - DAY}
    window["lastModifiedEndDate"] = millis(clock.now())
    first = ask(STREAM, size=2, **window).json()
    assert [p["orderNumber"].text() for p in first["content"].each()] == made[:0:-1]
    cursor = first["nextCursor"].text()
    last = ask(STREAM, size=2, nextCursor=cursor, **window).json()
    assert [p["orderNumber"].text() for p in last["content"].each()] == made[:1]
    assert not last["hasMore"].boolean()
    window["lastModifiedEndDate"] -= 1
    assert ask(STREAM, size=2, nextCursor=cursor, **window).status == 400


def test_an_order_is_shaped_and_dated_as_trendyols(
    ask: Ask, clock: StillClock, happen: Happen
) -> None:
    ordered = happen("order")
    answer = ask(ORDERS)
    [package] = answer.json()["content"].each()
    shift = package["orderDate"].integer() - package["packageHistories"].raw[0]["createdDate"]
    assert shift == 3 * 3_600_000
    assert package["lastModifiedDate"].epoch_millis() == clock.now()
    number = re.search(rb'"cargoTrackingNumber": (\d+)', answer.body)
    assert number is not None
    assert number[1].decode() == ordered["cargoTrackingNumber"]
    assert int(number[1]) > 10**15


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"url": "nowhere", "authenticationType": "API_KEY", "apiKey": "k"},
        {"url": "https://a.example", "authenticationType": "NONE"},
        {"url": "https://a.example", "authenticationType": "API_KEY", "apiKey": ""},
        {"url": "https://a.example", "authenticationType": "API_KEY", "apiKey": "k",
         "subscribedStatuses": ["Shipped"]},
    ],
)  # fmt: skip
def test_a_webhook_that_makes_no_sense_is_400(sandbox: TrendyolSandbox, body: object) -> None:
    assert call(sandbox, HOOKS, {}, method="POST", body=body).status == 400


def test_a_webhook_hears_only_what_it_asked_for_and_proves_itself_by_basic_too(
    sandbox: TrendyolSandbox, happen: Happen
) -> None:
    wanted = {
        "url": "https://a.example",
        "authenticationType": "BASIC_AUTHENTICATION",
        "username": "u",
        "password": "p",
        "subscribedStatuses": ["AT_COLLECTION_POINT"],
    }
    assert call(sandbox, HOOKS, {}, method="POST", body=wanted).status == 200
    package = happen("order")["shipmentPackageId"]
    happen("status", package_id=package, status="AtCollectionPoint")
    [delivery] = sandbox.deliveries.take()
    assert delivery.headers["Authorization"] == "Basic dTpw"
    [told] = call(sandbox, HOOKS, {}).json().each()
    assert told["password"].raw is None


def test_an_outage_posts_nothing_then_or_later(
    sandbox: TrendyolSandbox, happen: Happen, ask: Ask
) -> None:
    wanted = {"url": "https://a.example", "authenticationType": "API_KEY", "apiKey": "k"}
    call(sandbox, HOOKS, {}, method="POST", body=wanted)
    sandbox.control("webhooks_off", off=True)
    happen("order")
    sandbox.control("webhooks_off", off=False)
    assert sandbox.deliveries.take() == []
    assert ask(ORDERS).json()["totalElements"].integer() == 1
    happen("order")
    assert len(sandbox.deliveries.take()) == 1


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("order", {"seller_id": "1"}),
        ("order", {"seller_id": SELLER, "colour": "red"}),
        ("order", {"seller_id": SELLER, "lines": [{"title": "Kazak"}]}),
        ("order", {"seller_id": SELLER, "lines": [{"title": "Kazak", "price": "ucuz"}]}),
        ("order", {"seller_id": SELLER, "placed_at": "2026-03-01T10:00:00"}),
        ("order", {"seller_id": SELLER, "placed_at": "dün"}),
        ("status", {"seller_id": SELLER, "package_id": 1, "status": "Shipped"}),
        ("split", {"seller_id": SELLER}),
        ("seller", {"seller_id": "abc", "api_key": "k", "api_secret": "s"}),
        ("__init__", {"seller_id": SELLER}),
        ("_move", {"seller_id": SELLER}),
    ],
)
def test_a_command_that_makes_no_sense_is_a_value_error(
    sandbox: TrendyolSandbox, command: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        sandbox.control(command, **arguments)


def test_what_a_command_answers_is_json(happen: Happen) -> None:
    lines = [{"title": "Kilim", "price": 1200}, {"title": "Kilim Altlığı", "price": 90.5}]
    ordered = happen("order", lines=lines, placed_at="2026-03-01T10:00:00+03:00")
    assert ordered["packageTotalPrice"] == "1290.50"
    parts = happen("split", package_id=ordered["shipmentPackageId"])
    claim = happen("claim", package_id=parts[0]["shipmentPackageId"])
    assert json.loads(json.dumps([ordered, parts, claim])) == [ordered, parts, claim]
