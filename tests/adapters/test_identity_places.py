"""Which country an address is in, asked of nobody."""

from __future__ import annotations

import lzma
from pathlib import Path

import maxminddb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.identity.data import pack_places
from adapters.identity.places import SHIPPED, MmdbPlaces
from core.identity.means import Places
from tests.adapters.mmdb import database
from tests.core.fakes.laws import law

PLACES: Places = MmdbPlaces()


@pytest.mark.parametrize(
    ("ip", "country"),
    [
        ("193.140.1.1", "TR"),  # Turkey's academic network
        ("88.255.1.1", "TR"),  # Türk Telekom
        ("2001:a98::1", "TR"),
        ("2A02:0FF0::0001", "TR"),
        ("::ffff:193.140.1.1", "TR"),
        ("8.8.8.8", "US"),
        ("200.160.2.3", "BR"),  # Brazil's registry
        ("2a01:4f8::1", "DE"),  # Hetzner
    ],
)
def test_the_shipped_database_knows_well_known_networks(ip: str, country: str) -> None:
    assert PLACES.country(ip) == country


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104 - an address that asks, not one that listens
        "203.0.113.7",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "2001:db8::1",
        "2002:c18c:101::1",
        "64:ff9b::c18c:101",
        "",
        "panel.example",
        "193.140.1",
        "193.140.1.1:443",
        "193.140.1.1 ",
        "0xc1.140.1.1",
        "193.140.1.001",
    ],
)
def test_what_is_private_odd_or_no_address_is_nowhere(ip: str) -> None:
    assert PLACES.country(ip) is None


@law
@given(st.ip_addresses().map(str) | st.text(max_size=50))
def test_the_answer_is_two_letters_or_none(ip: str) -> None:
    country = PLACES.country(ip)
    assert country is None or (len(country) == 2 and country.isascii() and country.isupper())


@pytest.mark.parametrize(
    ("record", "country"),
    [
        ({"country_code": "TR"}, "TR"),
        ({"country": {"iso_code": "TR", "geoname_id": 298795}}, "TR"),
        ({"country": {"iso_code": "TR"}, "registered_country": {"iso_code": "DE"}}, "TR"),
        ({"registered_country": {"iso_code": "DE"}}, None),
        ({"country_code": "EU"}, None),
        ({"country_code": "ZZ"}, None),
        ({"country_code": "tr"}, None),
        ({"country_code": "TUR"}, None),
        ({"country_code": 90}, None),
        ({"country": "TR"}, None),
        ({}, None),
    ],
)
def test_the_files_of_maxmind_and_db_ip_are_read(
    record: dict[str, object], country: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "countries.mmdb"
    file.write_bytes(database(record))
    assert MmdbPlaces(file).country("193.140.1.1") == country


def test_a_database_of_ipv4_alone_knows_nothing_of_ipv6(tmp_path: Path) -> None:
    file = tmp_path / "countries.mmdb"
    file.write_bytes(database({"country_code": "TR"}))
    assert MmdbPlaces(file).country("2001:a98::1") is None
    assert MmdbPlaces(file).country("::ffff:193.140.1.1") == "TR"


def test_a_configured_file_that_is_missing_or_none_is_told_aloud(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        MmdbPlaces(tmp_path / "absent.mmdb").country("8.8.8.8")
    (tmp_path / "text.mmdb").write_text("no database")
    with pytest.raises(maxminddb.InvalidDatabaseError):
        MmdbPlaces(tmp_path / "text.mmdb").country("8.8.8.8")


def test_a_database_that_knows_nothing_is_not_packed(tmp_path: Path) -> None:
    file = tmp_path / "wrong.mmdb"
    file.write_bytes(database({"country_code": "TR"}))
    with pytest.raises(SystemExit, match=r"8\.8\.8\.8"):
        pack_places.pack(file)


def test_what_is_packed_is_the_file_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "right.mmdb"
    file.write_bytes(database({"country_code": "TR"}))
    monkeypatch.setattr(pack_places, "KNOWN", {"193.140.1.1": "TR"})
    assert lzma.decompress(pack_places.pack(file)) == file.read_bytes()
    assert SHIPPED.stat().st_size < 4_000_000, "it travels with every copy of the project"
