"""An error's class says what to do next: one row a code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugins.whatsapp.refusals import refusal
from ports.errors import (
    AuthRejected,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Transient,
    WindowClosed,
)
from ports.http import Response

CLASSES: dict[type[Exception], list[int]] = {
    AuthRejected: [0, 3, 10, 190, 200, 299, 131005, 131031],
    RateLimited: [4, 80007, 130429, 131056, 131057, 132069, 133016, 134101, 134102],
    Transient: [1, 2, 131000, 131016, 135000],
    WindowClosed: [131047],
    Rejected: [
        33, 100, 368, 130472, 130497, 131008, 131009, 131021, 131026, 131030, 131037, 131042,
        131044, 131045, 131048, 131049, 131050, 131051, 131052, 131053, 131055, 131060, 131062,
        131063, 131064, 132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132018,
        132068, 133010, 137000,
    ],
}  # fmt: skip


def answered(status: int, **error: Any) -> Response:
    return Response(status, {}, json.dumps({"error": error}).encode())


@pytest.mark.parametrize(
    ("code", "kind"), [(code, kind) for kind, codes in CLASSES.items() for code in codes]
)
@pytest.mark.parametrize("status", [400, 403])
def test_the_code_decides_and_not_the_status(code: int, kind: type[Exception], status: int) -> None:
    error = refusal(answered(status, code=code, message="m"), writes=True)
    assert type(error) is kind
    assert error.vendor_code == str(code)


@pytest.mark.parametrize(
    ("code", "field"),
    [
        (33, "phone_number_id"),
        (190, "access_token"),
        (131026, "to"),
        (131047, "body"),
        (131053, "link"),
        (132000, "parameters"),
        (132001, "name"),
    ],
)
def test_the_culprit_is_named_where_the_code_tells_it(code: int, field: str) -> None:
    error = refusal(answered(400, code=code), writes=True)
    assert isinstance(error, Rejected)
    assert error.field == field


@pytest.mark.parametrize(("code", "seconds"), [(131056, 16), (130429, 30), (4, 30), (80007, 30)])
def test_too_early_a_call_knows_how_long_to_wait(code: int, seconds: float) -> None:
    error = refusal(answered(429, code=code), writes=True)
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (answered(400, code=999_999), Rejected),
        (answered(400, code=999_999, is_transient=True), Transient),
        (answered(429, code=999_999), RateLimited),
        (answered(503, code=999_999), Transient),
        (answered(400, code="190"), AuthRejected),
    ],
)
def test_a_code_of_tomorrow_is_read_by_what_else_is_said(
    response: Response, kind: type[Exception]
) -> None:
    assert type(refusal(response, writes=True)) is kind


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error":"x"}', b'{"error":{}}'])
@pytest.mark.parametrize(
    ("status", "reading", "writing"),
    [
        (302, ContractBroken, ContractBroken),
        (400, Rejected, Rejected),
        (401, AuthRejected, AuthRejected),
        (429, RateLimited, RateLimited),
        (500, Transient, OutcomeUnknown),
        (504, Transient, OutcomeUnknown),
    ],
)
def test_an_answer_without_a_code_leaves_a_write_open(
    body: bytes, status: int, reading: type[Exception], writing: type[Exception]
) -> None:
    """A gateway that gives up does not know what Graph did with the message."""
    assert type(refusal(Response(status, {}, body), writes=False)) is reading
    assert type(refusal(Response(status, {}, body), writes=True)) is writing


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"message": "m", "error_data": {"details": "d"}}, "m: d"),
        ({"message": "m", "error_data": "as text"}, "m: as text"),
        ({"title": "t", "error_data": {"details": "t"}}, "t"),
        ({"message": 7, "error_data": []}, "WhatsApp gave no reason"),
    ],
)
def test_people_are_told_what_meta_says(error: dict[str, Any], reason: str) -> None:
    assert str(refusal(answered(400, code=100, **error), writes=True)) == reason
