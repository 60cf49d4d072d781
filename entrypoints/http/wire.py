"""How values look on the wire."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from core.shared.paging import Slice
from entrypoints.http.problems import Malformed
from ports.values import Money

Json = dict[str, Any]
Answer = Json | tuple[Json | None, int] | tuple[Json | None, int, Mapping[str, str]]
"""What a handler gives: a body, then a status other than 200, then headers."""
T = TypeVar("T")

NOTHING: Answer = (None, 204)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def is_id(text: str) -> bool:
    """Whether it is a UUID in its usual spelling."""
    return bool(_UUID.fullmatch(text))


def is_moment(text: str) -> bool:
    """Whether it is a moment (RFC 3339) that we can tell in UTC."""
    if not _MOMENT.fullmatch(text):
        return False
    try:
        _moment(text)
    except (ValueError, OverflowError):
        return False
    return True


def to_moment(text: str | None) -> datetime | None:
    """The moment in UTC; Malformed for a text that is none."""
    if text is None:
        return None
    if not is_moment(text):
        raise Malformed({"body": "holds something that is not a date and time"})
    return _moment(text)


def to_id(text: str) -> UUID:
    """The id; Malformed for a text that is none."""
    if not is_id(text):
        raise Malformed({"id": "is not a UUID"})
    return UUID(text)


def to_id_or_none(text: str | None) -> UUID | None:
    return None if text is None else to_id(text)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.upper()).astimezone(UTC)


def moment(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment_or_none(at: datetime | None) -> str | None:
    return None if at is None else moment(at)


def id_or_none(id: UUID | None) -> str | None:
    return None if id is None else str(id)


def money(value: Money) -> Json:
    return {"amount": str(value.amount), "minor": value.minor, "currency": value.currency}


def money_or_none(value: Money | None) -> Json | None:
    return None if value is None else money(value)


def page(found: Slice[T], present: Callable[[T], Json]) -> Json:
    return {"items": [present(item) for item in found.items], "cursor": found.cursor}
