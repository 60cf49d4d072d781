"""The promises that every channel with webhooks makes."""

from __future__ import annotations

import pytest

from plugins.netgsm.manifest import MANIFEST
from ports.conformance import ChannelContract, ManifestContract, WebhookContract, raw
from ports.errors import Unverified
from ports.families.channel import Identity, IdentityKind
from ports.manifest import Manifest
from ports.sandbox import Sandbox
from ports.webhooks import RawWebhook, WebhookReader

UNSIGNED = "Netgsm signs nothing and sends no header of ours: the secret address is the proof"


@pytest.fixture
def manifest() -> Manifest:
    return MANIFEST


class TestManifest(ManifestContract):
    pass


class TestChannel(ChannelContract):
    @pytest.fixture
    def outgoing_to(self) -> Identity:
        return Identity(IdentityKind.PHONE, "+905320000101")


class TestWebhooks(WebhookContract):
    @pytest.fixture
    def a_signed_webhook(self, sandbox: Sandbox) -> RawWebhook:
        sandbox.control("customer_writes", from_phone="+905320000101", text="Merhaba! Işık 👋")
        return raw(sandbox.deliveries.take()[0])

    @pytest.mark.xfail(reason=UNSIGNED, raises=pytest.fail.Exception)
    def test_one_changed_byte_is_refused(
        self, reader: WebhookReader, a_signed_webhook: RawWebhook
    ) -> None:
        changed = b"M" + a_signed_webhook.body[1:]
        with pytest.raises(Unverified):
            reader.verify(RawWebhook(changed, a_signed_webhook.headers))

    @pytest.mark.xfail(reason=UNSIGNED, raises=pytest.fail.Exception)
    def test_a_cut_or_longer_body_is_refused(
        self, reader: WebhookReader, a_signed_webhook: RawWebhook
    ) -> None:
        with pytest.raises(Unverified):
            reader.verify(RawWebhook(a_signed_webhook.body + b" ", a_signed_webhook.headers))

    @pytest.mark.xfail(reason=UNSIGNED, raises=pytest.fail.Exception)
    def test_a_strangers_headers_are_unverified_and_never_another_error(
        self, reader: WebhookReader, a_signed_webhook: RawWebhook
    ) -> None:
        with pytest.raises(Unverified):
            reader.verify(RawWebhook(a_signed_webhook.body, {"user-agent": "ş"}))
