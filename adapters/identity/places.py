"""In which country an address is, by a database on this machine."""

from __future__ import annotations

import lzma
import re
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path

import maxminddb

from adapters.http.address import is_public
from ports.errors import ContractBroken
from ports.wild import Wild

SHIPPED = Path(__file__).with_name("data") / "countries.mmdb.xz"
"""Of a free licence; `data/README.md` says where it is from and how to make a newer one."""

_COUNTRY = re.compile(r"[A-Z]{2}")
_NO_COUNTRY = frozenset({"AP", "EU", "ZZ"})
"""Asia and the Pacific, Europe, and nowhere: some databases say these of addresses too."""


class MmdbPlaces:
    """Implements core.identity.means.Places over a MaxMind DB file: the shipped one, or a newer
    one of the operator's (MaxMind's GeoLite2 and GeoIP2 Country and City, DB-IP's Lite).

    Opened at the first question. A file that is replaced is seen at the next start.
    """

    def __init__(self, database: Path | None = None) -> None:
        self._database = database

    def country(self, ip: str) -> str | None:
        try:
            if not is_public(ip):
                return None
            address = ip_address(ip)
            return _country(self._reader.get(getattr(address, "ipv4_mapped", None) or address))
        except ValueError:  # no address, or one of version 6 where the database has only 4
            return None

    @cached_property
    def _reader(self) -> maxminddb.Reader:
        """FileNotFoundError, or maxminddb.InvalidDatabaseError for what is no such database."""
        if self._database is not None:
            return maxminddb.open_database(self._database)
        with lzma.open(SHIPPED) as unpacked:
            return maxminddb.open_database(unpacked, maxminddb.MODE_FD)


def _country(record: object) -> str | None:
    """`{"country_code": "TR"}` here, `{"country": {"iso_code": "TR"}}` at MaxMind and DB-IP."""
    wild = Wild(record)
    try:
        found = wild["country_code"].text_or(None) or wild["country"]["iso_code"].text_or(None)
    except ContractBroken:
        return None
    known = found is not None and _COUNTRY.fullmatch(found) and found not in _NO_COUNTRY
    return found if known else None
