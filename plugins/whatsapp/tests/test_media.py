"""Files are fetched in two steps, whole, and the token goes to Meta only."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest

from plugins.whatsapp.channel import LARGEST_FILE, WhatsAppChannel
from plugins.whatsapp.sandbox import WhatsAppSandbox
from ports.conformance import StillClock
from ports.errors import AuthRejected, ContractBroken, Rejected, Transient
from ports.sandbox import Fault

PICTURE = b"\xff\xd8 picture"
ADDRESS = "https://lookaside.fbsbx.com/x"


@pytest.fixture
def ref(sandbox: WhatsAppSandbox) -> str:
    encoded = base64.b64encode(PICTURE).decode()
    stored: str = sandbox.control("media", data=encoded, mime="image/jpeg")["id"]
    return stored


def test_a_file_comes_with_its_type(channel: WhatsAppChannel, ref: str) -> None:
    file = channel.fetch(ref)
    assert (file.data, file.mime) == (PICTURE, "image/jpeg")


def test_an_address_that_has_just_died_is_asked_for_once_more(
    channel: WhatsAppChannel, sandbox: WhatsAppSandbox, ref: str
) -> None:
    sandbox.control("stale_media_url", times=1)
    assert channel.fetch(ref).data == PICTURE
    sandbox.control("stale_media_url", times=2)
    with pytest.raises(Rejected) as caught:
        channel.fetch(ref)
    assert caught.value.field == "ref"


def test_a_file_older_than_a_week_is_gone(
    channel: WhatsAppChannel, clock: StillClock, ref: str
) -> None:
    clock.advance(timedelta(days=7))
    with pytest.raises(Rejected) as caught:
        channel.fetch(ref)
    assert caught.value.field == "ref"


def test_a_file_that_came_damaged_may_be_asked_for_again(
    channel: WhatsAppChannel, sandbox: WhatsAppSandbox, ref: str
) -> None:
    sandbox.faults.add(Fault.HALF_BODY, path="lookaside")
    with pytest.raises(Transient):
        channel.fetch(ref)
    assert channel.fetch(ref).data == PICTURE


def test_the_hash_may_be_written_as_base64(odd_channel: WhatsAppChannel, vendor: Any) -> None:
    digest = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="  # of b"abc"
    vendor.will_answer(url=ADDRESS, mime_type="image/png", sha256=digest, file_size=3)
    vendor.will_answer(b"abc")
    assert odd_channel.fetch("1").data == b"abc"


@pytest.mark.parametrize("size", [LARGEST_FILE + 1, str(LARGEST_FILE + 1)])
def test_too_large_a_file_is_not_even_downloaded(
    odd_channel: WhatsAppChannel, vendor: Any, size: object
) -> None:
    vendor.will_answer(url=ADDRESS, mime_type="video/mp4", file_size=size)
    with pytest.raises(Rejected) as caught:
        odd_channel.fetch("1")
    assert caught.value.field == "ref"
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    "url", ["http://lookaside.fbsbx.com/x", "https://evil.example/x", "https://a@evil.example/"]
)
def test_the_token_goes_to_no_host_but_metas(
    odd_channel: WhatsAppChannel, vendor: Any, url: str
) -> None:
    vendor.will_answer(url=url, mime_type="image/png")
    with pytest.raises(ContractBroken):
        odd_channel.fetch("1")
    assert len(vendor.asked) == 1


def test_both_steps_carry_the_token_and_a_strange_ref_stays_one_step_of_the_path(
    odd_channel: WhatsAppChannel, vendor: Any
) -> None:
    vendor.will_answer(url=ADDRESS, mime_type="image/png")
    vendor.will_answer(b"abc")
    odd_channel.fetch("../me?fields=x")
    assert vendor.asked[0].url.startswith(
        "https://graph.facebook.com/v26.0/..%2Fme%3Ffields%3Dx?phone_number_id="
    )
    assert {r.headers["Authorization"] for r in vendor.asked} == {"Bearer sandbox-access-token"}


@pytest.mark.parametrize(
    ("status", "kind"), [(403, AuthRejected), (400, Rejected), (503, Transient)]
)
def test_a_download_that_is_refused_says_what_to_do(
    odd_channel: WhatsAppChannel, vendor: Any, status: int, kind: type[Exception]
) -> None:
    vendor.will_answer(url=ADDRESS, mime_type="image/png")
    vendor.will_answer(b"<html>", status)
    with pytest.raises(kind):
        odd_channel.fetch("1")
