"""Changing a part of a resource (RFC 7644, section 3.5.2), also as Entra and Okta write it.

What they write beside the RFC: operations in capitals, booleans as text, an object without a path
whose keys are paths (Okta; Entra too), values to remove beside the path `members` (Entra), and
`emails[type eq "work"].value` where there is no such address yet (Entra).
learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups and
developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from entrypoints.http.scim_filter import Filter, asked_by, parse, resolve
from entrypoints.http.scim_schemas import FOREIGN, Attribute, Schema
from entrypoints.http.scim_values import Refused, invalid, plain, read
from entrypoints.http.wire import Json

MESSAGE = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MOST = 1000
"""Operations of one request."""
_PATH = re.compile(
    r"(?P<name>[^\[\]]+?)(?:\[(?P<filter>.+)\](?:\.(?P<part>[^\[\].]+))?)?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Target:
    attribute: Attribute
    part: Attribute | None = None
    only: Filter | None = None
    """Of several values those that meet it."""


@dataclass(frozen=True, slots=True)
class Operation:
    act: str
    """`add`, `replace` or `remove`."""
    target: Target
    value: Any
    """As the attribute's type has it; None for nothing."""


def operations(body: Mapping[str, Any], schema: Schema) -> Sequence[Operation]:
    """What a request wants done, in order; what concerns attributes that nobody here needs is left
    out. Refused for what cannot be."""
    given = next((v for k, v in body.items() if k.lower() == "operations"), None)
    if not isinstance(given, list) or not given:
        raise Refused("invalidSyntax", "Operations holds one operation or more")
    if len(given) > MOST:
        raise Refused("tooMany", f"at most {MOST} operations at once", 413)
    return [operation for each in given for operation in _read(each, schema)]


def patched(document: Json, changes: Sequence[Operation]) -> Json:
    """A changed copy. What must have a value keeps one."""
    changed = copy.deepcopy(document)
    for change in changes:
        _apply(change, changed)
        name = change.target.attribute.name
        if change.target.attribute.required and name not in changed:
            raise Refused("mutability", f"{name} must have a value")
    return changed


def named(changes: Sequence[Operation], attribute: str) -> set[str]:
    """The values that are added to an attribute, or put in the place of what it had."""
    return {
        item["value"]
        for change in changes
        if change.act != "remove" and change.target.attribute.name == attribute
        for item in (change.value if isinstance(change.value, list) else [])
        if isinstance(item, dict) and "value" in item
    }


def _read(given: Any, schema: Schema) -> Sequence[Operation]:
    if not isinstance(given, dict):
        raise Refused("invalidSyntax", "an operation is an object")
    said = {name.lower(): value for name, value in given.items()}
    act = str(said.get("op")).lower()
    if act not in ("add", "replace", "remove"):
        raise Refused("invalidSyntax", "an operation adds, replaces or removes")
    path, value = said.get("path"), said.get("value")
    if path is None or path == "":
        return _everywhere(act, value, schema)
    if not isinstance(path, str):
        raise Refused("invalidPath", "a path is text")
    target = _target(path, schema)
    if target is None:
        return []
    if (target.part or target.attribute).read_only:
        raise Refused("mutability", f"{target.attribute.name} is not changed by you")
    if value is None and (act == "add" or "value" not in said) and act != "remove":
        raise invalid(f"to {act} needs a value")
    return [Operation(act, target, _typed(target, value))]


def _everywhere(act: str, value: Any, schema: Schema) -> Sequence[Operation]:
    """Without a path the value is an object; of what is read-only in it nothing is taken."""
    if act == "remove":
        raise Refused("noTarget", "to remove needs a path")
    if not isinstance(value, dict):
        raise invalid("without a path the value is an object")
    found = []
    for name, part in value.items():
        target = _target(name, schema)
        if target is not None and not (target.part or target.attribute).read_only:
            found.append(Operation(act, target, _typed(target, part)))
    return found


