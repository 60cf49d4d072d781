"""The sandbox is as the documents say."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from plugins.netgsm.channel import NetgsmChannel
from plugins.netgsm.client import Client
from plugins.netgsm.refusals import QUERY, SEND
from plugins.netgsm.sandbox import NetgsmSandbox
from plugins.netgsm.tests.answers import AYSE, send
from ports.conformance import StillClock
from ports.errors import RateLimited, VendorError
from ports.events import Event
from ports.families.channel import MessageReceived, Text
from ports.http import Request
from ports.wild import Wild

_PAIR = base64.b64encode(b"8505550101:sandbox-password").decode()
LOGIN = {"authorization": f"Basic {_PAIR}"}
Owed = Callable[[], list[Event]]


def report(client: Client, *jobs: str, **more: Any) -> list[Wild]:
    return list(client.post("report", {"jobids": jobs, **more}, QUERY)["jobs"].each())


def code_of(call: Callable[[], object]) -> str | None:
    with pytest.raises(VendorError) as caught:
        call()
    return caught.value.vendor_code


def test_a_report_is_nothing_at_first_then_waiting_then_told(
    channel: NetgsmChannel, client: Client, clock: StillClock
) -> None:
    job = send(channel, key="out-1")
    assert code_of(lambda: report(client, job)) == "60"
    clock.advance(timedelta(minutes=1))
    assert [row["status"].integer() for row in report(client, job)] == [0]
    clock.advance(timedelta(minutes=2))
    [row] = report(client, job)
    assert row.raw == {
        "jobid": job,
        "number": "905320000101",
        "status": 1,
        "operator": 30,
        "msglen": 1,
        "deliveredDate": "02.03.2026 12:00:00",
        "errorCode": 0,
        "referansID": "out-1",
    }


def test_a_batch_has_one_job_and_a_result_for_each_number(
    client: Client, sandbox: NetgsmSandbox, clock: StillClock
) -> None:
    sandbox.control("fail_next", status=3, error_code=105)
    messages = [{"msg": "Merhaba", "no": f"532000010{n}"} for n in range(3)]
    answer = client.post("send", {"msgheader": "ORNEKMGZ", "messages": messages}, SEND)
    clock.advance(timedelta(hours=1))
    job = answer["jobid"].text()
    told = [(r["status"].integer(), r["errorCode"].integer()) for r in report(client, job)]
    assert told == [(3, 105), (1, 0), (1, 0)]
    assert len(report(client, job, pagenumber=1, pagesize=2)) == 1


def test_more_than_ten_report_queries_a_minute_are_refused(
    channel: NetgsmChannel, client: Client, clock: StillClock
) -> None:
    job = send(channel)
    clock.advance(timedelta(hours=1))
    for _ in range(10):
        report(client, job)
    with pytest.raises(RateLimited):
        report(client, job)


def test_a_push_goes_where_it_was_ordered_and_stops_when_it_is_deleted(
    channel: NetgsmChannel, client: Client, sandbox: NetgsmSandbox
) -> None:
    client.post("reportwebhook", {"webhookUrl": "https://house.example/hooks/t1"}, QUERY)
    send(channel)
    assert [d.url for d in sandbox.deliveries.take()] == ["https://house.example/hooks/t1"]
    url = "https://api.netgsm.com.tr/sms/rest/v2/reportwebhook"
    assert sandbox.handle(Request("DELETE", url, LOGIN)).ok
    send(channel, "Başka bir metin")
    assert sandbox.deliveries.take() == []


def test_an_empty_address_stops_a_push(channel: NetgsmChannel, sandbox: NetgsmSandbox) -> None:
    sandbox.control("account", report_url="")
    send(channel)
    assert sandbox.deliveries.take() == []


def test_reports_can_be_held_back(
    channel: NetgsmChannel, sandbox: NetgsmSandbox, owed: Owed
) -> None:
    sandbox.control("reports", hold=True)
    send(channel)
    assert owed() == []
    sandbox.control("reports", release=True)
    assert len(owed()) == 1


@pytest.mark.parametrize("push", ["form", "json"])
def test_a_reply_is_pushed_in_either_shape(sandbox: NetgsmSandbox, owed: Owed, push: str) -> None:
    sandbox.control(
        "customer_writes",
        from_phone=AYSE.value,
        text="Şu var mı? 👀",
        at="2026-03-01T10:00:00",
        push=push,
    )
    [message] = owed()
    assert isinstance(message, MessageReceived)
    assert message.content == Text("Şu var mı? 👀")
    assert message.sent_at.isoformat() == "2026-03-01T13:00:00+03:00"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "70"),
        (b"[]", "70"),
        (b"{}", "70"),
        (b'{"msgheader":"BASKA"}', "40"),
        (b'{"msgheader":"ORNEKMGZ","messages":[]}', "70"),
        (b'{"msgheader":"ORNEKMGZ","messages":[{"msg":"x","no":"+905320000101"}]}', "70"),
        (b'{"msgheader":"ORNEKMGZ","messages":[{"msg":"","no":"5320000101"}]}', "20"),
        (b'{"msgheader":"ORNEKMGZ","iysfilter":"11","messages":[]}', "51"),
    ],
)
def test_what_does_not_fit_is_refused_with_406_and_a_code_in_text(
    sandbox: NetgsmSandbox, body: bytes, code: str
) -> None:
    url = "https://api.netgsm.com.tr/sms/rest/v2/send"
    response = sandbox.handle(Request("POST", url, LOGIN, body))
    assert response.status == 406
    assert response.json()["code"].text() == code
    assert response.json().keys() == ("code", "jobid", "description")
    assert sandbox.control("sent") == []


@pytest.mark.parametrize("login", ["", "Basic", "Basic !", "Bearer x", "Basic ODUwOjE="])
def test_a_login_that_is_none_is_30(sandbox: NetgsmSandbox, login: str) -> None:
    url = "https://api.netgsm.com.tr/sms/rest/v2/msgheader"
    response = sandbox.handle(Request("GET", url, {"Authorization": login}))
    assert response.json()["code"].text() == "30"


def test_a_second_account_has_its_own_login_and_titles(sandbox: NetgsmSandbox, owed: Owed) -> None:
    sandbox.control("account", usercode="8505550202", password="x", msgheader="BASKA")
    sandbox.control("customer_writes", from_phone=AYSE.value, text="Selam", usercode="8505550202")
    assert len(owed()) == 1


@pytest.mark.parametrize(
    ("command", "arguments", "named"),
    [
        ("account", {"colour": "red"}, "colour"),
        ("customer_writes", {"text": "kim?"}, "from_phone"),
        ("customer_writes", {"from_phone": "1", "text": "x", "push": "smoke"}, "form or json"),
        ("customer_writes", {"from_phone": "1", "text": "x", "usercode": "850"}, "850"),
        ("fail_next", {"status": 77}, "77"),
        ("reports", {}, "hold=True or release=True"),
    ],
)
def test_bad_arguments_are_named(
    sandbox: NetgsmSandbox, command: str, arguments: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        sandbox.control(command, **arguments)
    assert not sandbox.deliveries.waiting
