"""What a status means, whatever the body."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from plugins.trendyol.client import Client
from plugins.trendyol.settings import ORDER_LISTS_PER_MINUTE, Settings
from ports.errors import (
    AuthRejected,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Transient,
    VendorError,
)
from ports.http import Request, Response
from ports.settings import Secret


@dataclass
class Answers:
    response: Response
    asked: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        return self.response


def read(settings: Settings, status: int, body: bytes = b"") -> VendorError:
    with pytest.raises(VendorError) as caught:
        Client(Answers(Response(status, {}, body)), settings).orders({})
    return caught.value


def test_every_call_says_who_calls(settings: Settings) -> None:
    vendor = Answers(Response(200, {}, b"{}"))
    mine = replace(settings, api_key=Secret("anahtar"), api_secret=Secret("gizli"))
    Client(vendor, mine).orders({"orderNumber": "ş&1"}, page=3)
    [request] = vendor.asked
    assert request.headers["User-Agent"] == "584120 - SelfIntegration"
    assert request.headers["Authorization"] == "Basic YW5haHRhcjpnaXpsaQ=="
    assert request.url == (
        "https://apigw.trendyol.com/integration/order/sellers/584120/v2/orders"
        "?orderNumber=%C5%9F%261&page=3&size=200"
    )


def test_stage_is_another_host(settings: Settings) -> None:
    vendor = Answers(Response(200, {}, b"[]"))
    Client(vendor, replace(settings, environment="stage")).webhooks()
    assert vendor.asked[0].url.startswith("https://stageapigw.trendyol.com/integration/webhook/")


@pytest.mark.parametrize(("tier", "calls"), ORDER_LISTS_PER_MINUTE.items())
def test_the_limit_of_the_order_list_follows_the_tier(
    settings: Settings, tier: str, calls: int
) -> None:
    client = Client(Answers(Response(200)), replace(settings, listing_tier=tier))
    assert client.orders_per_minute == calls


READS: list[tuple[int, type[VendorError]]] = [
    (301, ContractBroken),
    (400, Rejected),
    (401, AuthRejected),
    (403, AuthRejected),
    (404, Rejected),
    (409, Rejected),
    (414, Rejected),
    (426, ContractBroken),
    (429, RateLimited),
    (500, Transient),
    (502, Transient),
    (503, Transient),
    (504, Transient),
]
BODIES = [
    b"",
    b"<html>nginx</html>",
    b"[]",
    b"null",
    b'"no"',
    b'{"errors": []}',
    b'{"errors": ["no"]}',
    b'{"errors": [{"key": 7, "message": null}]}',
    b'{"exception": "BadRequestException"}',
    b'{"error": "Bad Request", "message": "Olmaz."}',
    b"\xff\xfe",
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("status", "kind"), READS)
def test_a_status_is_its_error_whatever_the_body(
    settings: Settings, status: int, kind: type[VendorError], body: bytes
) -> None:
    assert type(read(settings, status, body)) is kind


@pytest.mark.parametrize("body", [b"", b"<html>maintenance</html>", b'{"half": ', b"\xff"])
def test_a_happy_status_with_garbage_breaks_the_contract(settings: Settings, body: bytes) -> None:
    assert type(read(settings, 200, body)) is ContractBroken


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (
            b'{"exception":"X","errors":[{"key":"date.range","message":"14","errorCode":"400"}]}',
            "date.range",
            "14",
        ),
        (
            b'{"exception":"ClientApiAuthenticationException"}',
            "ClientApiAuthenticationException",
            "ClientApiAuthenticationException",
        ),
        (b'{"error":"Bad Request","message":"Olmaz."}', "Bad Request", "Olmaz."),
        (b"<html>edge</html>", None, "no explanation"),
    ],
)
def test_the_vendors_words_ride_along(
    settings: Settings, body: bytes, code: str | None, said: str
) -> None:
    error = read(settings, 400, body)
    assert error.vendor_code == code
    assert said in str(error)


def test_403_names_the_user_agent_and_the_path(settings: Settings) -> None:
    said = str(read(settings, 403))
    assert "584120 - SelfIntegration" in said
    assert "/integration/order/sellers/584120/v2/orders" in said


def test_429_asks_to_wait_for_the_window(settings: Settings) -> None:
    error = read(settings, 429)
    assert isinstance(error, RateLimited)
    assert error.retry_after == 10


def test_503_on_stage_is_the_ip_list_and_on_prod_a_bad_moment(settings: Settings) -> None:
    assert type(read(settings, 503)) is Transient
    error = read(replace(settings, environment="stage"), 503)
    assert type(error) is AuthRejected
    assert "IP" in str(error)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_change_that_met_a_vendors_fault_may_have_happened(
    settings: Settings, status: int
) -> None:
    with pytest.raises(OutcomeUnknown):
        Client(Answers(Response(status)), settings).create_webhook({})


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"id": null}'])
def test_a_webhook_made_without_telling_its_id_may_exist(settings: Settings, body: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        Client(Answers(Response(200, {}, body)), settings).create_webhook({})


def test_an_id_cannot_leave_its_path(settings: Settings) -> None:
    vendor = Answers(Response(404))
    Client(vendor, settings).delete_webhook("../../x?y")
    assert vendor.asked[0].url.endswith("/webhooks/..%2F..%2Fx%3Fy")
