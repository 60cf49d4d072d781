"""What Netgsm pushes, read leniently and dropped never."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.netgsm.mapping import FAULTS, STATES, moment
from plugins.netgsm.webhooks import NetgsmReader
from ports.conformance.strategies import PHONES
from ports.errors import ContractBroken, Unreadable
from ports.families.channel import (
    ConsentChanged,
    DeliveryReported,
    DeliveryState,
    Identity,
    IdentityKind,
    MessageReceived,
    Sender,
    Text,
)
from ports.webhooks import RawWebhook

Payload = Callable[[str], RawWebhook]
READER = NetgsmReader()


def form(**fields: str) -> RawWebhook:
    return RawWebhook(urlencode(fields).encode())


def heard(webhook: RawWebhook) -> MessageReceived:
    event = READER.read(webhook)[0]
    assert isinstance(event, MessageReceived)
    return event


def test_a_redirected_reply_is_a_message(payload: Payload) -> None:
    message = heard(payload("reply"))
    assert message.sender == Sender((Identity(IdentityKind.PHONE, "+905320000101"),))
    assert message.content == Text("Şu kazak M beden var mı?")
    assert message.sent_at == datetime(2026, 3, 2, 9, 5, 7, 310_000, tzinfo=UTC)


def test_letters_survive_the_turkish_code_page(payload: Payload) -> None:
    assert heard(payload("reply_in_turkish_code_page")).content == Text("Şu çizme kaç lira?")


def test_a_name_as_sender_is_kept(payload: Payload) -> None:
    [identity] = heard(payload("reply_from_a_name")).sender.identities
    assert identity == Identity(IdentityKind.VENDOR, "OPERATOR")


def test_red_is_heard_and_ends_consent(payload: Payload) -> None:
    message, consent = READER.read(payload("reply_stop"))
    assert isinstance(message, MessageReceived)
    assert isinstance(consent, ConsentChanged)
    assert (consent.sender, consent.allowed) == (message.sender, False)


@given(text=st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])), phone=PHONES)
def test_any_text_comes_through_a_form_unharmed(text: str, phone: str) -> None:
    at = "2026-03-02 12:00:00.000"
    message = heard(form(mesaj=text, ceptel=phone[3:], aboneno="850", gorevid="1", tarih=at))
    assert message.content == Text(text)
    assert message.sender.identities[0].value == phone


def test_the_same_message_by_both_ways_of_pushing_is_one() -> None:
    a = form(mesaj="Evet", ceptel="5320000101", aboneno="850", gorevid="1",
             tarih="2026-03-02 12:00:00.310")  # fmt: skip
    b = RawWebhook(
        b'{"message":"Evet","sender":"905320000101","receiver":"850",'
        b'"datetime":"02.03.2026 12:00:00"}'
    )
    assert heard(a).id == heard(b).id


@pytest.mark.parametrize(
    "change",
    [
        {"mesaj": "Hayır"},
        {"ceptel": "5320000102"},
        {"aboneno": "851"},
        {"tarih": "2026-03-02 12:00:01"},
    ],
)
def test_another_message_has_another_id(change: dict[str, str]) -> None:
    said = {"mesaj": "Evet", "ceptel": "5320000101", "aboneno": "850"}
    said["tarih"] = "2026-03-02 12:00:00"
    assert heard(form(**said)).id != heard(form(**{**said, **change})).id


def test_a_report_brings_job_state_moment_and_key(payload: Payload) -> None:
    assert READER.read(payload("report_delivered")) == [
        DeliveryReported(
            message_id="17724420000000000000000001",
            state=DeliveryState.DELIVERED,
            at=datetime(2026, 3, 2, 9, 0, 31, tzinfo=UTC),
            key="0f1d6f5e-aaaa-4000-8000-000000000001",
        )
    ]


def test_a_batch_tells_each_share_and_lets_a_strange_status_go(payload: Payload) -> None:
    reports = READER.read(payload("report_batch"))
    assert [
        (r.state, r.vendor_code, r.key) for r in reports if isinstance(r, DeliveryReported)
    ] == [
        (DeliveryState.SENT, None, None),
        (DeliveryState.FAILED, "15", None),
        (DeliveryState.FAILED, "3", None),
    ]
    assert "wrong number" in (reports[2].reason or "")  # type: ignore[attr-defined]


def test_what_was_not_delivered_is_dated_by_its_job(payload: Payload) -> None:
    failed = READER.read(payload("report_batch"))[1]
    assert isinstance(failed, DeliveryReported)
    assert failed.at == datetime.fromtimestamp(1_772_442_000, UTC)


@pytest.mark.parametrize("status", STATES)
def test_every_failure_says_why(status: str) -> None:
    [report] = READER.read(
        form(jobid="1", status=status, deliveredDate="02.03.2026 12:00:00", errorCode="0")
    )
    assert isinstance(report, DeliveryReported)
    assert (report.reason is not None) == (report.state is DeliveryState.FAILED)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_operators_reason_is_told(fault: str) -> None:
    [report] = READER.read(
        form(jobid="1", status="4", deliveredDate="02.03.2026 12:00:00", errorCode=fault)
    )
    assert isinstance(report, DeliveryReported)
    assert FAULTS[fault] in (report.reason or "")


def test_names_are_read_in_any_case() -> None:
    [report] = READER.read(
        form(JOBID="1", Status="1", DELIVEREDDATE="02.03.2026 12:00:00", ReferansId="k")
    )
    assert isinstance(report, DeliveryReported)
    assert (report.message_id, report.key) == ("1", "k")


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - told without zone
def test_both_ways_of_writing_a_moment_mean_the_same(at: datetime) -> None:
    at = at.replace(microsecond=0)
    assert moment(at.strftime("%Y-%m-%d %H:%M:%S")) == moment(at.strftime("%d.%m.%Y %H:%M:%S"))
    assert moment(at.strftime("%d.%m.%Y %H:%M:%S")).utcoffset() == timedelta(hours=3)


@pytest.mark.parametrize(
    "said", ["", "-", "01.01.0001 00:00:00", "9999-12-31T23:59:59-23:59", "2.3.2026 12:00:00"]
)
def test_what_is_no_moment_is_broken(said: str) -> None:
    with pytest.raises(ContractBroken):
        moment(said)


@pytest.mark.parametrize(
    "body", [b"", b"7", b"[7]", b'{"jobs":7}', b"mesaj=x&ceptel=&tarih=2026-03-02+12:00:00"]
)
def test_a_shape_that_we_do_not_know_is_kept_as_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        READER.read(RawWebhook(body))
