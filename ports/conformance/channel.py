"""The promises of ports.families.channel: Channel and its optional powers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from ports.conformance.base import attempt, build, not_offered, raw
from ports.conformance.faults import SENDING, FamilyContract, provoke
from ports.errors import AuthRejected, Ignored, OutcomeUnknown, Rejected, WindowClosed
from ports.events import Event
from ports.families.channel import (
    Body,
    Channel,
    Choice,
    DeliveryReported,
    FetchesMedia,
    FindsSent,
    Identity,
    LimitsReplies,
    MarksRead,
    MediaKind,
    MessageRef,
    Outgoing,
    OutgoingChoices,
    OutgoingMedia,
    OutgoingTemplate,
    OutgoingText,
    SendsCodes,
    SendsTemplates,
    SettlesByReport,
)
from ports.manifest import Context, Manifest
from ports.sandbox import Fault, Sandbox
from ports.values import IdempotencyKey
from ports.webhooks import RawWebhook, Splits

HELLO = OutgoingText("Merhaba! Siparişiniz yola çıktı, iyi günler dileriz. 🚚")
CHOICES = OutgoingChoices("Bedeninizi seçin:", tuple(Choice(f"size_{s}", s) for s in "SML"))
IMAGE = OutgoingMedia(MediaKind.IMAGE, "https://example.org/kışlık-çizme.jpg", "Çizme")

Sent = Callable[[], Sequence[object]]


class ChannelContract(FamilyContract):
    """Wanted: `outgoing_to`; for optional powers `closed_to`, `known_media_ref`, …"""

    family = "channel"

    @pytest.fixture
    def channel(self, port: Any) -> Channel:
        built: Channel = port
        return built

    @pytest.fixture
    def bad_recipient(self, outgoing_to: Identity) -> Identity:
        return dataclasses.replace(outgoing_to, value="0")

    @pytest.fixture
    def too_long_text(self) -> str:
        return "ş" * 100_000

    @pytest.fixture
    def sent(self, sandbox: Sandbox) -> Sent:
        """What the vendor took from us, one entry a message."""
        return lambda: list(sandbox.control("sent"))

    @pytest.fixture
    def owed_events(
        self, request: pytest.FixtureRequest, manifest: Manifest, context: Context, sandbox: Sandbox
    ) -> Callable[[], list[Event]]:
        """Takes what the sandbox owes us and reads it, as the house would."""
        if manifest.webhooks is not None:
            reader = manifest.webhooks(context)
        else:
            reader = build(manifest, "app_webhooks", request.getfixturevalue("app_context"))

        def read() -> list[Event]:
            events: list[Event] = []
            for webhook in map(raw, sandbox.deliveries.take()):
                parts = reader.split(webhook) if isinstance(reader, Splits) else None
                bodies = [p.body for p in parts] if parts is not None else [webhook.body]
                for body in bodies:
                    try:
                        events.extend(reader.read(RawWebhook(body, webhook.headers)))
                    except Ignored:
                        continue
            return events

        return read

    # --- sending ---------------------------------------------------------------------------

    def test_a_message_is_accepted_and_named(
        self, channel: Channel, outgoing_to: Identity, sent: Sent
    ) -> None:
        ref = channel.send(Outgoing(outgoing_to, HELLO), key=IdempotencyKey("key-1"))
        assert isinstance(ref, MessageRef)
        assert ref.id, "the vendor's id of the message"
        assert len(sent()) == 1

    def test_two_keys_send_two_messages(
        self, channel: Channel, outgoing_to: Identity, sent: Sent
    ) -> None:
        """The key names the effect, not the text: the same words may be meant twice."""
        refs = {send(channel, outgoing_to, key=f"key-{n}").id for n in range(2)}
        assert len(refs) == 2
        assert len(sent()) == 2

    def test_the_same_key_sends_once(
        self, channel: Channel, outgoing_to: Identity, sent: Sent
    ) -> None:
        if isinstance(channel, FindsSent | SettlesByReport):
            not_offered("a vendor that knows keys: doubts are settled otherwise")
        first = send(channel, outgoing_to)
        assert send(channel, outgoing_to) == first, "the same key gives the same message"
        assert len(sent()) == 1, "the same key never sends twice"

    def test_a_lost_answer_is_outcome_unknown_and_can_be_settled(
        self,
        request: pytest.FixtureRequest,
        channel: Channel,
        outgoing_to: Identity,
        sandbox: Sandbox,
        sent: Sent,
    ) -> None:
        """By asking for the key, by a report that carries it, or by sending it again."""
        key = IdempotencyKey("key-lost")
        sandbox.faults.add(Fault.LOST_ANSWER, path=self.fault_path)
        with pytest.raises(OutcomeUnknown):
            send(channel, outgoing_to, key=key)
        if isinstance(channel, FindsSent):
            assert channel.find_sent(key) is not None, "the message left: find_sent says so"
        elif isinstance(channel, SettlesByReport):
            assert channel.settles_within > timedelta(0)
            events = request.getfixturevalue("owed_events")()
            keys = [e.key for e in events if isinstance(e, DeliveryReported)]
            assert key in keys, f"no report brought the key back: {keys}"
        else:
            send(channel, outgoing_to, key=key)
        assert len(sent()) == 1, "the message left once"

    def test_a_lost_request_is_outcome_unknown_and_sends_nothing(
        self, channel: Channel, outgoing_to: Identity, sandbox: Sandbox, sent: Sent
    ) -> None:
        key = IdempotencyKey("key-lost")
        sandbox.faults.add(Fault.LOST_REQUEST, path=self.fault_path)
        with pytest.raises(OutcomeUnknown):
            send(channel, outgoing_to, key=key)
        if isinstance(channel, FindsSent):
            assert channel.find_sent(key) is None, "it never arrived"
        assert not sent()

    @pytest.mark.parametrize("fault", SENDING)
    def test_a_failing_vendor_is_the_right_error(
        self, channel: Channel, outgoing_to: Identity, sandbox: Sandbox, fault: Fault, sent: Sent
    ) -> None:
        """What may have happened is OutcomeUnknown; only what did not happen is Transient."""
        sandbox.faults.add(fault, path=self.fault_path)
        provoke(lambda: send(channel, outgoing_to), SENDING[fault], fault)
        assert len(sent()) <= 1, "a plugin never repeats a call by itself"
        send(channel, outgoing_to, key="key-after")

    # --- refusals --------------------------------------------------------------------------

    def test_too_long_a_text_is_rejected_with_its_field(
        self, channel: Channel, outgoing_to: Identity, too_long_text: str, sent: Sent
    ) -> None:
        refused(channel, outgoing_to, OutgoingText(too_long_text))
        assert not sent()

    def test_a_bad_recipient_is_rejected_with_its_field(
        self, channel: Channel, bad_recipient: Identity, sent: Sent
    ) -> None:
        refused(channel, bad_recipient, HELLO)
        assert not sent()

    def test_an_unknown_template_is_rejected_with_its_field(
        self, channel: Channel, outgoing_to: Identity, sent: Sent
    ) -> None:
        refused(channel, outgoing_to, OutgoingTemplate("no_such_template", "tr", ("Ayşe",)))
        assert not sent()

    @pytest.mark.parametrize("body", [CHOICES, IMAGE], ids=["choices", "media"])
    def test_every_kind_of_body_is_sent_or_rejected_with_its_field(
        self, channel: Channel, outgoing_to: Identity, body: Body, sent: Sent
    ) -> None:
        answer = attempt(lambda: send(channel, outgoing_to, body), Rejected)
        if isinstance(answer, Rejected):
            assert answer.field, f"a rejection names the field: {answer}"
        assert len(sent()) == (0 if isinstance(answer, Rejected) else 1)

    def test_wrong_credentials_are_auth_rejected(
        self, manifest: Manifest, wrong_context: Context, outgoing_to: Identity
    ) -> None:
        channel = build(manifest, self.family, wrong_context)
        with pytest.raises(AuthRejected) as caught:
            send(channel, outgoing_to)
        assert "wrong-on-purpose" not in str(caught.value), "the error's text shows the secret"

    # --- optional powers -------------------------------------------------------------------

    def test_a_closed_window_takes_templates_only(
        self, request: pytest.FixtureRequest, channel: Channel, sent: Sent
    ) -> None:
        if not isinstance(channel, LimitsReplies):
            not_offered("LimitsReplies")
        assert channel.reply_window > timedelta(0)
        to = request.getfixturevalue("closed_to")
        with pytest.raises(WindowClosed):
            send(channel, to)
        assert not sent()
        if isinstance(channel, SendsTemplates):
            assert send(channel, to, _filled(channel.templates()[0])).id

    def test_approved_templates_can_be_sent(
        self, channel: Channel, outgoing_to: Identity, sent: Sent
    ) -> None:
        if not isinstance(channel, SendsTemplates):
            not_offered("SendsTemplates")
        templates = channel.templates()
        assert templates, "let the sandbox have an approved template"
        for number, template in enumerate(templates):
            assert template.name
            assert template.language
            send(channel, outgoing_to, _filled(template), key=f"key-{number}")
        assert len(sent()) == len(templates)

    def test_media_is_fetched_or_rejected(
        self, request: pytest.FixtureRequest, channel: Channel
    ) -> None:
        if not isinstance(channel, FetchesMedia):
            not_offered("FetchesMedia")
        file = channel.fetch(request.getfixturevalue("known_media_ref"))
        assert file.data
        assert "/" in file.mime
        with pytest.raises(Rejected):
            channel.fetch("no-such-media")

    def test_marking_read_twice_changes_nothing(
        self, request: pytest.FixtureRequest, channel: Channel, sent: Sent
    ) -> None:
        if not isinstance(channel, MarksRead):
            not_offered("MarksRead")
        message_id = request.getfixturevalue("received_message_id")
        channel.mark_read(message_id)
        channel.mark_read(message_id)
        assert not sent(), "marking as read sends no message"

    def test_a_code_is_accepted_and_named(
        self, channel: Channel, outgoing_to: Identity, sent: Sent
    ) -> None:
        if not isinstance(channel, SendsCodes):
            not_offered("SendsCodes")
        ref = channel.send_code(outgoing_to, "481516 is your code.", key=IdempotencyKey("code-1"))
        assert ref.id, "the vendor's id of the message"
        assert len(sent()) == 1


def send(channel: Channel, to: Identity, body: Body = HELLO, *, key: str = "key-1") -> MessageRef:
    return channel.send(Outgoing(to, body), key=IdempotencyKey(key))


def refused(channel: Channel, to: Identity, body: Body) -> None:
    """The send must be Rejected, and the rejection must name its field."""
    with pytest.raises(Rejected) as caught:
        send(channel, to, body)
    assert caught.value.field, f"a rejection names the field: {caught.value}"


def _filled(template: OutgoingTemplate) -> OutgoingTemplate:
    return dataclasses.replace(template, parameters=tuple("Ayşe" for _ in template.parameters))
