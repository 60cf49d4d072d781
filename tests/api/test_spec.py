"""The specification and the code are about the same operations, and its examples are true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from connexion.spec import Specification

from entrypoints.http import auth_raw, door, health, scim, spec
from entrypoints.http.operations import operations
from entrypoints.http.validation import problems
from tests.api.asking import ROUTED, SPEC, at, whole
from tests.api.house import House

FOLDER = Path(spec.ROOT).parent
EVERY = {o["operationId"]: (p, m, o) for p, m, o in spec.operations(SPEC)}
SHOWS_A_SECRET = {
    "installations.rotate_hook",
    "integrations.connect",
    "integrations.connect_app",
    "keys.issue",
    "keys.rotate",
    "tenants.create",
}
"""Their answers are not kept, so they take no Idempotency-Key. Neither does coming in: its tickets
work once anyway."""


def media(operation: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every kind of body that the operation takes or gives."""
    if "requestBody" in operation:
        yield from operation["requestBody"]["content"].values()
    for response in operation["responses"].values():
        yield from at(response).get("content", {}).values()


def test_every_id_has_a_handler_and_every_handler_an_id(house: House) -> None:
    assert operations(house.http, spec.routed(SPEC)).keys() == ROUTED.keys()


def test_what_stands_in_front_of_the_router_is_specified_too() -> None:
    hooks = {
        door.address("/api/v1" + path.replace("{token}", "t").replace("{plugin}", "p"), m.upper())
        for path, m, o in EVERY.values()
        if "Webhooks" in o["tags"]
    }
    ids = {"{tenant}": str(uuid4()), "{connection}": str(uuid4())}
    providers = {
        auth_raw.address(
            ("" if "servers" in SPEC["paths"][path] else "/api/v1") + filled(path, ids)
        )
        for path, _, o in EVERY.values()
        if "Sign-in" in o["tags"]
    }
    served = {where.operation for where in hooks | providers if where}
    served |= set(health.OPERATIONS.values())
    served |= {id for ways in scim.OPERATIONS.values() for id in ways.values()}
    assert served == EVERY.keys() - ROUTED.keys()


def served_at(path: str) -> str:
    return path if "servers" in SPEC["paths"][path] else f"/api/v1{path}"


def filled(path: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        path = path.replace(name, value)
    return path


def test_ids_are_unique() -> None:
    counts = Counter(o["operationId"] for _, _, o in spec.operations(SPEC))
    assert set(counts.values()) == {1}


@pytest.mark.parametrize("id", EVERY)
def test_every_operation_explains_itself(id: str) -> None:
    _, _, operation = EVERY[id]
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"][0] in {tag["name"] for tag in SPEC["tags"]}
    for content in media(operation):
        assert content.get("examples") or content.get("example"), f"{id} lacks an example"


@pytest.mark.parametrize("id", ROUTED)
def test_every_operation_names_its_scope_and_its_refusals(id: str) -> None:
    _, _, operation = ROUTED[id]
    wanted = {"400", "403", "429", "500", "503"}
    if operation.get("security") != []:
        assert f"`{operation['x-scope']}`" in operation["description"]
        wanted |= {"401"}
    if "requestBody" in operation:
        wanted |= {"413", "415"}
    assert wanted <= operation["responses"].keys()


@pytest.mark.parametrize("id", EVERY)
def test_examples_fit_their_schemas(id: str) -> None:
    for content in media(EVERY[id][2]):
        for name, example in content.get("examples", {}).items():
            assert not problems(whole(content["schema"]), at(example)["value"]), name


def test_every_post_can_be_repeated_unless_it_shows_a_secret() -> None:
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    posts = {id for id, (_, m, o) in ROUTED.items() if m == "post" and "Sign-in" not in o["tags"]}
    without = {id for id in posts if key not in ROUTED[id][2].get("parameters", ())}
    assert without == SHOWS_A_SECRET


def test_every_object_says_what_it_holds() -> None:
    """So that holding answers to the specification finds a field that it does not know."""
    vague = [
        name
        for name, schema in SPEC["components"]["schemas"].items()
        if schema.get("type") == "object" and "additionalProperties" not in schema
    ]
    assert not vague


def test_no_file_holds_what_nothing_refers_to() -> None:
    used = {kind: set(parts) for kind, parts in SPEC["components"].items()}
    for folder, kind in (("schemas", "schemas"), ("examples", "examples")):
        for path in (FOLDER / folder).glob("*.yaml"):
            held = yaml.safe_load(path.read_text(encoding="utf-8"))
            prefix = f"{path.stem}_" if kind == "examples" else ""
            unused = {name for name in held if prefix + name not in used[kind]}
            assert not unused, f"{path.name}: {unused}"


def test_standard_tools_read_the_files_as_they_are() -> None:
    """Another resolver than ours, from the root file on, finds the same operations."""
    found = Specification.load(spec.ROOT)
    ids = {
        operation["operationId"]
        for item in found["paths"].values()
        for method, operation in item.items()
        if method in spec.METHODS
    }
    assert ids == EVERY.keys()
    assert found["openapi"] == "3.0.3"


def test_the_whole_document_is_valid() -> None:
    Specification.load(spec.load())
