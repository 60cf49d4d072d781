"""The specification: many small files for people, one document for programs."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2] / "openapi" / "invekto.yaml"
METHODS = ("get", "put", "post", "delete", "patch", "head")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe one, in C where the library has it: the specification is read at every start."""
_KINDS = {
    "schemas": "schemas",
    "examples": "examples",
    "parameters.yaml": "parameters",
    "responses.yaml": "responses",
    "headers.yaml": "headers",
}
"""Where a file belongs in `components`, by its folder or name; all else is put in place."""


def load(root: Path = ROOT) -> dict[str, Any]:
    """The whole specification as one document, its references within itself."""
    return copy.deepcopy(_bundled(root))


def operations(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Path, method and operation, in the order of the specification."""
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def routed(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The specification without the operations that are answered in front of the router."""
    kept = {
        path: {key: value for key, value in item.items() if not _raw(value)}
        for path, item in spec["paths"].items()
    }
    return {**spec, "paths": {p: i for p, i in kept.items() if any(m in i for m in METHODS)}}


def _raw(operation: Any) -> bool:
    return isinstance(operation, Mapping) and bool(operation.get("x-raw"))


@cache
def _bundled(root: Path) -> dict[str, Any]:
    bundle = _Bundle(root.parent)
    spec: dict[str, Any] = bundle.resolved(bundle.file(root), root)
    for kind, parts in bundle.components.items():
        spec["components"].setdefault(kind, {}).update(parts)
    return spec


@dataclass(slots=True)
class _Bundle:
    folder: Path
    components: dict[str, dict[str, Any]] = field(default_factory=dict)
    _files: dict[Path, Any] = field(default_factory=dict)

    def file(self, path: Path) -> Any:
        if path not in self._files:
            self._files[path] = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506  safe
        return self._files[path]

    def resolved(self, node: Any, at: Path) -> Any:
        """The node with every reference to a file pointing into `components`, or put in place."""
        if isinstance(node, Mapping):
            if isinstance(node.get("$ref"), str):
                return self._follow(node["$ref"], at)
            return {key: self.resolved(value, at) for key, value in node.items()}
        if isinstance(node, list):
            return [self.resolved(value, at) for value in node]
        return node

    def _follow(self, ref: str, at: Path) -> Any:
        file, _, name = ref.partition("#/")
        path = Path(os.path.normpath(at.parent / file)) if file else at
        part = self.file(path)[name]
        kind = _KINDS.get(path.relative_to(self.folder).parts[0])
        if kind is None:
            return self.resolved(part, path)
        known = self.components.setdefault(kind, {})
        named = f"{path.stem}_{name}" if kind == "examples" else name
        if named not in known:
            known[named] = {}  # a schema may refer to itself
            known[named] = self.resolved(part, path)
        return {"$ref": f"#/components/{kind}/{named}"}
