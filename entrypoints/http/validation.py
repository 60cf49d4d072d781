"""Requests held against the specification, fast, and without repeating what was sent.

The framework builds a validator for every request and its messages hold values and schemas. These
compile each schema once and say only where and why. They also hold ids and moments to their form,
which the framework does not.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from typing import Any

from connexion.exceptions import BadRequestProblem
from connexion.lifecycle import ConnexionRequest
from connexion.validators import AbstractRequestBodyValidator, ParameterValidator
from jsonschema_rs import Draft4Validator, ValidationError
from starlette.types import Receive, Scope

from entrypoints.http.problems import SHOWN, Malformed
from entrypoints.http.wire import is_id, is_moment

Schema = Mapping[str, Any]
FORMATS = {"uuid": is_id, "date-time": is_moment}
_FORMAT_REASONS = {"uuid": "is not a UUID", "date-time": "is not a date and time (RFC 3339)"}
_NESTED = ("properties",)
_LISTED = ("oneOf", "anyOf", "allOf")
_SINGLE = ("items", "additionalProperties", "not")

_compiled: dict[int, tuple[Schema, Draft4Validator]] = {}
"""By the identity of a schema, which is kept alive beside its validator."""


def compiled(schema: Schema) -> Draft4Validator:
    if id(schema) not in _compiled:
        validator = Draft4Validator(_plain(schema), validate_formats=True, formats=FORMATS)
        _compiled[id(schema)] = (schema, validator)
    return _compiled[id(schema)][1]


def problems(schema: Schema, value: Any) -> dict[str, str]:
    """Where the value does not fit the schema and why; empty when it does."""
    found: dict[str, str] = {}
    for error in compiled(schema).iter_errors(value):
        for field, reason in _told(error, schema):
            found.setdefault(field, reason)
        if len(found) >= SHOWN:
            break
    return found


class Body(AbstractRequestBodyValidator):  # type: ignore[misc]  # the framework has no types
    """The JSON body of a request."""

    async def wrap_receive(self, receive: Receive, *, scope: Scope) -> tuple[Receive, Scope]:
        try:
            wrapped: tuple[Receive, Scope] = await super().wrap_receive(receive, scope=scope)
        except BadRequestProblem:
            raise Malformed({"body": "is required"}) from None
        return wrapped

    async def _parse(self, stream: AsyncGenerator[bytes, None], scope: Scope) -> Any:  # noqa: ARG002
        body = b"".join([part async for part in stream])
        return json.loads(body) if body else None

    def _validate(self, body: Any) -> None:
        if body is None and not self._required:
            return
        if found := problems(self._schema, body):
            raise Malformed(found)


class Parameters(ParameterValidator):  # type: ignore[misc]  # the framework has no types
    """Path, query and header parameters."""

    def validate_request(self, request: ConnexionRequest) -> None:
        found: dict[str, str] = {}
        given = {
            "query": request.query_params,
            "path": request.path_params,
            "header": request.headers,
        }
        for place, values in given.items():
            for parameter in self.parameters[place]:
                found |= _parameter(parameter, values.get(parameter["name"]))
        known = [p["name"] for p in self.parameters["query"]]
        if set(request.query_params) - set(known):
            shown = ", ".join(known) or "none"
            found["query"] = f"holds a parameter that is not known here; known are: {shown}"
        if found:
            raise Malformed(found)


def _parameter(parameter: Schema, value: Any) -> dict[str, str]:
    name = parameter["name"]
    if value is None:
        return {name: "is required"} if parameter.get("required") else {}
    reasons = problems(parameter["schema"], value).values()
    return {name: "; ".join(reasons)} if reasons else {}


def _plain(schema: Any) -> Any:
    """The schema as JSON Schema knows it: OpenAPI's `nullable` spelt out."""
    if not isinstance(schema, Mapping):
        return schema
    plain = {k: v for k, v in schema.items() if k not in ("components", "example", "nullable")}
    for key in _NESTED:
        if key in plain:
            plain[key] = {name: _plain(part) for name, part in plain[key].items()}
    for key in _LISTED:
        if key in plain:
            plain[key] = [_plain(part) for part in plain[key]]
    for key in _SINGLE:
        if key in plain:
            plain[key] = _plain(plain[key])
    if schema.get("nullable"):
        plain["type"] = [plain["type"], "null"]
        if "enum" in plain:
            plain["enum"] = [*plain["enum"], None]
    return plain


def _told(error: ValidationError, schema: Schema) -> Iterator[tuple[str, str]]:
    facts = error.kind.as_dict()
    path = [str(step) for step in error.instance_path]
    match error.kind.name:
        case "required":
            yield _field([*path, facts["property"]]), "is required"
        case "oneOf" | "anyOf":
            yield from _forms(facts["context"], path, schema)
        case "additionalProperties":
            known = ", ".join(_at(schema, error.schema_path[:-1]).get("properties", ()))
            yield _field(path), f"holds something that is not known here; known are: {known}"
        case name:
            yield _field(path), _reason(name, facts)


def _forms(
    context: Sequence[Sequence[ValidationError]], path: list[str], schema: Schema
) -> Iterator[tuple[str, str]]:
    """What is wrong with the form that was meant, by its `kind`."""
    meant = [errors for errors in context if not any(_about_kind(e) for e in errors)]
    if len(meant) == 1:
        for error in meant[0]:
            yield from _told(error, schema)
        return
    kinds = [
        str(option)
        for errors in context
        for e in errors
        if e.kind.name == "enum" and _about_kind(e)
        for option in e.kind.as_dict()["options"]
    ]
    if kinds:
        yield _field([*path, "kind"]), f"must be one of {', '.join(kinds)}"
    elif any(_about_kind(e) for errors in context for e in errors):
        yield _field([*path, "kind"]), "is required"
    else:
        yield _field(path), "fits none of the forms"


def _about_kind(error: ValidationError) -> bool:
    facts = error.kind.as_dict()
    return [*error.instance_path][-1:] == ["kind"] or facts.get("property") == "kind"


def _reason(name: str, facts: Mapping[str, Any]) -> str:
    limit = facts.get("limit")
    match name:
        case "type":
            return f"must be {' or '.join(sorted(facts['types']))}"
        case "enum":
            return f"must be one of {', '.join(str(o) for o in facts['options'] if o is not None)}"
        case "format":
            return _FORMAT_REASONS.get(facts["format"], "does not look right")
        case "minLength" | "minItems" | "minProperties":
            return f"is shorter than {limit}"
        case "maxLength" | "maxItems" | "maxProperties":
            return f"is longer than {limit}"
        case "minimum":
            return f"is less than {limit}"
        case "maximum":
            return f"is more than {limit}"
        case "uniqueItems":
            return "holds something twice"
    return "does not look right"


def _field(path: Sequence[str]) -> str:
    return ".".join(path) or "body"


def _at(schema: Any, path: Sequence[str | int]) -> Mapping[str, Any]:
    for step in path:
        try:
            schema = schema[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return schema if isinstance(schema, Mapping) else {}
