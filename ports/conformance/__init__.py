"""The conformance kit: inherit a Contract, hand it your plugin, and its promises are tested.

A test file of a plugin needs little more than this:

    from ports.conformance import CarrierContract, ManifestContract, WebhookContract, raw

    @pytest.fixture
    def manifest() -> Manifest:
        return MANIFEST

    class TestManifest(ManifestContract):
        pass

    class TestCarrier(CarrierContract):
        @pytest.fixture
        def known_tracking_number(self, sandbox): ...

        @pytest.fixture
        def unknown_state(self, sandbox): ...        # (number, the word that nobody knows)

    class TestWebhooks(WebhookContract):
        @pytest.fixture
        def a_signed_webhook(self, sandbox):
            sandbox.control("move", number="…", state="…")
            return raw(sandbox.deliveries.take()[0])

**Given.** Every Contract has these fixtures; override one *in the class* (not in the module) where
the default does not fit: `clock` (a StillClock), `settings` (`ports.settings.example` of the
manifest's settings: the sandbox accepts them), `sandbox`, `context`, `wrong_context` (every secret
wrong), `app_settings`, `app_context`. The class attribute `fault_path` narrows faults to requests
whose URL holds it (where a plugin first asks for a token).

**Wanted.** The kit asks for these by name; define them in the class, the module or a conftest.

    all                   manifest
    CarrierContract       known_tracking_number; unknown_state -> (number, vendor's word)
    ChannelContract       outgoing_to: Identity in an open window
                          bad_recipient: Identity                      (given: the value "0")
                          too_long_text: str                           (given: 100 000 letters)
                          sent() -> the vendor's list of what it took  (given: control("sent"))
                          owed_events() -> list[Event]: read what the sandbox owes us   (given)
                          closed_to: Identity, with LimitsReplies
                          known_media_ref: str, with FetchesMedia
                          received_message_id: str, with MarksRead
    MarketplaceContract   known_order_number; unknown_state -> (order number, vendor's word)
                          many_orders -> set[str]: made now, more than one page holds
                          change_an_order() -> str: change one now, say its number
                          since: datetime                              (given: a week ago)
                          many_claims, many_questions -> set[str], with ListsClaims/ListsQuestions
    LanguageModelContract refused_question: list[Turn]; spend_quota() -> None
    EmbedderContract      nothing
    UnderstandingContract nothing
    ManifestContract      nothing
    WebhookContract       a_signed_webhook: RawWebhook that the reader verifies
                          a_handshake: the vendor's genuine query, with Handshakes
                          proof_header = "x-api-key" where the proof is a header, not a signature
                          webhook_fixtures -> paths   (given: every file in fixtures/webhooks/)
                          delivery_of(path) -> RawWebhook              (given: no headers)
    SplitsContract        as WebhookContract, for app_webhooks; and
                          a_mixed_webhook: RawWebhook of several accounts
                          account_reader  (given: manifest.webhooks, else the app's own reader)

Files in `fixtures/webhooks/` are whole bodies as they came. Those whose name starts with `ignored`
or `unreadable` must be just that; each other one yields events, and together they yield exactly
the declared `webhook_events`.

Contract tests are not softened: one may be overridden only under
`@pytest.mark.xfail(reason="…")`, and none may be skipped. A connection opened during a contract
test fails it, unless the test is marked `sockets`.
"""
# ruff: noqa: E402 - pytest rewrites asserts only in modules that it is told of before their import

import pytest

pytest.register_assert_rewrite(
    *(
        f"ports.conformance.{name}"
        for name in (
            "base",
            "carrier",
            "channel",
            "faults",
            "manifest",
            "marketplace",
            "models",
            "paging",
            "secrecy",
            "shapes",
            "splits",
            "webhooks",
        )
    )
)

from ports.conformance.base import Contract, StillClock, raw
from ports.conformance.carrier import CarrierContract
from ports.conformance.channel import ChannelContract
from ports.conformance.manifest import ManifestContract
from ports.conformance.marketplace import MarketplaceContract
from ports.conformance.models import (
    EmbedderContract,
    LanguageModelContract,
    UnderstandingContract,
)
from ports.conformance.splits import SplitsContract
from ports.conformance.webhooks import WebhookContract

__all__ = [
    "CarrierContract",
    "ChannelContract",
    "Contract",
    "EmbedderContract",
    "LanguageModelContract",
    "ManifestContract",
    "MarketplaceContract",
    "SplitsContract",
    "StillClock",
    "UnderstandingContract",
    "WebhookContract",
    "raw",
]
