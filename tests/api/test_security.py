"""Where a request comes from is believed only of proxies that we trust."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoints.http.visits import client_address

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


def came(peer: str | None, *forwarded: str) -> str | None:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    scope = {"type": "http", "client": (peer, 1) if peer else None, "headers": headers}
    return client_address(scope, PROXIES)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", (), "203.0.113.9"),
        ("203.0.113.9", ("198.51.100.1",), "203.0.113.9"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("192.0.2.7, 198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("198.51.100.1, 10.0.0.2",), "198.51.100.1"),
        ("10.0.0.1", ("192.0.2.7", "198.51.100.1, 10.0.0.2"), "198.51.100.1"),
        ("10.0.0.1", ("unknown",), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.1, nonsense, 10.0.0.2",), "10.0.0.2"),
        ("fd00::1", ("2001:db8::5",), "2001:db8::5"),
        (None, ("198.51.100.1",), None),
    ],
)
def test_the_address_is_the_last_one_that_no_proxy_of_ours_has(
    peer: str | None, forwarded: tuple[str, ...], expected: str | None
) -> None:
    assert came(peer, *forwarded) == expected


@given(st.ip_addresses(), st.lists(st.text(alphabet="0123456789.:,abcx ", max_size=40), max_size=4))
def test_whoever_is_no_proxy_cannot_name_another_address(peer: object, said: list[str]) -> None:
    if any(peer in network for network in PROXIES):  # type: ignore[operator]
        return
    assert came(str(peer), *said) == str(peer)


@given(st.lists(st.ip_addresses().map(str), min_size=1, max_size=5))
def test_what_stands_further_left_was_written_by_whoever_asked(hops: list[str]) -> None:
    trusted = [hop for hop in hops if any(_in(hop, n) for n in PROXIES)]
    found = came("10.0.0.1", ", ".join(hops))
    outside = [hop for hop in hops if hop not in trusted]
    assert found == (outside[-1] if outside else hops[0])


def _in(address: str, network: object) -> bool:
    return ip_address(address) in network  # type: ignore[operator]
