"""What a handler gives, as the bytes that are sent."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import flask

from entrypoints.http.wire import Answer

Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer, byte for byte."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def recorded(answer: Answer) -> Recorded:
    body, status, headers = _unpacked(answer)
    if body is None:
        return Recorded(status, headers=headers)
    said = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Recorded(status, said, {**headers, "Content-Type": "application/json"})


def response(of: Recorded) -> flask.Response:
    made = flask.Response(of.body, of.status, dict(of.headers))
    if not of.body:
        del made.headers["Content-Type"]  # the framework has set one for nothing
    return made


def plain(handler: Handler) -> Handler:
    """The handler, answering in JSON; one that builds its own response is left to it."""

    @functools.wraps(handler)
    def answered(**given: Any) -> flask.Response:
        answer = handler(**given)
        return answer if isinstance(answer, flask.Response) else response(recorded(answer))

    return answered


def _unpacked(answer: Answer) -> tuple[Mapping[str, Any] | None, int, Mapping[str, str]]:
    if not isinstance(answer, tuple):
        return answer, 200, {}
    return answer[0], answer[1], answer[2] if len(answer) == 3 else {}
