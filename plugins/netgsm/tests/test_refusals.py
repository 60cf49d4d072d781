"""Netgsm's codes as the next step."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plugins.netgsm.channel import NetgsmChannel
from plugins.netgsm.tests.answers import AYSE, Scripted, send
from ports.errors import (
    AuthRejected,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Transient,
    VendorError,
)
from ports.values import IdempotencyKey

Step = type[VendorError]
KEY = IdempotencyKey("code-1")


def refused(call: Callable[[], object]) -> tuple[Step, str | None, str | None]:
    with pytest.raises(VendorError) as caught:
        call()
    error = caught.value
    return type(error), getattr(error, "field", None), error.vendor_code


@pytest.mark.parametrize("status", [406, 200])
@pytest.mark.parametrize(
    ("code", "step", "field"),
    [
        ("20", Rejected, "text"),
        ("30", AuthRejected, "password"),
        ("40", AuthRejected, "msgheader"),
        ("50", AuthRejected, None),
        ("51", AuthRejected, None),
        ("70", Rejected, None),
        ("80", RateLimited, None),
        ("85", RateLimited, None),
        ("100", Transient, None),
        ("101", Transient, None),
        ("999", Rejected, None),
    ],
)
def test_a_code_decides_whatever_the_status(
    odd_channel: NetgsmChannel,
    vendor: Scripted,
    status: int,
    code: str,
    step: Step,
    field: str | None,
) -> None:
    vendor.will_answer({"code": code, "jobid": None, "description": "x"}, status)
    assert refused(lambda: send(odd_channel)) == (step, field, code)


@pytest.mark.parametrize(
    ("code", "step", "field"),
    [
        ("20", Rejected, "text"),
        ("40", AuthRejected, "msgheader"),
        ("41", AuthRejected, "msgheader"),
        ("50", Rejected, "to"),
        ("51", Rejected, "to"),
        ("52", Rejected, "to"),
        ("60", AuthRejected, None),
        ("80", RateLimited, None),
        ("100", Transient, None),
    ],
)
def test_codes_for_one_time_codes_mean_something_else(
    odd_channel: NetgsmChannel, vendor: Scripted, code: str, step: Step, field: str | None
) -> None:
    vendor.will_answer({"code": code}, 406)
    assert refused(lambda: odd_channel.send_code(AYSE, "481516", key=KEY)) == (step, field, code)


@pytest.mark.parametrize(
    ("status", "step"),
    [
        (200, OutcomeUnknown),
        (302, OutcomeUnknown),
        (401, AuthRejected),
        (404, Rejected),
        (406, Rejected),
        (429, RateLimited),
        (502, OutcomeUnknown),
    ],
)
def test_without_a_code_the_status_decides_and_what_may_have_left_is_in_doubt(
    odd_channel: NetgsmChannel, vendor: Scripted, status: int, step: Step
) -> None:
    vendor.will_answer(b"<html>", status)
    assert refused(lambda: send(odd_channel))[0] is step


def test_a_broken_answer_to_a_question_may_be_asked_again(
    odd_channel: NetgsmChannel, vendor: Scripted
) -> None:
    vendor.will_answer(b"<html>", 502)
    with pytest.raises(Transient):
        odd_channel.account()


def test_a_code_that_comes_as_a_number_is_the_same_code(
    odd_channel: NetgsmChannel, vendor: Scripted
) -> None:
    vendor.will_answer({"code": 0, "jobid": 17})
    assert send(odd_channel) == "17"
