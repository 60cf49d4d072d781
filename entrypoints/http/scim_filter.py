"""SCIM's filter language (RFC 7644, section 3.4.2.2): read once, asked of documents."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from entrypoints.http.scim_schemas import Attribute, Schema
from entrypoints.http.scim_values import Refused, plain
from entrypoints.http.wire import Json, is_moment

LONGEST = 2000
DEEPEST = 20
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*") |
        (?P<mark>[()\[\]]) |
        (?P<word>[A-Za-z$][A-Za-z0-9_:.$-]*) |
        (?P<number>-?[0-9]+(?:\.[0-9]+)?)
    )""",
    re.VERBOSE,
)
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "co": operator.contains,
    "sw": str.startswith,
    "ew": str.endswith,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_OPERATORS = ("ne", *_COMPARED)
_TEXTUAL = ("co", "sw", "ew")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Path:
    """An attribute, or a part of one."""

    attribute: Attribute
    part: Attribute | None = None

    @property
    def leaf(self) -> Attribute:
        """What is compared; of several values with parts their `value`."""
        return self.part or self.attribute.of("value") or self.attribute

    def values(self, document: Json) -> Iterator[Any]:
        found = document.get(self.attribute.name)
        inside = self.leaf is not self.attribute
        for item in found if isinstance(found, list) else [found]:
            value = item.get(self.leaf.name) if inside and isinstance(item, dict) else item
            if value not in (None, "", {}):
                yield value


@dataclass(frozen=True, slots=True)
class Present:
    path: Path

    def holds(self, document: Json) -> bool:
        return any(True for _ in self.path.values(document))


@dataclass(frozen=True, slots=True)
class Compare:
    path: Path
    operator: str
    value: str | bool | float | None

    def holds(self, document: Json) -> bool:
        """Of several values one is enough; `ne` is true where `eq` is not."""
        if self.operator == "ne":
            return not Compare(self.path, "eq", self.value).holds(document)
        if self.value is None:
            return not Present(self.path).holds(document)
        return any(self._compared(value) for value in self.path.values(document))

    def _compared(self, value: Any) -> bool:
        leaf = self.path.leaf
        return _COMPARED[self.operator](_like(leaf, value), _like(leaf, self.value))


@dataclass(frozen=True, slots=True)
class Both:
    left: Filter
    right: Filter

    def holds(self, document: Json) -> bool:
        return self.left.holds(document) and self.right.holds(document)


@dataclass(frozen=True, slots=True)
class Either:
    left: Filter
    right: Filter

    def holds(self, document: Json) -> bool:
        return self.left.holds(document) or self.right.holds(document)


@dataclass(frozen=True, slots=True)
class Not:
    inner: Filter

    def holds(self, document: Json) -> bool:
        return not self.inner.holds(document)


@dataclass(frozen=True, slots=True)
class Within:
    """One of the attribute's values meets the inner filter, whose names are its parts."""

    attribute: Attribute
    inner: Filter

    def holds(self, document: Json) -> bool:
        items = document.get(self.attribute.name) or []
        return any(
            self.inner.holds(item) for item in (items if isinstance(items, list) else [items])
        )


Filter = Present | Compare | Both | Either | Not | Within


def parse(text: str, of: Schema | Attribute) -> Filter:
    """Refused (`invalidFilter`) for what is no filter of these attributes."""
    reader = Reader(text, of)
    found = reader.filter()
    reader.end()
    return found


def asked_by(found: Filter) -> Iterator[tuple[str, str]]:
    """The attributes and values that every match must have, such as a key to look it up by."""
    match found:
        case Compare(Path(attribute, part), "eq", str(value)):
            yield (f"{attribute.name}.{part.name}" if part else attribute.name), value
        case Both(left, right):
            yield from asked_by(left)
            yield from asked_by(right)
        case Within(attribute, inner):
            for name, value in asked_by(inner):
                yield f"{attribute.name}.{name}", value


