"""Finding secrets that were revealed and then kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from ports.settings import Secret

_DEEP = 6


def secrets_shown(port: object, settings: Any) -> list[str]:
    """Where, in what a plugin built, a secret of its settings can be read as plain text.

    Looks into `repr` and into the attributes of the plugin's own objects; what the house handed in
    and what a vendor's library keeps for itself is not the plugin's to answer for.
    """
    secrets = [
        value.reveal()
        for f in dataclasses.fields(settings)
        if isinstance(value := getattr(settings, f.name), Secret)
    ]
    package = type(port).__module__.partition(".")[0]
    texts = _texts(port, type(port).__name__, package, _DEEP)
    return sorted({path for path, text in texts if any(secret in text for secret in secrets)})


def _texts(value: Any, path: str, package: str, deep: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, bytes):
        yield path, value.decode("utf-8", errors="replace")
    elif deep and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{path}[{key!r}]", package, deep - 1)
    elif deep and isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts(item, f"{path}[]", package, deep - 1)
    elif deep and type(value).__module__.partition(".")[0] == package:
        yield f"repr({path})", repr(value)
        for name, item in _attributes(value):
            yield from _texts(item, f"{path}.{name}", package, deep - 1)


def _attributes(value: object) -> Iterator[tuple[str, Any]]:
    yield from getattr(value, "__dict__", {}).items()
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                yield name, getattr(value, name)