def _target(path: str, schema: Schema) -> Target | None:
    """None for what is known and not kept; Refused for what is no attribute at all."""
    split = _PATH.fullmatch(plain(path.strip(), schema))
    found = resolve(split["name"], schema) if split else None
    if split is None or found is None:
        if _is_elsewhere(plain(path.strip(), schema), schema):
            return None
        raise Refused("invalidPath", "a path names no attribute that there is")
    if split["filter"] is None:
        return Target(found.attribute, found.part)
    if not found.attribute.multi or found.part is not None:
        raise Refused("invalidPath", "a path chooses among values where there is one")
    part = found.attribute.of(split["part"]) if split["part"] else None
    if split["part"] and part is None:
        return None
    return Target(found.attribute, part, parse(split["filter"], found.attribute))


def _is_elsewhere(path: str, schema: Schema) -> bool:
    """Whether it names what the RFC or an extension knows and we do not keep."""
    first, dot, _ = path.partition(".")
    known = dot != "" and schema.of(first) is not None  # a part, such as name.formatted
    return (
        known or path.startswith(FOREIGN) or re.split(r"[.\[]", path)[0].lower() in schema.ignored
    )


def _typed(target: Target, value: Any) -> Any:
    if target.part is not None:
        return read(target.part, value)
    if target.only is not None:  # the chosen values, each of them
        items = read(target.attribute, value)
        return items[0] if items else None
    return read(target.attribute, value)


def _apply(change: Operation, document: Json) -> None:
    target, name = change.target, change.target.attribute.name
    if change.act == "remove" or change.value is None:
        _remove(change, document)
    elif target.only is not None:
        _set_chosen(change, document)
    elif target.attribute.multi:
        _set_many(change, document)
    elif target.part is not None:
        document[name] = {**document.get(name, {}), target.part.name: change.value}
    elif isinstance(change.value, dict) and change.act == "add":
        document[name] = {**document.get(name, {}), **change.value}
    else:
        document[name] = change.value


def _remove(change: Operation, document: Json) -> None:
    target, name = change.target, change.target.attribute.name
    if target.attribute.multi:
        unwanted = _unwanted(change)
        left = []
        for item in document.get(name, []):
            if not unwanted(item):
                left.append(item)
            elif target.part is not None:
                left.append({k: v for k, v in item.items() if k != target.part.name})
        document[name] = left
    elif target.part is not None:
        document.get(name, {}).pop(target.part.name, None)
    else:
        document.pop(name, None)
    if document.get(name) in ([], {}):
        del document[name]


def _unwanted(change: Operation) -> Any:
    """Which of several values to remove: the chosen ones, those that the value names, or all."""
    only, value = change.target.only, change.value
    if only is not None:
        return only.holds
    if isinstance(value, list) and value:
        ids = {item.get("value") for item in value}
        return lambda item: item.get("value") in ids
    return lambda _: True


def _set_many(change: Operation, document: Json) -> None:
    name, part = change.target.attribute.name, change.target.part
    standing = document.get(name, [])
    if part is not None:  # the part of every value
        document[name] = [{**item, part.name: change.value} for item in standing]
    elif change.act == "replace":
        document[name] = change.value
    else:
        new = {item.get("value"): item for item in change.value}
        if any(item.get("primary") for item in change.value):
            standing = [
                {**item, "primary": False} if "primary" in item else item for item in standing
            ]
        kept = [item for item in standing if item.get("value") not in new]
        document[name] = [*kept, *new.values()]


def _set_chosen(change: Operation, document: Json) -> None:
    target, name = change.target, change.target.attribute.name
    value = {target.part.name: change.value} if target.part else change.value
    assert target.only is not None, "some values were chosen"
    items, found = document.get(name, []), False
    for at, item in enumerate(items):
        if target.only.holds(item):
            items[at], found = {**item, **value} if target.part else value, True
    if not found:
        chosen = dict(asked_by(target.only))
        if not chosen:
            raise Refused("noTarget", f"no value of {name} is the chosen one")
        document[name] = [*items, {**chosen, **value}]
