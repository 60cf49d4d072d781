"""What SCIM's door says: resources, lists and refusals, as bytes."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.identity.provisioning import Taken
from core.shared.errors import Invalid
from entrypoints.http.problems import Malformed, NotJson, problem
from entrypoints.http.scim_schemas import MOST_FOUND
from entrypoints.http.scim_values import Refused, invalid
from entrypoints.http.wire import Json

MEDIA_TYPE = "application/scim+json"
_MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"
_ALWAYS = ("schemas", "id")
_FOUND = 100
"""Resources of an answer where the request does not say how many."""


@dataclass(frozen=True, slots=True)
class Said:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request's query says of its answer."""

    filter: str | None = None
    start: int = 1
    count: int = _FOUND
    attributes: Collection[str] = ()
    """In lower case; empty means all."""
    excluded: Collection[str] = ()

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        given = {name.lower(): value for name, value in query.items()}
        return cls(
            given.get("filter"),
            max(1, _number(given.get("startindex"), "startIndex", 1)),
            min(max(0, _number(given.get("count"), "count", _FOUND)), MOST_FOUND),
            _names(given.get("attributes")),
            _names(given.get("excludedattributes")),
        )

    def shown(self, document: Json) -> Json:
        """As much of it as was asked for (RFC 7644, section 3.9)."""
        return {
            name: self._part(name.lower(), value)
            for name, value in document.items()
            if name in _ALWAYS or self._wants(name.lower())
        }

    def _wants(self, name: str) -> bool:
        if self.attributes:
            return name in self.attributes or bool(_within(name, self.attributes))
        return name not in self.excluded

    def _part(self, name: str, value: Any) -> Any:
        wanted, unwanted = _within(name, self.attributes), _within(name, self.excluded)
        if wanted and name not in self.attributes:
            return _some(value, lambda part: part in wanted)
        return _some(value, lambda part: part not in unwanted) if unwanted else value


def resource(document: Json, asked: Asked, status: int = 200) -> Said:
    meta = document["meta"]
    headers = {"Content-Type": MEDIA_TYPE, "ETag": meta["version"], "Location": meta["location"]}
    return Said(status, _bytes(asked.shown(document)), headers)


def listed(documents: Sequence[Json], asked: Asked) -> Said:
    """One page of them."""
    page = documents[asked.start - 1 : asked.start - 1 + asked.count]
    said = {
        "schemas": [f"{_MESSAGES}ListResponse"],
        "totalResults": len(documents),
        "startIndex": asked.start,
        "itemsPerPage": len(page),
        "Resources": [asked.shown(document) for document in page],
    }
    return plain(said)


def plain(document: Json, status: int = 200) -> Said:
    return Said(status, _bytes(document), {"Content-Type": MEDIA_TYPE})


def refusal(error: Exception) -> Said:
    """RFC 7644, section 3.12. What is not in our own table of problems is our fault, and logged."""
    if isinstance(error, Refused):
        return _refused(error.status, error.kind, str(error), {})
    told = problem(error)
    detail: str = json.loads(told.body)["detail"]
    status, kind = told.status, None
    if isinstance(error, Invalid):
        status, kind = 400, "invalidValue"
    elif isinstance(error, Taken):
        kind = "uniqueness"
    elif isinstance(error, Malformed | NotJson):
        kind = "invalidSyntax" if status == 400 else None
    return _refused(status, kind, detail, told.headers)


def _refused(status: int, kind: str | None, detail: str, headers: Mapping[str, str]) -> Said:
    said = {"schemas": [f"{_MESSAGES}Error"], "status": str(status), "detail": detail}
    if kind is not None:
        said["scimType"] = kind
    return Said(status, _bytes(said), {**headers, "Content-Type": MEDIA_TYPE})


def _bytes(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _number(text: str | None, name: str, default: int) -> int:
    if text is None:
        return default
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise invalid(f"{name} is a whole number")
    return int(text)


def _names(text: str | None) -> Collection[str]:
    """Without the URN of a schema before them: the names of ours are unique without it."""
    return frozenset(
        n.strip().rpartition(":")[2].lower() for n in (text or "").split(",") if n.strip()
    )


def _within(name: str, names: Collection[str]) -> set[str]:
    """The parts of that attribute which are named."""
    return {each.partition(".")[2] for each in names if each.startswith(f"{name}.")}


def _some(value: Any, wanted: Any) -> Any:
    """Of one or several objects the wanted parts."""
    if isinstance(value, list):
        return [_some(item, wanted) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: part for name, part in value.items() if wanted(name.lower())}
