"""Codes of an authenticator app: RFC 6238, with its own numbers."""

from __future__ import annotations

from base64 import b32decode, b32encode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.identity.totp import SECONDS, PyotpTotp
from core.identity.means import Totp
from tests.core.fakes.laws import law

TOTP: Totp = PyotpTotp()
RFC = b32encode(b"12345678901234567890").decode()
"""Appendix B of RFC 6238; its eight digits are shown by their last six."""
SECRETS = st.binary(min_size=20, max_size=20).map(lambda raw: b32encode(raw).decode())


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


MOMENTS = st.integers(86_400, 4_102_444_800).map(at)


def wide(code: str, zero: str) -> str:
    """The code in other digits, which int() and the library take."""
    return "".join(chr(ord(zero) + int(digit)) for digit in code)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_the_numbers_of_the_standard(seconds: int, code: str) -> None:
    assert TOTP.step(RFC, code, at(seconds)) == seconds // SECONDS


@law
@given(SECRETS, MOMENTS, st.integers(-5, 5))
def test_only_this_step_and_its_neighbours_are_accepted(
    secret: str, now: datetime, off: int
) -> None:
    present = int(now.timestamp()) // SECONDS
    code = pyotp.HOTP(secret).at(present + off)
    step = TOTP.step(secret, code, now)
    if abs(off) <= 1:
        assert step in {present - 1, present, present + 1}
        assert step is not None
        assert pyotp.HOTP(secret).at(step) == code
    else:  # one code in 333,333 is a neighbour's as well
        assert step is None or pyotp.HOTP(secret).at(step) == code


def test_a_code_keeps_its_step_while_time_goes_on() -> None:
    """So that what was accepted early is known when it is offered late."""
    begun = at(1_111_111_110)
    code = pyotp.TOTP(RFC).at(begun)
    offered = [TOTP.step(RFC, code, begun + timedelta(seconds=s)) for s in (-30, -1, 0, 29, 59)]
    assert offered == [1_111_111_110 // SECONDS] * 5
    assert TOTP.step(RFC, code, begun + timedelta(seconds=60)) is None
    assert TOTP.step(RFC, code, begun - timedelta(seconds=31)) is None


@pytest.mark.parametrize(
    "code",
    [
        wide("287082", "\uff10"),
        wide("287082", "\u0660"),  # Arabic
        wide("287082", "\u09e6"),  # Bengali
        "28708" + wide("2", "\uff10"),
        " 287082",
        "287082 ",
        "287082\n",
        "287 082",
        "+87082",
        "87082",
        "94287082",
        "",
        "²87082",
        "abcdef",
    ],
)
def test_no_other_writing_of_the_code_is_accepted(code: str) -> None:
    assert TOTP.step(RFC, "287082", at(59)) == 1
    assert TOTP.step(RFC, code, at(59)) is None


def test_a_secret_has_160_random_bits() -> None:
    first, second = TOTP.new_secret(), TOTP.new_secret()
    assert first != second
    assert len(b32decode(first)) == len(b32decode(second)) == 20


def test_randomness_is_handed_in() -> None:
    assert PyotpTotp(lambda count: b"1234567890" * (count // 10)).new_secret() == RFC


def test_an_app_reads_the_uri_as_it_was_meant() -> None:
    uri = TOTP.uri(RFC, "ayşe+1@example.com", "Invekto Mağaza")
    parts, query = urlsplit(uri), parse_qs(urlsplit(uri).query)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Invekto Mağaza:ayşe+1@example.com"
    assert query == {"secret": [RFC], "issuer": ["Invekto Mağaza"]}, "sha1, 6, 30 need no word"
    read = pyotp.parse_uri(uri)
    assert isinstance(read, pyotp.TOTP)
    assert (read.digits, read.interval, read.secret) == (6, 30, RFC)
