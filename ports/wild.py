"""Reading data that a stranger sent: each step that does not fit names its own field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ports.errors import ContractBroken

_MISSING: Any = object()


class Wild:
    """A value of unknown shape together with the path that led to it.

    Reading methods raise ContractBroken with the path (`$.scans[2].status is not text`) instead of
    KeyError or TypeError. Numbers are never floats: a JSON number with a fraction is a Decimal.
    """

    __slots__ = ("_value", "path")

    def __init__(self, value: Any, path: str = "$") -> None:
        self._value = value
        self.path = path

    @classmethod
    def parse(cls, raw: bytes | str) -> Wild:
        """Parse JSON text; anything else is ContractBroken."""
        try:
            return cls(json.loads(raw, parse_float=Decimal, parse_constant=_refuse))
        except (ValueError, RecursionError) as error:
            raise ContractBroken(f"the answer is not JSON: {error}") from None

    def __getitem__(self, key: str) -> Wild:
        """The member of that name; asking for an absent one fails when it is read."""
        if not isinstance(self._value, dict):
            raise self._broken("is not an object")
        return Wild(self._value.get(key, _MISSING), f"{self.path}.{key}")

    @property
    def present(self) -> bool:
        """False for an absent member and for null."""
        return self._value is not _MISSING and self._value is not None

    @property
    def raw(self) -> Any:
        """The value as parsed; None when absent."""
        return None if self._value is _MISSING else self._value

    def each(self) -> Iterator[Wild]:
        """The elements of a list, in order."""
        if not isinstance(self._value, list):
            raise self._broken("is not a list")
        return (Wild(v, f"{self.path}[{i}]") for i, v in enumerate(self._value))

    def each_or_none(self) -> Iterator[Wild]:
        """Like each(); an absent or null list is empty."""
        return self.each() if self.present else iter(())

    def keys(self) -> tuple[str, ...]:
        if not isinstance(self._value, dict):
            raise self._broken("is not an object")
        return tuple(self._value)

    def text(self) -> str:
        if not isinstance(self._value, str):
            raise self._broken("is not text")
        return self._value

    def text_or(self, default: str | None) -> str | None:
        """The text; the default when absent, null or empty."""
        return (self.text() or default) if self.present else default

    def digits(self) -> str:
        """An identifier that vendors send as a number or as text, as text."""
        if isinstance(self._value, bool) or not isinstance(self._value, int | str):
            raise self._broken("is neither text nor a whole number")
        return str(self._value)

    def digits_or(self, default: str | None) -> str | None:
        return (self.digits() or default) if self.present else default

    def integer(self) -> int:
        if isinstance(self._value, bool) or not isinstance(self._value, int):
            raise self._broken("is not a whole number")
        return self._value

    def decimal(self) -> Decimal:
        if isinstance(self._value, bool) or not isinstance(self._value, int | Decimal):
            raise self._broken("is not a number")
        return Decimal(self._value)

    def boolean(self) -> bool:
        if not isinstance(self._value, bool):
            raise self._broken("is not true or false")
        return self._value

    def epoch_seconds(self) -> datetime:
        """Unix seconds, as a number or as digits in text."""
        return self._moment(self.digits(), 1)

    def epoch_millis(self) -> datetime:
        """Unix milliseconds, as a number or as digits in text."""
        return self._moment(self.digits(), 1000)

    def _moment(self, digits: str, per_second: int) -> datetime:
        try:
            return datetime.fromtimestamp(int(digits) / per_second, UTC)
        except (ValueError, OverflowError, OSError):
            raise self._broken("is not a moment") from None

    def _broken(self, what: str) -> ContractBroken:
        missing = self._value is _MISSING
        return ContractBroken(f"{self.path} {'is missing' if missing else what}")


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")
