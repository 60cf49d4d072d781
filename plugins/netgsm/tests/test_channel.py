"""Sending, one-time codes and the check over the sandbox."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from plugins.netgsm.channel import NetgsmChannel
from plugins.netgsm.manifest import MANIFEST
from plugins.netgsm.sandbox import NetgsmSandbox
from plugins.netgsm.settings import Settings
from plugins.netgsm.tests.answers import AYSE, Scripted, send
from ports.conformance import StillClock
from ports.errors import AuthRejected, OutcomeUnknown, RateLimited, Rejected
from ports.events import Event
from ports.families.channel import (
    DeliveryReported,
    DeliveryState,
    MessageReceived,
    SettlesByReport,
)
from ports.manifest import Account, Context
from ports.sandbox import Fault, SandboxTransport
from ports.values import IdempotencyKey

Owed = Callable[[], list[Event]]
KEY = IdempotencyKey("code-1")


def states(events: list[Event]) -> list[tuple[str, str | None]]:
    reports = [e for e in events if isinstance(e, DeliveryReported)]
    return [(report.state.value, report.vendor_code) for report in reports]


def test_what_is_sent_comes_back_as_a_report_with_our_key(
    channel: NetgsmChannel, owed: Owed
) -> None:
    job = send(channel, key="out-7")
    [report] = owed()
    assert isinstance(report, DeliveryReported)
    assert (report.message_id, report.key, report.state) == (job, "out-7", DeliveryState.DELIVERED)


def test_a_message_leaves_as_informational_with_ten_digits(
    odd_channel: NetgsmChannel, vendor: Scripted
) -> None:
    vendor.will_answer({"code": "00", "jobid": "1", "description": "queued"})
    send(odd_channel, "Işıl'a çizme", key="out-1")
    [request] = vendor.asked
    assert request.url == "https://api.netgsm.com.tr/sms/rest/v2/send"
    assert json.loads(request.body or b"") == {
        "msgheader": "ORNEKMGZ",
        "encoding": "TR",
        "iysfilter": "0",
        "referansID": "out-1",
        "messages": [{"msg": "Işıl'a çizme", "no": "5320000101"}],
    }


@pytest.mark.parametrize("answer", [{"code": "01", "jobid": "7"}, {"code": "02", "jobId": 7}])
def test_a_job_whose_dates_were_corrected_is_accepted(
    odd_channel: NetgsmChannel, vendor: Scripted, answer: dict[str, object]
) -> None:
    vendor.will_answer(answer)
    assert send(odd_channel) == "7"


@pytest.mark.parametrize("answer", [{"code": "00"}, {"code": "00", "jobid": None}])
def test_an_accepted_message_without_a_job_is_in_doubt_and_not_sent_again(
    odd_channel: NetgsmChannel, vendor: Scripted, answer: dict[str, object]
) -> None:
    vendor.will_answer(answer)
    with pytest.raises(OutcomeUnknown):
        send(odd_channel)
    assert len(vendor.asked) == 1


def test_a_doubt_is_settled_by_the_report_that_carries_the_key(
    channel: NetgsmChannel, sandbox: NetgsmSandbox, owed: Owed
) -> None:
    assert isinstance(channel, SettlesByReport)
    sandbox.faults.add(Fault.LOST_ANSWER)
    with pytest.raises(OutcomeUnknown):
        send(channel, key="out-lost")
    assert [e.key for e in owed() if isinstance(e, DeliveryReported)] == ["out-lost"]


def test_a_person_in_doubt_who_sends_again_within_the_hour_harms_nobody(
    channel: NetgsmChannel, clock: StillClock, owed: Owed
) -> None:
    """Netgsm takes the second job and drops its text; an hour later it would not."""
    send(channel)
    clock.advance(timedelta(minutes=59))
    send(channel)
    clock.advance(timedelta(hours=1))
    send(channel)
    assert states(owed()) == [("delivered", None), ("failed", "13"), ("delivered", None)]


def test_who_answers_red_gets_codes_only(
    channel: NetgsmChannel, sandbox: NetgsmSandbox, owed: Owed
) -> None:
    sandbox.control("customer_writes", from_phone=AYSE.value, text="red")
    owed()
    send(channel)
    channel.send_code(AYSE, "481516", key=KEY)
    assert states(owed()) == [("failed", "15"), ("delivered", None)]


def test_more_than_twenty_jobs_a_minute_to_one_number_have_to_wait(
    channel: NetgsmChannel, clock: StillClock
) -> None:
    for n in range(20):
        send(channel, f"Mesaj {n}")
    with pytest.raises(RateLimited) as caught:
        send(channel, "Mesaj 20")
    clock.advance(timedelta(seconds=caught.value.retry_after))
    send(channel, "Mesaj 20")


def test_a_reply_can_be_answered(
    channel: NetgsmChannel, sandbox: NetgsmSandbox, owed: Owed
) -> None:
    sandbox.control("customer_writes", from_phone=AYSE.value, text="Kargom nerede?")
    [message] = owed()
    assert isinstance(message, MessageReceived)
    send(channel, to=message.sender.identities[0])
    assert [job["to"] for job in sandbox.control("sent")] == ["5320000101"]


def test_a_code_goes_by_its_own_route(odd_channel: NetgsmChannel, vendor: Scripted) -> None:
    vendor.will_answer({"code": "00", "jobid": "9"})
    odd_channel.send_code(AYSE, "Kodunuz 481516", key=KEY)
    [request] = vendor.asked
    assert request.url == "https://api.netgsm.com.tr/sms/rest/v2/otp"
    assert json.loads(request.body or b"") == {
        "msgheader": "ORNEKMGZ",
        "msg": "Kodunuz 481516",
        "no": "5320000101",
    }


@pytest.mark.parametrize("text", ["Doğrulama kodunuz 1", "1" * 161, " "])
def test_a_code_that_is_long_empty_or_has_accents_is_rejected_unsent(
    channel: NetgsmChannel, sandbox: NetgsmSandbox, text: str
) -> None:
    with pytest.raises(Rejected) as caught:
        channel.send_code(AYSE, text, key=KEY)
    assert caught.value.field == "text"
    assert sandbox.control("sent") == []


def test_without_a_package_for_codes_a_person_must_act(
    channel: NetgsmChannel, sandbox: NetgsmSandbox
) -> None:
    sandbox.control("account", otp=False)
    with pytest.raises(AuthRejected) as caught:
        channel.send_code(AYSE, "481516", key=KEY)
    assert caught.value.vendor_code == "60"


def test_check_names_the_title_and_the_subscriber(
    sandbox: NetgsmSandbox, settings: Settings, tmp_path: Path
) -> None:
    context = Context(settings, SandboxTransport(sandbox), StillClock(), tmp_path)
    assert MANIFEST.check(context) == Account("8505550101", "ORNEKMGZ (8505550101)")


def test_check_finds_a_title_that_is_spelt_otherwise(
    sandbox: NetgsmSandbox, settings: Settings, tmp_path: Path
) -> None:
    other = dataclasses.replace(settings, msgheader="OrnekMgz")
    with pytest.raises(Rejected) as caught:
        MANIFEST.check(Context(other, SandboxTransport(sandbox), StillClock(), tmp_path))
    assert caught.value.field == "msgheader"
