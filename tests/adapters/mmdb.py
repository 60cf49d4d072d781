"""Writes a MaxMind DB of one record for all IPv4 addresses (maxmind.github.io/MaxMind-DB)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_MARK = b"\xab\xcd\xefMaxMind.com"
_SEPARATOR = bytes(16)
_NODES = 1
_RECORD = (_NODES + 16).to_bytes(3, "big")
"""Both sides of the tree's one node point to the first byte of the data."""
_TEXT, _SHORT, _INTEGER, _MAP, _LONG, _LIST = 2, 5, 6, 7, 9, 11
_WIDTHS = {"build_epoch": _LONG, "node_count": _INTEGER, "geoname_id": _INTEGER}


def database(record: Mapping[str, object]) -> bytes:
    about = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1_790_000_000,
        "database_type": "Country",
        "description": {"en": "for tests"},
        "ip_version": 4,
        "languages": ["en"],
        "node_count": _NODES,
        "record_size": 24,
    }
    return _RECORD * 2 + _SEPARATOR + _field(record) + _MARK + _field(about)


def _field(value: object, name: str = "") -> bytes:
    match value:
        case str():
            return _told(_TEXT, len(value.encode())) + value.encode()
        case int():
            raw = value.to_bytes(8, "big").lstrip(b"\0")
            return _told(_WIDTHS.get(name, _SHORT), len(raw)) + raw
        case Mapping():
            pairs = (_field(key) + _field(inner, key) for key, inner in value.items())
            return _told(_MAP, len(value)) + b"".join(pairs)
        case Sequence():
            return _told(_LIST, len(value)) + b"".join(map(_field, value))
        case _:
            raise TypeError(value)


def _told(kind: int, size: int) -> bytes:
    """The kind of a field and its size; kinds over seven take a byte of their own."""
    assert size < 29
    return bytes([kind << 5 | size]) if kind <= 7 else bytes([size, kind - 7])