class Reader:
    """Descends into a filter as it is written: or, and, not, comparison."""

    def __init__(self, text: str, of: Schema | Attribute) -> None:
        if len(text) > LONGEST:
            raise _wrong(f"it has at most {LONGEST} characters")
        self._tokens = _tokens(text)
        self._at, self._depth = 0, 0
        self._of = of

    def filter(self) -> Filter:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _wrong("it is nested too deep")
        found = self._and()
        while self._took("or"):
            found = Either(found, self._and())
        self._depth -= 1
        return found

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise _wrong("it goes on where it should end")

    def _and(self) -> Filter:
        found = self._not()
        while self._took("and"):
            found = Both(found, self._not())
        return found

    def _not(self) -> Filter:
        if self._took("not"):
            self._need("(")
            inner = self.filter()
            self._need(")")
            return Not(inner)
        if self._took("("):
            inner = self.filter()
            self._need(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Filter:
        path = resolve(self._next(), self._of)
        if path is None:
            raise _wrong("it names an attribute that is not kept")
        if self._took("["):
            outer, self._of = self._of, path.attribute
            inner = self.filter()
            self._of = outer
            self._need("]")
            return Within(path.attribute, inner)
        how = self._next().lower()
        if how == "pr":
            return Present(path)
        if how not in _OPERATORS:
            raise _wrong("it has an operator that does not exist")
        return _checked(Compare(path, how, _value(self._next())))

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise _wrong("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _took(self, word: str) -> bool:
        there = self._at < len(self._tokens) and self._tokens[self._at].lower() == word
        self._at += there
        return there

    def _need(self, mark: str) -> None:
        if not self._took(mark):
            raise _wrong(f"it lacks {mark}")


def resolve(name: str, of: Schema | Attribute) -> Path | None:
    """The attribute of that name, with the part behind the dot; None where we keep none such."""
    if isinstance(of, Schema):
        name = plain(name, of)
    first, _, second = name.partition(".")
    attribute = of.of(first)
    if attribute is None:
        return None
    part = attribute.of(second) if second else None
    return None if second and part is None else Path(attribute, part)


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise _wrong("it holds what does not belong there")
        found.append(token[0].strip())
        at = token.end()
    return found


def _value(token: str) -> str | bool | float | None:
    if token.startswith('"'):
        try:
            text: str = json.loads(token)
        except ValueError:
            raise _wrong("it holds text that is not as JSON has it") from None
        if any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in text):
            raise _wrong("it holds characters that are none")
        return text
    if token.lower() in _WORDS:
        return _WORDS[token.lower()]
    try:
        return float(token)
    except ValueError:
        raise _wrong("it compares with what is no value") from None


def _checked(found: Compare) -> Compare:
    """A comparison that means something for the attribute's type."""
    leaf, value = found.path.leaf, found.value
    if value is None:
        if found.operator not in ("eq", "ne"):
            raise _wrong("nothing is neither more nor less than null")
        return found
    if leaf.type == "boolean":
        if isinstance(value, str) and value.lower() in ("true", "false"):
            value = value.lower() == "true"
        if not isinstance(value, bool) or found.operator not in ("eq", "ne"):
            raise _wrong(f"{leaf.name} is true or false")
        return Compare(found.path, found.operator, value)
    if not isinstance(value, str) or leaf.type == "complex":
        raise _wrong(f"{leaf.name} cannot be compared with that")
    if leaf.type == "dateTime" and (found.operator in _TEXTUAL or not is_moment(value)):
        raise _wrong(f"{leaf.name} is a date and time")
    return found


def _like(leaf: Attribute, value: Any) -> Any:
    """Comparable: moments as moments, text without its case where that does not count."""
    if leaf.type == "dateTime":
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    return value.lower() if isinstance(value, str) and not leaf.case_exact else value


def _wrong(why: str) -> Refused:
    return Refused("invalidFilter", f"the filter cannot be read: {why}")
