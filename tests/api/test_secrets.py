"""What was sent never comes back in a refusal, and neither it nor a key stands in the logs."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from entrypoints import observe
from tests.api.asking import SETTINGS, is_problem
from tests.api.client import Client
from tests.api.house import House, Tenant

PLANTED = "pl4nted-s3cret-value"
DEEP = {"a": {"b": [PLANTED]}}
CONNECT = "/api/v1/integrations/parrot/connect"

REFUSED: dict[str, tuple[str, str, Any]] = {
    "a body of another shape": ("POST", CONNECT, PLANTED),
    "a field too many": ("POST", CONNECT, {"settings": {}, PLANTED: PLANTED}),
    "a field of another type": ("POST", CONNECT, {"settings": PLANTED}),
    "an unknown setting": ("POST", CONNECT, {"settings": {**SETTINGS, "x": PLANTED}}),
    "a setting of another type": ("POST", CONNECT, {"settings": {**SETTINGS, "number": DEEP}}),
    "a setting that does not match": (
        "POST",
        CONNECT,
        {"settings": {**SETTINGS, "number": PLANTED}},
    ),
    "an enumeration": ("POST", "/api/v1/inbox/assign", {"conversation_id": PLANTED}),
    "a scope": ("POST", "/api/v1/auth/api-keys", {"name": "x", "scopes": [PLANTED]}),
    "a moment": ("POST", "/api/v1/journal/replay", {"since": PLANTED}),
    "a query": ("GET", f"/api/v1/journal/webhooks?since={PLANTED}", None),
    "an unknown query": ("GET", f"/api/v1/journal/webhooks?{PLANTED}={PLANTED}", None),
    "a cursor": ("GET", f"/api/v1/journal/webhooks?cursor={PLANTED}", None),
    "a path": ("GET", f"/api/v1/journal/webhooks/{PLANTED}", None),
    "a plugin": ("GET", "/api/v1/integrations/pl4nted_s3cret", None),
    "an address": ("GET", f"/api/v1/{PLANTED}", None),
    "a zone": ("PATCH", "/api/v1/tenant", {"timezone": PLANTED}),
}


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged, as it is written in production."""
    root, out = logging.getLogger(), io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(observe.JsonLines("web"))
    level, kept = root.level, {n: logging.getLogger(n).level for n in observe.QUIET}
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    observe.hush()
    yield out
    root.removeHandler(handler)
    root.setLevel(level)
    for name, was in kept.items():
        logging.getLogger(name).setLevel(was)


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_repeats_nothing(
    ask: Client, hostile_shop: Tenant, lines: io.StringIO, name: str
) -> None:
    method, path, body = REFUSED[name]
    answer = ask(method, path, key=hostile_shop.key, json=body)
    is_problem(answer, answer.status_code)
    assert 400 <= answer.status_code < 500
    for told in (answer.text, str(answer.headers), lines.getvalue()):
        assert "pl4nted" not in told
        assert hostile_shop.key not in told


def test_a_vendors_refusal_names_the_field_and_not_the_secret(
    ask: Client, hostile_shop: Tenant, lines: io.StringIO
) -> None:
    body = {"settings": {**SETTINGS, "api_key": "refused", "signing_secret": PLANTED}}
    answer = ask("POST", CONNECT, key=hostile_shop.key, json=body)
    said = is_problem(answer, 422)
    assert said["errors"][0]["field"] == "settings.api_key"
    assert PLANTED not in answer.text + lines.getvalue()


def test_settings_are_read_back_without_secrets(ask: Client, shop: Tenant) -> None:
    path = f"/api/v1/integrations/installations/{shop.things['parrot']}"
    answer = ask("GET", path, key=shop.key)
    assert answer.json()["settings"]["api_key"] == "***"
    assert str(shop.things["parrot_secret"]) not in answer.text


def test_an_error_of_ours_says_nothing_of_itself(
    ask: Client,
    house: House,
    shop: Tenant,
    lines: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError(f"postgresql://user:{PLANTED}@db Bearer {shop.key}")

    monkeypatch.setattr(type(house.works), "__call__", broken)
    answer = ask("GET", "/api/v1/tenant", key=shop.key)
    said = is_problem(answer, 500)
    assert PLANTED not in answer.text
    logged = lines.getvalue()
    assert said["correlation_id"] in logged
    assert "RuntimeError" in logged
    assert PLANTED not in logged
    assert shop.key not in logged


def test_a_webhooks_token_is_not_logged(ask: Client, shop: Tenant, lines: io.StringIO) -> None:
    token = str(shop.things["parrot_token"])
    ask("POST", f"/api/v1/hooks/{token}", content=b"forged")
    assert "webhooks.deliver" in lines.getvalue()
    assert token not in lines.getvalue()
