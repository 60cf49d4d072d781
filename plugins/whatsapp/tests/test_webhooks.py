"""Whose bytes they are, and who of many tenants they are for."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.whatsapp.sandbox import WhatsAppSandbox
from plugins.whatsapp.webhooks import WhatsAppAppReader, WhatsAppReader
from ports.conformance import raw
from ports.errors import Unreadable, Unverified
from ports.settings import Secret
from ports.webhooks import RawWebhook

Payload = Callable[[str], RawWebhook]

VECTOR_SECRET = "test-app-secret"
VECTOR = (
    rb'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages",'
    rb'"value":{"messaging_product":"whatsapp","messages":[{"type":"text","text":{"body":'
    rb'"\u00c7ay\u0131rl\u0131 k\u00f6y \u0040 5\/3"}}]}}]}]}'
)
VECTOR_SIGNATURE = "sha256=6fe5c7e4f4bbbd319560c393aa1c0ba07305482b20617b5587e1f133be53cfc4"


OURS = Secret("ours")


def app_reader(*secrets: str, verify_token: Secret | None = OURS) -> WhatsAppAppReader:
    return WhatsAppAppReader(secrets=tuple(map(Secret, secrets)), verify_token=verify_token)


def by(secret: str, body: bytes) -> RawWebhook:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return RawWebhook(body, {"x-hub-signature-256": f"sha256={digest}"})


def test_the_known_signature_of_known_bytes_is_taken() -> None:
    assert len(VECTOR) == 224
    webhook = RawWebhook(VECTOR, {"x-hub-signature-256": VECTOR_SIGNATURE})
    app_reader(VECTOR_SECRET).verify(webhook)


def test_the_same_json_in_other_bytes_is_refused() -> None:
    """Meta signs escaped ASCII; parsing and writing again gives another signature."""
    rewritten = json.dumps(json.loads(VECTOR), ensure_ascii=False, separators=(",", ":")).encode()
    assert by(VECTOR_SECRET, rewritten).headers["x-hub-signature-256"][7:15] == "13ee1d28"
    with pytest.raises(Unverified):
        app_reader(VECTOR_SECRET).verify(
            RawWebhook(rewritten, {"x-hub-signature-256": VECTOR_SIGNATURE})
        )


def test_during_a_rotation_both_secrets_open() -> None:
    rotating = app_reader("the-new-secret", "the-old-secret")
    rotating.verify(by("the-new-secret", b"{}"))
    rotating.verify(by("the-old-secret", b"{}"))
    with pytest.raises(Unverified):
        rotating.verify(by("another-secret", b"{}"))


def test_without_a_secret_nothing_is_taken() -> None:
    with pytest.raises(Unverified):
        app_reader().verify(by("", b"{}"))


@pytest.mark.parametrize("header", ["", "sha256=", "6fe5c7e4", VECTOR_SIGNATURE.upper(), "şşş"])
def test_an_incomplete_signature_is_refused(header: str) -> None:
    with pytest.raises(Unverified):
        app_reader(VECTOR_SECRET).verify(RawWebhook(VECTOR, {"x-hub-signature-256": header}))


def query(**changes: str) -> dict[str, str]:
    asked = {"mode": "subscribe", "verify_token": "ours", "challenge": "400500"}
    return {f"hub.{name}": value for name, value in {**asked, **changes}.items()}


def test_the_challenge_is_echoed_as_plain_text() -> None:
    reply = app_reader("s").handshake(query())
    assert (reply.status, reply.body) == (200, b"400500")
    assert reply.content_type.startswith("text/plain")


@pytest.mark.parametrize(
    "changes", [{"verify_token": "theirs"}, {"verify_token": ""}, {"mode": "unsubscribe"}]
)
def test_a_wrong_handshake_is_unverified(changes: dict[str, str]) -> None:
    with pytest.raises(Unverified):
        app_reader("s").handshake(query(**changes))


def test_without_a_verify_token_no_handshake_passes() -> None:
    with pytest.raises(Unverified):
        app_reader("s", verify_token=None).handshake(query(verify_token=""))


def test_a_delivery_is_cut_by_phone_number_and_the_rest_by_business_account(
    payload: Payload, reader: WhatsAppReader
) -> None:
    whole = payload("batch")
    parts = app_reader("s").split(whole)
    assert [part.account for part in parts] == [
        "550100200300401",
        "550100200309999",
        "waba:550900800700601",
    ]
    ours = RawWebhook(parts[0].body)
    assert reader.read(ours) == reader.read(whole)
    assert b"siparis_kargoda" in parts[2].body


def test_a_delivery_for_one_account_keeps_its_very_bytes(payload: Payload) -> None:
    webhook = payload("location")
    [part] = app_reader("s").split(webhook)
    assert (part.account, part.body) == ("550100200300401", webhook.body)


def test_the_parts_of_a_delivery_can_be_told_apart(payload: Payload) -> None:
    split = app_reader("s")
    keys = {split.dedupe_key(RawWebhook(p.body)) for p in split.split(payload("batch"))}
    assert len(keys) == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"object":"whatsapp_business_account"}',
        b'{"object":"whatsapp_business_account","entry":[{"changes":[]}]}',
        b'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[7]}]}',
        b"[" * 100_000,
    ],
)
def test_what_cannot_be_cut_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        app_reader("s").split(RawWebhook(body))


metadata = st.fixed_dictionaries({"phone_number_id": st.sampled_from("123")})
changes = st.fixed_dictionaries(
    {"field": st.sampled_from(["messages", "account_update"]), "n": st.integers()},
    optional={"value": st.fixed_dictionaries({}, optional={"metadata": metadata})},
)
entries = st.lists(
    st.fixed_dictionaries({"id": st.sampled_from("89"), "changes": st.lists(changes, max_size=4)}),
    min_size=1,
    max_size=4,
)


@given(entries=entries)
def test_cutting_loses_no_change_and_keeps_the_order_within_an_account(
    entries: list[dict[str, Any]],
) -> None:
    body = json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()
    parts = app_reader("s").split(RawWebhook(body))
    cut = {part.account: _changes(json.loads(part.body)["entry"]) for part in parts}
    expected: dict[str, list[Any]] = {}
    for entry in entries:
        for change in entry["changes"]:
            expected.setdefault(_account(entry, change), []).append(change)
    assert {account: found for account, found in cut.items() if found} == expected


def _changes(entries: list[dict[str, Any]]) -> list[Any]:
    return [change for entry in entries for change in entry["changes"]]


def _account(entry: dict[str, Any], change: dict[str, Any]) -> str:
    metadata = change.get("value", {}).get("metadata", {})
    return metadata.get("phone_number_id") or f"waba:{entry['id']}"


def test_the_sandbox_writes_as_meta_does(sandbox: WhatsAppSandbox, reader: WhatsAppReader) -> None:
    sandbox.control("customer_writes", from_phone="905301234567", text="çay@ev 1/2 🍵")
    [delivery] = sandbox.deliveries.take()
    assert delivery.body.isascii()
    assert rb"\u00e7ay\u0040ev 1\/2 \ud83c\udf75" in delivery.body
    reader.verify(raw(delivery))
