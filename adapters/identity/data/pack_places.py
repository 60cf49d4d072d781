"""Makes countries.mmdb.xz: `python -m adapters.identity.data.pack_places COUNTRIES.mmdb`.

Takes any MaxMind DB file whose records name a country, unpacked. README.md names the one that was
used; read the licence of another one before it is shipped.
"""

from __future__ import annotations

import lzma
import sys
from pathlib import Path

from adapters.identity.places import SHIPPED, MmdbPlaces

KNOWN = {"8.8.8.8": "US", "193.140.1.1": "TR", "2001:a98::1": "TR", "200.160.2.3": "BR"}
"""Addresses of Google, of Turkey's academic network (twice) and of Brazil's registry."""


def pack(database: Path) -> bytes:
    """The packed database; SystemExit for one that does not know what everybody knows."""
    places = MmdbPlaces(database)
    wrong = {
        ip: places.country(ip) for ip, country in KNOWN.items() if places.country(ip) != country
    }
    if wrong:
        raise SystemExit(f"{database} is no database of countries: it says {wrong}")
    return lzma.compress(database.read_bytes(), preset=9 | lzma.PRESET_EXTREME)


if __name__ == "__main__":
    SHIPPED.write_bytes(pack(Path(sys.argv[1])))
