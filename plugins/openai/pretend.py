"""What the sandbox says when nobody told it what to say: always the same for the same question."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from typing import Any

WORD = re.compile(r"\w+")


def instance(schema: Mapping[str, Any], words: str, root: Mapping[str, Any] | None = None) -> Any:
    """The smallest value of a JSON schema's shape; free text in it is `words`."""
    root = root or schema
    if "$ref" in schema:
        return instance(_resolved(str(schema["$ref"]), root), words, root)
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            return instance(schema[key][0], words, root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    return _of_kind(kind[0] if isinstance(kind, list) else kind, schema, words, root)


def _of_kind(kind: Any, schema: Mapping[str, Any], words: str, root: Mapping[str, Any]) -> Any:
    if kind == "object":
        members = schema.get("properties", {})
        return {name: instance(member, words, root) for name, member in members.items()}
    if kind == "array":
        wanted = int(schema.get("minItems", 0))
        return [instance(schema.get("items", {}), words, root)] * wanted
    if kind == "string":
        return words[: int(schema.get("maxLength", 200))]
    plain: dict[Any, Any] = {
        "integer": schema.get("minimum", 0),
        "number": schema.get("minimum", 0),
    }
    return plain.get(kind, False if kind == "boolean" else None)


def _resolved(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = root
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    resolved: Mapping[str, Any] = found
    return resolved


def vector(text: str, dimensions: int) -> list[float]:
    """A unit vector in which texts that share letters lie near each other."""
    numbers = [0.01] * dimensions
    for feature in _features(text):
        digest = hashlib.blake2b(feature.encode(), digest_size=8).digest()
        place = int.from_bytes(digest[:7], "big") % dimensions
        numbers[place] += 1.0 if digest[7] & 1 else -1.0
    length = math.hypot(*numbers)
    return [number / length for number in numbers]


def _features(text: str) -> list[str]:
    """Words and their three-letter pieces."""
    words = [f" {word} " for word in WORD.findall(text.lower())]
    return [
        word[i : i + n] for word in words for n in (3, len(word)) for i in range(len(word) - n + 1)
    ]


def tokens(text: str) -> int:
    """A rough count: four letters a token."""
    return math.ceil(len(text) / 4)
