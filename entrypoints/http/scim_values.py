"""SCIM values: refusals in SCIM's words, and what a request says, read by the schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from entrypoints.http.scim_schemas import Attribute, Schema
from entrypoints.http.wire import Json


class Refused(Exception):
    """RFC 7644, section 3.12: a status, a word for what is wrong, and a sentence."""

    def __init__(self, kind: str | None, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.kind = kind
        self.status = status


def invalid(detail: str) -> Refused:
    return Refused("invalidValue", detail)


def document(body: Mapping[str, Any], schema: Schema) -> Json:
    """What a whole resource in a request says of what we keep; read-only and foreign attributes
    are left out, as are those that it says nothing of."""
    found: Json = {}
    for name, given in body.items():
        attribute = schema.of(plain(name, schema))
        if attribute is None or attribute.read_only:
            continue
        if attribute.name in found:
            raise Refused("invalidSyntax", f"{attribute.name} is named twice")
        if (value := read(attribute, given)) not in (None, [], {}):
            found[attribute.name] = value
    return found


def plain(name: str, schema: Schema) -> str:
    """The attribute's name without the schema's own URN before it."""
    prefix = f"{schema.id}:"
    return name[len(prefix) :] if name.lower().startswith(prefix.lower()) else name


def read(attribute: Attribute, given: Any) -> Any:
    """The value, its parts under their own names; None for nothing. What is one where there may be
    several counts as several of one."""
    if given is None:
        return None
    if attribute.multi:
        items = given if isinstance(given, list) else [given]
        return [value for item in items if (value := one(attribute, item)) not in (None, {})]
    if isinstance(given, list):
        raise invalid(f"{attribute.name} has one value")
    return one(attribute, given)


def one(attribute: Attribute, given: Any) -> Any:
    """One value of the attribute."""
    match attribute.type:
        case "complex":
            return _complex(attribute, given)
        case "boolean":
            return _boolean(attribute, given)
    if not isinstance(given, str):
        raise invalid(f"{attribute.name} is text")
    return " ".join("".join(c if c.isprintable() else " " for c in given).split()) or None


def _complex(attribute: Attribute, given: Any) -> Json:
    if isinstance(given, str) and attribute.multi:  # an address or id alone
        given = {"value": given}
    if not isinstance(given, dict):
        raise invalid(f"{attribute.name} is an object")
    found: Json = {}
    for name, value in given.items():
        part = attribute.of(name)
        if part is not None and (kept := read(part, value)) is not None:
            found[part.name] = kept
    return found


def _boolean(attribute: Attribute, given: Any) -> bool:
    """Microsoft Entra writes "True" and "False"
    (learn.microsoft.com/entra/identity/app-provisioning/application-provisioning-config-problem-
    scim-compatibility)."""
    if isinstance(given, str) and given.lower() in ("true", "false"):
        return given.lower() == "true"
    if not isinstance(given, bool):
        raise invalid(f"{attribute.name} is true or false")
    return given
