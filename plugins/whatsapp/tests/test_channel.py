"""Sending, templates, media and read marks over the sandbox."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from plugins.whatsapp.channel import WhatsAppChannel
from plugins.whatsapp.manifest import MANIFEST
from plugins.whatsapp.sandbox import WhatsAppSandbox
from plugins.whatsapp.settings import Settings
from ports.conformance import StillClock
from ports.errors import (
    AuthRejected,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Transient,
    WindowClosed,
)
from ports.events import Event
from ports.families.channel import (
    DeliveryReported,
    DeliveryState,
    Identity,
    IdentityKind,
    MessageReceived,
    Outgoing,
    OutgoingTemplate,
    OutgoingText,
)
from ports.manifest import Account, Context
from ports.sandbox import Fault, SandboxTransport
from ports.values import IdempotencyKey

ISIL = Identity(IdentityKind.PHONE, "+905301234567")
HELLO = OutgoingText("Siparişiniz yolda")

Owed = Callable[[], list[Event]]


@pytest.fixture
def open_window(sandbox: WhatsAppSandbox) -> None:
    sandbox.control("customer_writes", from_phone=ISIL.value, name="Işıl", text="Merhaba")
    sandbox.deliveries.take()


def send(channel: WhatsAppChannel, to: Identity = ISIL, key: str = "out-1") -> str:
    return channel.send(Outgoing(to, HELLO), key=IdempotencyKey(key)).id


@pytest.mark.usefixtures("open_window")
def test_what_is_sent_comes_back_as_reports_with_our_key(
    channel: WhatsAppChannel, owed: Owed
) -> None:
    wamid = send(channel, key="out-7")
    reports = [e for e in owed() if isinstance(e, DeliveryReported)]
    assert [r.state for r in reports] == [
        DeliveryState.SENT,
        DeliveryState.DELIVERED,
        DeliveryState.READ,
    ]
    assert {(r.message_id, r.key) for r in reports} == {(wamid, "out-7")}


def test_a_person_who_hides_their_phone_can_be_answered(
    channel: WhatsAppChannel, sandbox: WhatsAppSandbox, owed: Owed
) -> None:
    sandbox.control("customer_writes", user_id="TR.99", text="Merhaba")
    [message] = owed()
    assert isinstance(message, MessageReceived)
    [identity] = message.sender.identities
    send(channel, to=identity)
    assert [m["to"] for m in sandbox.control("sent")] == ["TR.99"]


def test_nobody_has_a_made_up_user_id(channel: WhatsAppChannel) -> None:
    with pytest.raises(Rejected) as caught:
        send(channel, to=Identity(IdentityKind.VENDOR, "TR.0"))
    assert (caught.value.field, caught.value.vendor_code) == ("to", "131026")


@pytest.mark.usefixtures("open_window")
def test_a_lost_answer_is_settled_by_the_report_that_carries_the_key(
    channel: WhatsAppChannel, sandbox: WhatsAppSandbox, owed: Owed
) -> None:
    sandbox.faults.add(Fault.LOST_ANSWER)
    with pytest.raises(OutcomeUnknown):
        send(channel, key="out-lost")
    [accepted] = sandbox.control("sent")
    assert (accepted["key"], accepted["times"]) == ("out-lost", 1)
    assert {r.key for r in owed() if isinstance(r, DeliveryReported)} == {"out-lost"}


@pytest.mark.parametrize("body", [b"{}", b'{"messages":[]}', b'{"messages":[{"id":7}]}'])
def test_an_accepted_message_without_a_name_is_in_doubt_and_not_sent_again(
    odd_channel: WhatsAppChannel, vendor: Any, body: bytes
) -> None:
    vendor.will_answer(body)
    with pytest.raises(OutcomeUnknown):
        send(odd_channel)
    assert len(vendor.asked) == 1


def test_after_24_hours_only_templates_pass(
    channel: WhatsAppChannel, sandbox: WhatsAppSandbox, clock: StillClock
) -> None:
    sandbox.control("window", refuses="at_once")
    sandbox.control("customer_writes", from_phone=ISIL.value, text="Merhaba")
    clock.advance(channel.reply_window - timedelta(seconds=1))
    send(channel)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(WindowClosed):
        send(channel)
    template = OutgoingTemplate("sohbete_devam", "tr")
    assert channel.send(Outgoing(ISIL, template), key=IdempotencyKey("out-2")).id


def test_a_closed_window_mostly_shows_after_the_message_was_accepted(
    channel: WhatsAppChannel, owed: Owed
) -> None:
    wamid = send(channel)
    [report] = owed()
    assert isinstance(report, DeliveryReported)
    assert (report.message_id, report.state) == (wamid, DeliveryState.FAILED)
    assert report.window_closed


@pytest.mark.usefixtures("open_window")
def test_too_many_messages_to_one_person_have_to_wait(
    channel: WhatsAppChannel, clock: StillClock
) -> None:
    for n in range(45):
        send(channel, key=f"out-{n}")
    with pytest.raises(RateLimited) as caught:
        send(channel, key="out-45")
    assert caught.value.retry_after == 16
    clock.advance(timedelta(seconds=caught.value.retry_after))
    send(channel, key="out-45")


def test_templates_that_cannot_be_filled_are_not_offered(channel: WhatsAppChannel) -> None:
    """Pending, with named values, with a picture in the header."""
    assert channel.templates() == [
        OutgoingTemplate("siparis_kargoda", "tr", ("1", "2")),
        OutgoingTemplate("order_shipped", "en", ("1", "2")),
        OutgoingTemplate("sohbete_devam", "tr"),
        OutgoingTemplate("hafta_sonu", "tr", ("1",)),
    ]


def test_templates_are_read_to_the_last_page(
    channel: WhatsAppChannel, sandbox: WhatsAppSandbox
) -> None:
    names = [f"duyuru_{n}" for n in range(205)]
    for name in names:
        sandbox.control("template", name=name, language="tr", body="Duyuru")
    assert [t.name for t in channel.templates()][-205:] == names


def test_a_list_of_templates_without_end_is_broken(
    odd_channel: WhatsAppChannel, vendor: Any
) -> None:
    paging = {"next": "https://graph.facebook.com/x", "cursors": {"after": "1"}}
    for _ in range(200):
        vendor.will_answer(data=[], paging=paging)
    with pytest.raises(ContractBroken, match="does not end"):
        odd_channel.templates()


@pytest.mark.parametrize(
    ("template", "field"),
    [
        (OutgoingTemplate("siparis_kargoda", "tr_TR", ("a", "b")), "name"),
        (OutgoingTemplate("siparis_kargoda", "tr", ("a",)), "parameters"),
        (OutgoingTemplate("isimli_kayit", "tr", ("a",)), "parameters"),
        (OutgoingTemplate("bekleyen_kayit", "tr", ("a",)), "name"),
    ],
)
def test_a_template_that_does_not_fit_is_rejected_with_its_field(
    channel: WhatsAppChannel, template: OutgoingTemplate, field: str
) -> None:
    with pytest.raises(Rejected) as caught:
        channel.send(Outgoing(ISIL, template), key=IdempotencyKey("out-1"))
    assert caught.value.field == field


def test_who_stopped_marketing_gets_none(
    channel: WhatsAppChannel, sandbox: WhatsAppSandbox
) -> None:
    sandbox.control("customer_prefers", from_phone=ISIL.value, value="stop")
    with pytest.raises(Rejected) as caught:
        channel.send(
            Outgoing(ISIL, OutgoingTemplate("hafta_sonu", "tr", ("Işıl",))),
            key=IdempotencyKey("out-1"),
        )
    assert caught.value.vendor_code == "131050"


def test_a_lost_read_mark_may_be_set_again(
    channel: WhatsAppChannel, sandbox: WhatsAppSandbox
) -> None:
    wamid = sandbox.control("customer_writes", from_phone=ISIL.value, text="Merhaba")["wamid"]
    sandbox.faults.add(Fault.LOST_ANSWER)
    with pytest.raises(Transient):
        channel.mark_read(wamid)
    channel.mark_read(wamid)
    assert set(sandbox.control("marked_read")) == {wamid}


def test_an_unknown_message_cannot_be_marked(channel: WhatsAppChannel) -> None:
    with pytest.raises(Rejected):
        channel.mark_read("wamid.unknown")


def context(sandbox: WhatsAppSandbox, settings: Settings, tmp_path: Path) -> Context:
    return Context(settings, SandboxTransport(sandbox), StillClock(), tmp_path)


def test_check_names_the_number_and_the_shop(
    sandbox: WhatsAppSandbox, settings: Settings, tmp_path: Path
) -> None:
    assert MANIFEST.check(context(sandbox, settings, tmp_path)) == Account(
        "550100200300401", "Deneme Mağazası +90 850 555 01 01"
    )


def test_check_tells_a_wrong_number_from_a_wrong_token(
    sandbox: WhatsAppSandbox, settings: Settings, tmp_path: Path
) -> None:
    wrong = dataclasses.replace(settings, phone_number_id="550100200300402")
    with pytest.raises(Rejected) as caught:
        MANIFEST.check(context(sandbox, wrong, tmp_path))
    assert caught.value.field == "phone_number_id"
    sandbox.control("account", phone_number_id="550100200300402", access_token="another")
    with pytest.raises(AuthRejected):
        MANIFEST.check(context(sandbox, wrong, tmp_path))
