"""The promises of ports.webhooks.Splits: one address for all tenants of an app."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given

from ports.conformance.base import LAWS, attempt, build
from ports.conformance.strategies import NOISE
from ports.conformance.webhooks import WebhookContract, outcome
from ports.errors import Unreadable
from ports.events import Event
from ports.manifest import Context, Manifest
from ports.webhooks import Part, RawWebhook, Splits, WebhookReader


class SplitsContract(WebhookContract):
    """Wanted, beside what WebhookContract wants: `a_mixed_webhook` of several accounts."""

    door = "app_webhooks"

    @pytest.fixture
    def door_context(self, app_context: Context) -> Context:
        return app_context

    @pytest.fixture
    def account_reader(
        self, manifest: Manifest, context: Context, reader: WebhookReader
    ) -> WebhookReader:
        """Who reads the parts: the account's own reader where there is one."""
        if manifest.webhooks is None:
            return reader
        built: WebhookReader = build(manifest, "webhooks", context)
        return built

    def test_each_part_is_of_one_account_and_readable(
        self, reader: WebhookReader, account_reader: WebhookReader, a_mixed_webhook: RawWebhook
    ) -> None:
        parts = split(reader, a_mixed_webhook)
        accounts = [part.account for part in parts]
        assert all(accounts), "every part names its account"
        assert len(set(accounts)) > 1, "let `a_mixed_webhook` concern several accounts"
        assert len(set(accounts)) == len(accounts), "an account's share is one part"
        for part in parts:
            read = outcome(account_reader, RawWebhook(part.body, a_mixed_webhook.headers))
            assert read is not Unreadable, f"the part of {part.account} cannot be read"

    def test_no_change_is_lost(
        self, reader: WebhookReader, account_reader: WebhookReader, a_mixed_webhook: RawWebhook
    ) -> None:
        whole = Counter(map(repr, events(reader, a_mixed_webhook)))
        shares: Counter[str] = Counter()
        for part in split(reader, a_mixed_webhook):
            webhook = RawWebhook(part.body, a_mixed_webhook.headers)
            shares.update(map(repr, events(account_reader, webhook)))
        assert whole, "let `a_mixed_webhook` hold events"
        assert shares == whole, f"lost: {whole - shares}, invented: {shares - whole}"

    def test_a_part_splits_into_itself(
        self, reader: WebhookReader, a_mixed_webhook: RawWebhook
    ) -> None:
        """So cutting twice loses nothing either."""
        for part in split(reader, a_mixed_webhook):
            [again] = split(reader, RawWebhook(part.body, a_mixed_webhook.headers))
            assert again.account == part.account

    @given(body=NOISE)
    @LAWS
    def test_noise_is_split_into_nothing_or_unreadable(
        self, reader: WebhookReader, body: bytes
    ) -> None:
        answer = attempt(lambda: list(split(reader, RawWebhook(body))), Unreadable)
        assert str(answer) if isinstance(answer, Unreadable) else not answer


def split(reader: WebhookReader, webhook: RawWebhook) -> Sequence[Part]:
    assert isinstance(reader, Splits), "an app-wide reader splits"
    return reader.split(webhook)


def events(reader: WebhookReader, webhook: RawWebhook) -> list[Event]:
    result = outcome(reader, webhook)
    return result if isinstance(result, list) else []
