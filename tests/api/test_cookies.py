"""What a browser keeps for us, and which pages may send it."""

from __future__ import annotations

from uuid import UUID, uuid4

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoints.http.cookies import Cookies, on_this_machine
from entrypoints.http.problems import AnotherSite

KEYS = [b"now" * 11, b"before" * 6]
DEVICE = UUID(int=7 << 64)


def kept(cookies: Cookies, device: UUID = DEVICE) -> dict[str, str]:
    """What a browser sends back after `keep_device`."""
    answer = flask.Response()
    cookies.keep_device(answer, device)
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    return {name: rest.partition(";")[0]}


@given(st.uuids())
def test_a_device_comes_back_as_it_went(device: UUID) -> None:
    cookies = Cookies("https://house.example", KEYS)
    assert cookies.device(kept(cookies, device)) == device


def test_a_device_that_a_former_key_signed_is_known_until_that_key_is_gone() -> None:
    before = kept(Cookies("https://house.example", KEYS[1:]))
    assert Cookies("https://house.example", KEYS).device(before) == DEVICE
    assert Cookies("https://house.example", KEYS[:1]).device(before) is None


@given(st.data())
def test_nobody_makes_a_device_up(data: st.DataObject) -> None:
    cookies = Cookies("https://house.example", KEYS)
    [(name, genuine)] = kept(cookies).items()
    at = data.draw(st.integers(0, len(genuine) - 1))
    letter = data.draw(st.characters(codec="latin-1"))
    forged = genuine[:at] + letter + genuine[at + 1 :]
    if cookies.device({name: forged}) is not None:
        assert cookies.device({name: forged}) == DEVICE, "spelt otherwise, and the same"


@given(st.text())
def test_any_other_text_is_no_device(text: str) -> None:
    cookies = Cookies("https://house.example", KEYS)
    assert cookies.device({"__Host-invekto_device": text}) is None


@pytest.mark.parametrize(
    ("base_url", "here"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("https://127.0.0.1:8000", False),
        ("https://house.example", False),
        ("http://house.example", False),
        ("http://192.168.1.7:8000", False),
        ("http://localhost.evil.example", False),
        ("http://127.0.0.1.evil.example", False),
    ],
)
def test_only_a_house_on_this_machine_does_without_tls(base_url: str, here: bool) -> None:
    assert on_this_machine(base_url) is here
    answer = flask.Response()
    Cookies(base_url, KEYS).keep_device(answer, uuid4())
    line = answer.headers["Set-Cookie"]
    assert ("Secure" in line) is line.startswith("__Host-") is not here
    assert "HttpOnly" in line


def page(**headers: str) -> flask.Request:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    with flask.Flask("x").test_request_context("/", headers=told):
        return flask.request._get_current_object()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"Origin": "https://house.example"}, True),
        ({"Origin": "http://127.0.0.1:8000", "Host": "127.0.0.1:8000"}, True),
        ({"Sec_Fetch_Site": "same-origin"}, True),
        ({"Sec_Fetch_Site": "none"}, True),
        ({"Sec_Fetch_Site": "same-site"}, False),
        ({"Sec_Fetch_Site": "cross-site"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "https://house.example:8443"}, False),
        ({"Origin": "https://[", "Host": "house.example"}, False),
        ({"Origin": "https://house.example", "Sec_Fetch_Site": "cross-site"}, False),
    ],
)
def test_a_page_is_ours_when_it_says_nothing_else(headers: dict[str, str], ours: bool) -> None:
    cookies = Cookies("https://house.example", KEYS)
    if ours:
        cookies.check_page(page(**headers))
    else:
        with pytest.raises(AnotherSite):
            cookies.check_page(page(**headers))
