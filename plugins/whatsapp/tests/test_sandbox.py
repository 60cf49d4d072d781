"""The sandbox is as disorderly as the documents say, and only when it is told to be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from plugins.whatsapp.channel import WhatsAppChannel
from plugins.whatsapp.sandbox import WhatsAppSandbox
from plugins.whatsapp.webhooks import WhatsAppReader
from ports.conformance import StillClock, raw
from ports.errors import Unverified
from ports.events import Event
from ports.families.channel import (
    ConsentChanged,
    DeliveryReported,
    Identity,
    IdentityKind,
    MessageEchoed,
    MessageReceived,
    Outgoing,
    OutgoingText,
    SenderChanged,
    Text,
)
from ports.http import Request
from ports.values import IdempotencyKey

ISIL = "+905301234567"
Owed = Callable[[], list[Event]]


def send(channel: WhatsAppChannel, key: str = "out-1") -> str:
    to = Identity(IdentityKind.PHONE, ISIL)
    return channel.send(Outgoing(to, OutgoingText("Selam")), key=IdempotencyKey(key)).id


def states(events: list[Event]) -> list[str]:
    return [event.state.value for event in events if isinstance(event, DeliveryReported)]


@pytest.fixture
def _open_window(sandbox: WhatsAppSandbox) -> None:
    sandbox.control("customer_writes", from_phone=ISIL, text="Merhaba")
    sandbox.deliveries.take()


@pytest.mark.usefixtures("_open_window")
class TestStatuses:
    def test_held_back_they_come_when_released(
        self, sandbox: WhatsAppSandbox, channel: WhatsAppChannel, owed: Owed
    ) -> None:
        sandbox.control("statuses", hold=True)
        send(channel)
        assert states(owed()) == []
        sandbox.control("statuses", release=True)
        assert states(owed()) == ["sent", "delivered", "read"]
        send(channel)
        assert states(owed()) == ["sent", "delivered", "read"]

    def test_delivered_may_be_left_out(
        self, sandbox: WhatsAppSandbox, channel: WhatsAppChannel, owed: Owed
    ) -> None:
        sandbox.control("skip_delivered")
        send(channel)
        assert states(owed()) == ["sent", "read"]

    def test_the_next_message_fails_after_it_was_accepted(
        self, sandbox: WhatsAppSandbox, channel: WhatsAppChannel, owed: Owed
    ) -> None:
        sandbox.control("fail_next", code=131026)
        send(channel, "out-1")
        send(channel, "out-2")
        assert states(owed()) == ["failed", "sent", "delivered", "read"]
        assert [m["failed"] for m in sandbox.control("sent")] == [131026, None]

    def test_a_key_sent_twice_shows(
        self, sandbox: WhatsAppSandbox, channel: WhatsAppChannel
    ) -> None:
        ids = [send(channel, "out-1"), send(channel, "out-1"), send(channel, "out-2")]
        sent = sandbox.control("sent")
        assert [m["id"] for m in sent] == ids
        assert [m["times"] for m in sent] == [2, 2, 1]


def test_the_same_story_mints_the_same_ids() -> None:
    def story() -> list[str]:
        sandbox = WhatsAppSandbox(StillClock())
        return [
            sandbox.control("customer_writes", from_phone=ISIL, text=str(n))["wamid"]
            for n in range(3)
        ]

    assert story() == story()
    assert len(set(story())) == 3


def test_a_sandbox_born_later_mints_others(clock: StillClock) -> None:
    """A restarted sandbox must not repeat ids that the house has seen."""
    before = WhatsAppSandbox(clock).control("customer_writes", from_phone=ISIL, text="1")
    clock.moment = clock.moment.replace(hour=10)
    after = WhatsAppSandbox(clock).control("customer_writes", from_phone=ISIL, text="1")
    assert before["wamid"] != after["wamid"]


def test_a_message_can_be_of_any_type_id_and_time(sandbox: WhatsAppSandbox, owed: Owed) -> None:
    sandbox.control(
        "customer_writes",
        from_phone=ISIL,
        message={"type": "hologram", "hologram": {}},
        id="wamid.mine",
        at="2026-03-01T10:00:00",
    )
    [event] = owed()
    assert isinstance(event, MessageReceived)
    assert event.id == "wamid.mine"
    assert event.sent_at == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_a_late_message_does_not_close_the_window(
    sandbox: WhatsAppSandbox, channel: WhatsAppChannel, owed: Owed
) -> None:
    sandbox.control("customer_writes", from_phone=ISIL, text="şimdi")
    sandbox.control("customer_writes", from_phone=ISIL, text="eski", at="2026-02-01T10:00:00")
    sandbox.deliveries.take()
    send(channel)
    assert states(owed()) == ["sent", "delivered", "read"]


def test_people_and_the_owner_act_by_themselves(sandbox: WhatsAppSandbox, owed: Owed) -> None:
    sandbox.control("customer_prefers", from_phone=ISIL, value="stop")
    sandbox.control("customer_changes_number", from_phone=ISIL, to_phone="+905309998877")
    sandbox.control("owner_writes", to_phone="+905309998877", text="Buyurun")
    stopped, changed, echoed = owed()
    assert isinstance(stopped, ConsentChanged)
    assert not stopped.allowed
    assert isinstance(changed, SenderChanged)
    assert changed.before == stopped.sender.identities
    assert isinstance(echoed, MessageEchoed)
    assert echoed.content == Text("Buyurun")
    assert set(echoed.recipient.identities) <= set(changed.after)


def test_each_account_has_its_own_secret_and_address(
    sandbox: WhatsAppSandbox, reader: WhatsAppReader
) -> None:
    sandbox.control(
        "account",
        phone_number_id="550100200309999",
        app_secret="another-secret",
        callback_url="https://shop.example/hook",
    )
    sandbox.control(
        "customer_writes", phone_number_id="550100200309999", from_phone=ISIL, text="Selam"
    )
    [delivery] = sandbox.deliveries.take()
    assert delivery.url == "https://shop.example/hook"
    with pytest.raises(Unverified):
        reader.verify(raw(delivery))


def test_apps_are_not_merged_with_each_other(sandbox: WhatsAppSandbox) -> None:
    sandbox.control("account", phone_number_id="550100200309999", app_secret="another-secret")
    for number in ("550100200309999", None, None):
        sandbox.control("customer_writes", phone_number_id=number, from_phone=ISIL, text="Selam")
    assert sandbox.control("merge") == {"deliveries": 2}
    assert len(sandbox.deliveries.take()) == 2


@pytest.mark.parametrize(
    ("command", "arguments", "named"),
    [
        ("account", {"colour": "red"}, "colour"),
        ("customer_writes", {"from_phone": ISIL}, "text or message"),
        ("customer_writes", {"text": "kim?"}, "from_phone or user_id"),
        ("customer_writes", {"from_phone": ISIL, "text": "x", "phone_number_id": "1"}, "_id 1"),
        ("customer_prefers", {}, "customer_prefers.*from_phone"),
        ("media", {"data": "not base64!", "mime": "image/png"}, "base64"),
        ("statuses", {}, "hold=True or release=True"),
        ("window", {"refuses": "never"}, "at_once or later"),
    ],
)
def test_bad_arguments_are_named(
    sandbox: WhatsAppSandbox, command: str, arguments: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        sandbox.control(command, **arguments)
    assert not sandbox.deliveries.waiting


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 100),
        (b"[]", 100),
        (b'{"to":"905301234567"}', 131008),
        (b'{"messaging_product":"whatsapp","to":"905301234567","type":"poll"}', 131051),
        (b'{"messaging_product":"whatsapp","to":"x","type":"text","text":{"body":"x"}}', 131009),
    ],
)
def test_a_message_that_is_none_is_refused_with_graphs_code(
    sandbox: WhatsAppSandbox, body: bytes, code: int
) -> None:
    url = "https://graph.facebook.com/v26.0/550100200300401/messages"
    headers = {"Authorization": "Bearer sandbox-access-token"}
    response = sandbox.handle(Request("POST", url, headers, body))
    assert response.status == 400
    assert response.json()["error"]["code"].integer() == code
    assert sandbox.control("sent") == []
