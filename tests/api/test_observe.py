"""Logs that a machine reads, without secrets; metrics that count what happened."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

import pytest

from entrypoints import observe
from entrypoints.observe import JsonLines, PlainLines, QueueStanding, Standing, scrub


def line(message: str, *args: object, error: Exception | None = None, **extra: object) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("house", logging.INFO, "f.py", 1, message, args, info)
    vars(record).update(extra)
    return JsonLines("web").format(record)


def test_a_line_is_one_json_object_with_its_request() -> None:
    token = observe.correlation_id.set("request-1")
    told = json.loads(line("%s of\nthem", 3, operation="orders.list"))
    observe.correlation_id.reset(token)
    assert told["message"] == "3 of\nthem"
    assert told["correlation_id"] == "request-1"
    assert told["operation"] == "orders.list"
    assert told["part"] == "web"
    assert "\n" not in line("two\nlines")


@pytest.mark.parametrize(
    "planted",
    [
        "key ivk_pl4nted-x",
        "Authorization: Bearer pl4nted.x-y_z",
        "authorization=basic cGw0bnRlZA==pl4nted",
        "POST /api/v1/hooks/pl4nted-token",
        "/api/v1/integrations/parrot/webhook/pl4nted",
        "postgresql://user:pl4nted@db:5432/x",
    ],
)
def test_what_looks_like_a_credential_is_not_written(planted: str) -> None:
    assert "pl4nted" not in scrub(planted)
    assert "pl4nted" not in line(planted)
    assert "pl4nted" not in line("failed", error=RuntimeError(planted))


@pytest.mark.parametrize("name", ["secret", "api_key", "token", "password", "text", "body"])
def test_an_extra_field_of_such_a_name_is_not_shown(name: str) -> None:
    assert "pl4nted" not in line("said", **{name: "pl4nted"})


def test_an_error_tells_where_it_was_and_what_caused_it() -> None:
    def culprit() -> None:
        raise KeyError("lost")

    try:
        try:
            culprit()
        except KeyError as cause:
            raise RuntimeError("failed\nwith details") from cause
    except RuntimeError as error:
        told = json.loads(line("oh", error=error))
    assert told["error"] == "RuntimeError: failed"
    assert told["causes"] == ["KeyError"]
    assert "test_observe.py" in told["frames"][0]


def test_a_person_gets_plain_lines() -> None:
    record = logging.LogRecord("house", logging.WARNING, "f.py", 1, "late", (), None)
    record.queue = "inbound"
    assert PlainLines().format(record) == "warning house: late queue=inbound"


@dataclass
class Call:
    plugin: str = "parrot"
    host: str = "parrot.example"
    outcome: str = "answered"
    seconds: float = 0.2


def test_what_happened_is_counted() -> None:
    observe.vendor_called(Call())
    observe.turn_taken("suggested")
    standing = Standing({"received": 2}, {"parked": 1}, {"inbound": QueueStanding(5, 1.5)})
    text = observe.metrics(lambda: standing).decode()
    for expected in (
        'invekto_vendor_seconds_count{host="parrot.example",outcome="answered",plugin="parrot"}',
        'invekto_turns_total{outcome="suggested"}',
        'invekto_inbox_rows{state="received"} 2.0',
        'invekto_outbox_rows{state="parked"} 1.0',
        'invekto_queue_jobs{queue="inbound"} 5.0',
        'invekto_queue_oldest_seconds{queue="inbound"} 1.5',
    ):
        assert expected in text


def test_metrics_are_told_while_the_database_is_away() -> None:
    def away() -> Standing:
        raise ConnectionError("away")

    assert b"invekto_failures" in observe.metrics(away)
