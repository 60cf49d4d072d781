"""What a tenant must tell a plugin: one dataclass gives schema, validation and secrecy.

    @dataclass(frozen=True, slots=True)
    class Settings:
        customer_code: str = setting("Shown in the panel.", tr="Panelde yazar.", example="TR-1")
        api_key: Secret = setting("Panel > API keys.", tr="Panel > API anahtarları.")

A field is `str`, `int`, `bool` or `Secret`, or one of them `| None` when it may be left out.
"""

from __future__ import annotations

import dataclasses
import json
import re
import types
import typing
from collections.abc import Mapping
from typing import Any, final

MASK = "***"
"""Stands for a stored secret on reading; sent back, it keeps what is stored."""


@final
class Secret:
    """Text that does not print, does not serialise, and has one verb."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> Any:
        raise TypeError("a Secret is not serialised")


def setting(
    help: str,
    *,
    tr: str,
    title: str | None = None,
    example: str | None = None,
    default: Any = dataclasses.MISSING,
    pattern: str | None = None,
    choices: tuple[str, ...] | None = None,
    max_length: int = 2048,
) -> Any:
    """Declare one field: its help in English and Turkish, and what a value must look like."""
    meta = {
        "help": help,
        "tr": tr,
        "title": title,
        "example": example,
        "pattern": pattern,
        "choices": choices,
        "max_length": max_length,
    }
    return dataclasses.field(default=default, metadata=meta)


class SettingsInvalid(ValueError):
    """Settings that do not fit, one problem a field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{k}: {v}" for k, v in problems.items()))
        self.problems = dict(problems)


def parse_settings(kind: type[Any], given: Mapping[str, Any], stored: Any = None) -> Any:
    """Build `kind` from a tenant's answers; a secret sent as the mask keeps its stored value.

    Raises SettingsInvalid naming every field that is missing, unknown or ill-shaped.
    """
    problems = dict.fromkeys(given.keys() - _fields(kind).keys(), "unknown setting")
    values: dict[str, Any] = {}
    for name, spec in _fields(kind).items():
        try:
            values[name] = _value(name, spec, given, getattr(stored, name, None))
        except ValueError as error:
            problems[name] = str(error)
    if problems:
        raise SettingsInvalid(problems)
    return kind(**values)


def example(kind: type[Any]) -> Any:
    """Settings made of each field's example or default: what the plugin's sandbox accepts.

    A secret without an example is `sandbox-` and its name (`api_key` is `sandbox-api-key`).
    """
    answers = {name: _example(name, spec) for name, spec in _fields(kind).items()}
    return parse_settings(kind, answers)


def plain(settings: Any) -> dict[str, Any]:
    """Every field, secrets revealed: for sealing only."""
    return {n: v.reveal() if isinstance(v, Secret) else v for n, v in _items(settings)}


def masked(settings: Any) -> dict[str, Any]:
    """Every field, secrets as the mask: for showing."""
    return {n: MASK if isinstance(v, Secret) else v for n, v in _items(settings)}


def schema(kind: type[Any]) -> dict[str, Any]:
    """JSON Schema of the settings; secrets are `writeOnly`, Turkish help is `x-help-tr`."""
    fields = _fields(kind)
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _property(name, spec) for name, spec in fields.items()},
        "required": [name for name, spec in fields.items() if spec.required],
    }


@dataclasses.dataclass(frozen=True, slots=True)
class _Spec:
    kind: type
    optional: bool
    default: Any
    meta: Mapping[str, Any]

    @property
    def required(self) -> bool:
        return not self.optional and self.default is dataclasses.MISSING


def _fields(kind: type[Any]) -> dict[str, _Spec]:
    hints = typing.get_type_hints(kind)
    return {f.name: _spec(f, hints[f.name]) for f in dataclasses.fields(kind)}


def _spec(field: dataclasses.Field[Any], hint: Any) -> _Spec:
    members = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    [kind] = [m for m in members if m is not type(None)]
    if kind not in (str, int, bool, Secret) or not field.metadata:
        raise TypeError(f"setting {field.name}: use setting(...) and str, int, bool or Secret")
    return _Spec(kind, type(None) in members, field.default, field.metadata)


def _example(name: str, spec: _Spec) -> Any:
    if spec.meta["example"] is not None:
        said = spec.meta["example"]
        return said if spec.kind in (str, Secret) else json.loads(said)
    if not spec.required:
        return None
    if spec.meta["choices"]:
        return spec.meta["choices"][0]
    return {int: 1, bool: True}.get(spec.kind, f"sandbox-{name.replace('_', '-')}")


def _items(settings: Any) -> list[tuple[str, Any]]:
    return [(f.name, getattr(settings, f.name)) for f in dataclasses.fields(settings)]


def _value(name: str, spec: _Spec, given: Mapping[str, Any], stored: Any) -> Any:
    value = given.get(name)
    if value is None or value == "":
        if spec.required:
            raise ValueError("is required")
        return None if spec.default is dataclasses.MISSING else spec.default
    if spec.kind is Secret and value == MASK:
        if stored is None:
            raise ValueError("there is no stored value to keep")
        return stored
    expected: type = str if spec.kind is Secret else spec.kind
    if type(value) is not expected:  # bool is an int to isinstance
        raise ValueError(f"must be {_JSON_TYPES[spec.kind]}")
    if not isinstance(value, str):
        return value
    _check_text(value, spec.meta)
    return Secret(value) if spec.kind is Secret else value


def _check_text(value: str, meta: Mapping[str, Any]) -> None:
    if len(value) > meta["max_length"]:
        raise ValueError(f"is longer than {meta['max_length']} characters")
    if not value.isprintable():
        raise ValueError("holds characters that cannot be printed")
    if meta["choices"] and value not in meta["choices"]:
        raise ValueError(f"must be one of {', '.join(meta['choices'])}")
    if meta["pattern"] and not re.fullmatch(meta["pattern"], value):
        raise ValueError("does not look right" + _such_as(meta["example"]))


def _such_as(example: str | None) -> str:
    return f" (an example: {example})" if example else ""


_JSON_TYPES = {str: "string", int: "integer", bool: "boolean", Secret: "string"}


def _property(name: str, spec: _Spec) -> dict[str, Any]:
    meta = spec.meta
    shown = {
        "type": _JSON_TYPES[spec.kind],
        "title": meta["title"] or name.replace("_", " ").capitalize(),
        "description": meta["help"],
        "x-help-tr": meta["tr"],
        "example": meta["example"],
        "pattern": meta["pattern"],
        "enum": list(meta["choices"]) if meta["choices"] else None,
        "maxLength": meta["max_length"] if spec.kind in (str, Secret) else None,
        "default": None if spec.default is dataclasses.MISSING else spec.default,
        "writeOnly": True if spec.kind is Secret else None,
        "nullable": True if spec.optional else None,
    }
    return {key: value for key, value in shown.items() if value is not None}
