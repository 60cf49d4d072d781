"""The promises of ports.webhooks.WebhookReader and Handshakes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ports.conformance.base import LAWS, Contract, NoWayOut, attempt, build, not_offered
from ports.conformance.secrecy import secrets_shown
from ports.conformance.strategies import NOISE, spoiled_json
from ports.errors import Ignored, Unreadable, Unverified
from ports.events import Event
from ports.manifest import Context, Manifest
from ports.webhooks import Handshakes, RawWebhook, WebhookReader

HEADERS = st.dictionaries(st.text("abcdefgh-", min_size=1), st.text(max_size=80), max_size=4)
CHANCE_HEADERS = {"date": "Mon, 02 Mar 2026 09:00:01 GMT", "x-request-id": "2", "user-agent": "b"}


class WebhookContract(Contract):
    """Wanted: `a_signed_webhook`; with Handshakes also `a_handshake`."""

    door: ClassVar[str] = "webhooks"
    proof_header: ClassVar[str | None] = None
    """The header that proves the vendor where bodies are not signed."""

    @pytest.fixture
    def package(self, manifest: Manifest) -> str:
        return package_of(manifest)

    @pytest.fixture
    def door_context(self, context: Context) -> Context:
        return context

    @pytest.fixture
    def reader(self, manifest: Manifest, door_context: Context) -> WebhookReader:
        """Built without a way out: reading needs no I/O."""
        silent = Context(door_context.settings, NoWayOut(), door_context.clock, door_context.cache)
        built: WebhookReader = build(manifest, self.door, silent)
        return built

    @pytest.fixture
    def webhook_fixtures(self, package: str) -> Sequence[Path]:
        folder = Path(str(files(package) / "fixtures" / "webhooks"))
        return sorted(path for path in folder.glob("*") if path.is_file())

    @pytest.fixture
    def delivery_of(self) -> Callable[[Path], RawWebhook]:
        return lambda path: RawWebhook(path.read_bytes())

    # --- verify ----------------------------------------------------------------------------

    def test_a_genuine_delivery_is_verified(
        self, reader: WebhookReader, a_signed_webhook: RawWebhook
    ) -> None:
        reader.verify(a_signed_webhook)
        reader.verify(a_signed_webhook)

    @given(data=st.data())
    @LAWS
    def test_one_changed_byte_is_refused(
        self, reader: WebhookReader, a_signed_webhook: RawWebhook, data: st.DataObject
    ) -> None:
        if self.proof_header is None:
            body = bytearray(a_signed_webhook.body)
            body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
            changed = RawWebhook(bytes(body), a_signed_webhook.headers)
        else:
            proof = a_signed_webhook.headers[self.proof_header]
            half = len(proof) // 2  # the end of a base64 text may mean nothing
            other = data.draw(st.sampled_from("abcXYZ019").filter(lambda c: c != proof[half]))
            proof = proof[:half] + other + proof[half + 1 :]
            headers = {**a_signed_webhook.headers, self.proof_header: proof}
            changed = RawWebhook(a_signed_webhook.body, headers)
        with pytest.raises(Unverified):
            reader.verify(changed)

    @pytest.mark.parametrize("change", [lambda b: b[:0], lambda b: b[:-1], lambda b: b + b" "])
    def test_a_cut_or_longer_body_is_refused(
        self, reader: WebhookReader, a_signed_webhook: RawWebhook, change: Callable[[bytes], bytes]
    ) -> None:
        if self.proof_header is not None:
            not_offered("signed bodies")
        with pytest.raises(Unverified):
            reader.verify(RawWebhook(change(a_signed_webhook.body), a_signed_webhook.headers))

    @given(body=NOISE, headers=HEADERS, proof=st.text(max_size=100))
    @LAWS
    def test_a_strangers_headers_are_unverified_and_never_another_error(
        self,
        reader: WebhookReader,
        a_signed_webhook: RawWebhook,
        body: bytes,
        headers: dict[str, str],
        proof: str,
    ) -> None:
        """Letters outside ASCII included: compare bytes, not texts."""
        forged = dict.fromkeys(a_signed_webhook.headers, proof)
        for webhook in (
            RawWebhook(body),
            RawWebhook(body, headers),
            RawWebhook(body, forged),
            RawWebhook(a_signed_webhook.body, forged),
        ):
            with pytest.raises(Unverified):
                reader.verify(webhook)

    # --- dedupe_key ------------------------------------------------------------------------

    def test_the_same_delivery_has_the_same_key(
        self, reader: WebhookReader, a_signed_webhook: RawWebhook
    ) -> None:
        """Whatever chance headers the second attempt brings."""
        again = RawWebhook(a_signed_webhook.body, {**a_signed_webhook.headers, **CHANCE_HEADERS})
        assert reader.dedupe_key(again) == reader.dedupe_key(a_signed_webhook)

    def test_different_deliveries_have_different_keys(
        self,
        reader: WebhookReader,
        webhook_fixtures: Sequence[Path],
        delivery_of: Callable[[Path], RawWebhook],
    ) -> None:
        """Else the second is taken for the first and lost."""
        deliveries = {path.read_bytes(): delivery_of(path) for path in webhook_fixtures}
        keys = {body: reader.dedupe_key(delivery) for body, delivery in deliveries.items()}
        assert len(set(keys.values())) == len(keys), f"one key for two deliveries: {keys.values()}"

    @given(body=NOISE, headers=HEADERS)
    @LAWS
    def test_a_dedupe_key_is_short_text_whatever_comes(
        self, reader: WebhookReader, body: bytes, headers: dict[str, str]
    ) -> None:
        key = reader.dedupe_key(RawWebhook(body, headers))
        assert isinstance(key, str)
        assert 0 < len(key) <= 200
        assert key == reader.dedupe_key(RawWebhook(body, headers))

    # --- read ------------------------------------------------------------------------------

    def test_the_genuine_delivery_can_be_read(
        self, reader: WebhookReader, a_signed_webhook: RawWebhook
    ) -> None:
        assert outcome(reader, a_signed_webhook), "no events: raise Ignored with the reason"

    def test_the_fixtures_yield_exactly_the_declared_events(
        self,
        manifest: Manifest,
        reader: WebhookReader,
        webhook_fixtures: Sequence[Path],
        delivery_of: Callable[[Path], RawWebhook],
    ) -> None:
        yielded: set[str] = set()
        for path in webhook_fixtures:
            result = outcome(reader, delivery_of(path))
            kind = path.name.partition(".")[0].partition("_")[0]
            if kind in ("ignored", "unreadable"):
                expected = Ignored if kind == "ignored" else Unreadable
                assert result is expected, f"{path.name} gives {result}"
            else:
                assert isinstance(result, list), f"{path.name} gives {result}"
                assert result, f"{path.name} yields nothing: raise Ignored with the reason"
                yielded |= {type(event).__name__ for event in result}
        assert yielded == manifest.webhook_events, "declared events and those of the fixtures"

    def test_reading_is_pure(
        self,
        reader: WebhookReader,
        a_signed_webhook: RawWebhook,
        webhook_fixtures: Sequence[Path],
        delivery_of: Callable[[Path], RawWebhook],
        clock: Any,
    ) -> None:
        """Years later the same delivery says the same."""
        deliveries = [a_signed_webhook, *map(delivery_of, webhook_fixtures)]
        before = [outcome(reader, delivery) for delivery in deliveries]
        clock.moment = clock.moment.replace(year=clock.moment.year + 3)
        assert [outcome(reader, delivery) for delivery in deliveries] == before

    @given(body=NOISE, headers=HEADERS)
    @LAWS
    def test_noise_is_unreadable_or_ignored(
        self, reader: WebhookReader, body: bytes, headers: dict[str, str]
    ) -> None:
        assert outcome(reader, RawWebhook(body, headers)) in (Unreadable, Ignored)

    @given(data=st.data())
    @LAWS
    def test_a_drifted_delivery_is_read_or_unreadable_and_never_a_key_error(
        self,
        reader: WebhookReader,
        a_signed_webhook: RawWebhook,
        webhook_fixtures: Sequence[Path],
        delivery_of: Callable[[Path], RawWebhook],
        data: st.DataObject,
    ) -> None:
        """One value anywhere inside is of another type, or gone."""
        known = [a_signed_webhook, *map(delivery_of, webhook_fixtures)]
        webhook = known[data.draw(st.integers(0, len(known) - 1))]
        body = data.draw(spoiled_json(webhook.body) if is_json(webhook.body) else NOISE)
        outcome(reader, RawWebhook(body, webhook.headers))

    # --- the rest --------------------------------------------------------------------------

    def test_a_handshake_is_answered_to_the_vendor_only(
        self, request: pytest.FixtureRequest, reader: WebhookReader
    ) -> None:
        if not isinstance(reader, Handshakes):
            not_offered("Handshakes")
        genuine: dict[str, str] = request.getfixturevalue("a_handshake")
        assert reader.handshake(genuine).status == 200
        for query in ({}, {"mode": "ş"}, dict.fromkeys(genuine, "şüpheli"), {"hub.mode": "x"}):
            with pytest.raises(Unverified):
                reader.handshake(query)

    def test_no_secret_shows_in_the_reader(
        self, reader: WebhookReader, door_context: Context
    ) -> None:
        shown = secrets_shown(reader, door_context.settings)
        assert not shown, f"a revealed secret is kept or printed: {shown}"


Outcome = list[Event] | type[Unreadable] | type[Ignored]


def outcome(reader: WebhookReader, webhook: RawWebhook) -> Outcome:
    """The events, or the class of the refusal; any other exception is a broken promise."""
    answer = attempt(lambda: list(reader.read(webhook)), Unreadable, Ignored)
    if isinstance(answer, list):
        return answer
    assert str(answer), "a refusal says why"
    return Unreadable if isinstance(answer, Unreadable) else Ignored


def is_json(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict | list) and len(json.loads(body)) > 0
    except ValueError:
        return False


def package_of(manifest: Manifest) -> str:
    """The package that holds the plugin's manifest module."""
    return manifest.check.__module__.rpartition(".")[0]
