"""A request for every operation of the specification, made from its own examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from core.shared.actor import SCOPES
from entrypoints.http import spec
from entrypoints.http.validation import problems
from tests.api.client import Client
from tests.api.house import Tenant
from tests.api.planted import NUMBER

SPEC = spec.load()
ROUTED = {o["operationId"]: (p, m, o) for p, m, o in spec.operations(spec.routed(SPEC))}
_THINGS = {
    "conversations": "conversation",
    "installations": "parrot",
    "contacts": "contact",
    "merges": "merge",
    "turns": "turn",
    "webhooks": "entry",
    "outbox": "owed",
    "api-keys": "key",
    "attachments": "attachment",
    "members": "member",
    "invitations": "guest",
    "teams": "team",
    "security/sessions": "session",
    "security/sso": "sso",
    "2fa": "key",
}
"""What `{id}` means behind a part of an address."""
SCOPED = {id: o["x-scope"] for id, (_, _, o) in ROUTED.items() if o.get("x-scope") in SCOPES}
"""What needs a scope, and which."""
OWN = [id for id, (_, _, o) in ROUTED.items() if o.get("x-scope") == "self"]
"""What is for people who are signed in."""
PUBLIC = [id for id, (_, _, o) in ROUTED.items() if o.get("security") == []]
_NAMES = {"flags": "agent", "roles": "packing"}
"""What `{name}` means, where it is no intent."""
SETTINGS = {"number": "77", "api_key": "planted"}
VERSIONED = (
    "installations.replace",
    "members.change",
    "roles.set",
    "policy.set",
    "sso_connections.replace",
)
"""What is planted of them has its first version."""
_BODIES = {
    "integrations.connect": {"settings": SETTINGS},
    "integrations.connect_app": {"settings": {"app_secret": "planted"}},
}


@dataclass
class Asked:
    method: str
    path: str
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def of(self, ask: Client, key: str | None) -> httpx.Response:
        return ask(self.method, self.path, key=key, json=self.json, headers=self.headers)


def asked(operation_id: str, whose: Tenant) -> Asked:
    """The operation's example, about what that tenant has."""
    path, method, operation = ROUTED[operation_id]
    return Asked(
        method.upper(),
        "/api/v1" + _address(path, operation_id, whose),
        _body(operation_id, operation, whose.things),
        {"X-Invekto-Csrf": "1"} | ({"If-Match": '"1"'} if operation_id in VERSIONED else {}),
    )


def example(operation: Mapping[str, Any]) -> Any:
    """The first example of the operation's body."""
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    return at(next(iter(examples.values())))["value"]


def at(node: Mapping[str, Any]) -> Any:
    """What a reference within the specification refers to; anything else as it is."""
    if "$ref" not in node:
        return node
    found: Any = SPEC
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def whole(node: Any) -> Any:
    """The node with every reference put in place."""
    if isinstance(node, Mapping):
        if "$ref" in node:
            return whole(at(node))
        return {key: whole(value) for key, value in node.items()}
    return [whole(part) for part in node] if isinstance(node, list) else node


def is_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The body, after seeing to it that it is a refusal as the specification has it."""
    if answer.status_code != status:
        pytest.fail(f"{answer.request.url}: {answer.status_code} {answer.text[:300]}")
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert not problems(_PROBLEM, said)
    assert said["status"] == status
    assert said["correlation_id"] == answer.headers["x-request-id"]
    return said


def versioned(answer: httpx.Response) -> dict[str, str]:
    """The header that changes what was read."""
    return {"If-Match": answer.headers["etag"]}


def reasons(answer: httpx.Response) -> dict[str, str]:
    """What a refusal says of each field."""
    return {error["field"]: error["reason"] for error in answer.json()["errors"]}


_PROBLEM = whole(SPEC["components"]["schemas"]["Problem"])


def _address(path: str, operation_id: str, whose: Tenant) -> str:
    things = whose.things
    path = path.replace("/tenants/{id}", f"/tenants/{whose.id}")
    for part, thing in _THINGS.items():
        path = path.replace(f"/{part}/{{id}}", f"/{part}/{things[thing]}")
    if operation_id == "installations.sync":
        path = path.replace(str(things["parrot"]), str(things["market"]))
    name = _NAMES.get(operation_id.partition(".")[0], "order_status")
    path = path.replace("{installation_id}", str(things["market"])).replace("{number}", NUMBER)
    path = path.replace("{plugin}", "parrot").replace("{name}", name)
    if operation_id == "orders.latest":
        path += f"?customer_id={things['contact']}"
    assert "{" not in path, path
    return path


def _body(operation_id: str, operation: Mapping[str, Any], things: Mapping[str, Any]) -> Any:
    if "requestBody" not in operation:
        return None
    if operation_id in _BODIES:
        return _BODIES[operation_id]
    body = dict(example(operation))
    if operation_id == "installations.replace":
        return {"settings": {**SETTINGS, "number": str(things["parrot_number"])}}
    if "conversation_id" in body:
        body["conversation_id"] = str(things["conversation"])
    if operation_id == "conversations.assign":
        body["assignee"] = str(things["member"])
    if operation_id == "contacts.merge":
        body |= {"kept": str(things["contact"]), "merged": str(things["other"])}
    return body
