"""Values of the house as JSON and back, led by their type hints.

Knows dataclasses, enums, moments, UUIDs, bytes, and sequences and mappings of such. A field that
stored JSON does not have takes its default: a value may gain fields, and old rows still open.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

T = TypeVar("T")
Reader = Callable[[Any], Any]

_PLAIN = (Any, object, bool, int, str, NoneType)


def clean(text: str) -> str:
    """The text with U+FFFD for what PostgreSQL cannot hold: NUL and halves of surrogate pairs."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def to_json(value: object) -> Any:
    """What json.dumps takes; a TypeError names the kind that has no JSON form."""
    match value:
        case Enum():
            return to_json(value.value)
        case None | bool() | int() | float():
            return value
        case str():
            return clean(value)
        case datetime():
            return value.isoformat()
        case UUID():
            return str(value)
        case bytes():
            return b64encode(value).decode()
        case Mapping():
            return {_key(key): to_json(item) for key, item in value.items()}
        case Sequence() | Set():
            return [to_json(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def from_json(kind: Callable[..., T], value: Any) -> T:
    """The value of that kind; what is native already (a datetime, say) passes as it is."""
    return cast("T", reader(kind)(value))


@cache
def reader(hint: Any) -> Reader:
    """What turns JSON into a value of the hint; a TypeError names a hint it does not know."""
    if isinstance(hint, NewType):
        return reader(hint.__supertype__)
    if hint in _PLAIN or get_origin(hint) is Literal:
        return as_it_is
    if get_origin(hint) in (Union, UnionType):
        return _optional(hint)
    if get_origin(hint) is not None:
        return _container(hint)
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if is_dataclass(hint):
        return _dataclass(cast("type[Any]", hint))
    raise TypeError(f"{hint} has no JSON form")


def _key(key: object) -> str:
    text = to_json(key)
    if not isinstance(text, str):
        raise TypeError(f"{type(key).__name__} cannot be a key in JSON")
    return text


def as_it_is(value: Any) -> Any:
    """The reader of what needs no reading."""
    return value


def required(hint: Any) -> Any:
    """The kind that a hint means where the value is not None."""
    if isinstance(hint, NewType):
        return required(hint.__supertype__)
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    optional = get_origin(hint) in (Union, UnionType) and len(kinds) == 1
    return required(kinds[0]) if optional else hint


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _bytes(value: Any) -> bytes:
    return b64decode(value) if isinstance(value, str) else bytes(value)


_SCALARS: dict[Any, Reader] = {float: float, datetime: _moment, UUID: _uuid, bytes: _bytes}


def _optional(hint: Any) -> Reader:
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    if len(kinds) != 1:
        raise TypeError(f"{hint} does not say which of its kinds a stored value is")
    read = reader(kinds[0])
    return read if read is as_it_is else lambda value: None if value is None else read(value)


def _container(hint: Any) -> Reader:
    origin, args = get_origin(hint), get_args(hint)
    if issubclass(origin, Mapping):
        key, item = reader(args[0]), reader(args[1])
        return lambda value: {key(k): item(v) for k, v in value.items()}
    if origin is tuple and args[-1] is not Ellipsis:
        each = [reader(arg) for arg in args]
        return lambda value: tuple(read(v) for read, v in zip(each, value, strict=True))
    read = reader(args[0])
    build = origin if origin in (list, set, frozenset) else tuple
    return build if read is as_it_is else lambda value: build(read(v) for v in value)


def _dataclass(kind: type[Any]) -> Reader:
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind)]

    def read(value: Any) -> Any:
        return kind(**{n: reader(hints[n])(value[n]) for n in names if n in value})

    return read
