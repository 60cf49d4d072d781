"""Whether an object fits a protocol: its members are there and can be called the same way."""

from __future__ import annotations

import inspect
from typing import Any


def misfits(port: object, protocol: type[Any]) -> list[str]:
    """Why the object does not fulfil the protocol; empty when it does."""
    return [
        problem
        for name, promised in _members(protocol).items()
        for problem in _misfit(port, name, promised)
    ]


def _members(protocol: type[Any]) -> dict[str, Any]:
    methods = {n: m for n, m in vars(protocol).items() if inspect.isfunction(m) and n[0] != "_"}
    return {**dict.fromkeys(inspect.get_annotations(protocol)), **methods}


def _misfit(port: object, name: str, promised: Any) -> list[str]:
    if not hasattr(port, name):
        return [f"{name} is missing"]
    if promised is None:
        return []
    given = getattr(port, name)
    if not callable(given):
        return [f"{name} cannot be called"]
    return [f"{name}: {why}" for why in _signature_misfits(given, promised)]


def _signature_misfits(given: Any, promised: Any) -> list[str]:
    wanted = list(inspect.signature(promised).parameters.values())[1:]
    positional = [p.name for p in wanted if p.kind is p.POSITIONAL_OR_KEYWORD]
    named = [p.name for p in wanted if p.kind is p.KEYWORD_ONLY]
    full = (positional, named)
    least = (
        [p.name for p in wanted if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty],
        [p.name for p in wanted if p.kind is p.KEYWORD_ONLY and p.default is p.empty],
    )
    by_name: tuple[list[str], list[str]] = ([], positional + named)
    signature = inspect.signature(given)
    return sorted({why for call in (full, least, by_name) for why in _refusal(signature, *call)})


def _refusal(signature: inspect.Signature, args: list[str], kwargs: list[str]) -> list[str]:
    try:
        signature.bind(*args, **dict.fromkeys(kwargs))
    except TypeError as error:
        return [str(error)]
    return []
