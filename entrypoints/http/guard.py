"""In front of the router: no body that is too long, and no JSON that would make it stumble.

The framework answers 500 to several hostile bodies and lets others through to the database, which
then refuses them. What passes here is one JSON value that every layer behind understands alike.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from core.shared.errors import NotFound
from entrypoints.http.bodies import Gone, read_body, refuse, replay
from entrypoints.http.problems import Malformed, NotJson, TooLarge

DEPTH = 64
DIGITS = 400
"""Of a number. No amount of money and no id comes near."""


class Guard:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # starting and stopping
            await self._app(scope, receive, send)
            return
        try:
            check_address(scope)
            body = await read_body(scope, receive)
            check_body(Headers(scope=scope), body)
        except Gone:
            return
        except (Malformed, NotJson, NotFound, TooLarge) as error:
            await refuse(send, error, head=scope["method"] == "HEAD")
        else:
            await self._app(_as_read(scope, body), replay(body, receive), send)


def check_address(scope: Scope) -> None:
    """No characters in path and query that a layer behind cannot take."""
    query: bytes = scope["query_string"]
    if not query.isascii() or b"%00" in query:
        raise Malformed({"query": "holds characters that are not allowed"})
    if "\x00" in scope["path"]:
        raise Malformed({"path": "holds characters that are not allowed"})
    if scope["path"].endswith("/"):
        raise NotFound("no address ends with a slash")


def check_body(headers: Headers, body: bytes) -> None:
    """Nothing, or JSON in UTF-8: NotJson for another type, Malformed for what is no JSON."""
    if not body:
        return
    declared = headers.get("content-type", "application/json")
    mime, *parameters = (part.strip().lower() for part in declared.split(";"))
    charsets = [p.removeprefix("charset=").strip('"') for p in parameters if "charset" in p]
    if mime != "application/json" or any(c != "utf-8" for c in charsets):
        raise NotJson("send application/json in UTF-8")
    check_json(body)


def check_json(body: bytes) -> None:
    """Malformed unless the bytes are one JSON value of a modest kind (RFC 8259, RFC 7493)."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_int=_modest,
            parse_float=_finite,
            parse_constant=_constant,
        )
    except RecursionError:
        raise Malformed({"body": _TOO_DEEP}) from None
    except UnicodeDecodeError:
        raise Malformed({"body": "is not UTF-8"}) from None
    except ValueError:
        raise Malformed({"body": "is not valid JSON"}) from None
    if b"\\u" in body or body.count(b"[") + body.count(b"{") > DEPTH:
        _walk(value)


_TOO_DEEP = f"is nested deeper than {DEPTH} levels"


def _walk(value: Any) -> None:
    """Level by level, so that no depth costs us our own stack."""
    level: list[Any] = [value]
    for _ in range(DEPTH + 1):
        below: list[Any] = []
        for node in level:
            if isinstance(node, str):
                _check_text(node)
            else:
                below.extend(_children(node))
        if not below:
            return
        level = below
    raise Malformed({"body": _TOO_DEEP})


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return [*node, *node.values()]
    return node if isinstance(node, list) else ()


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise Malformed({"body": "holds the NUL character"})
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise Malformed({"body": "holds half of a surrogate pair"})


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed({"body": "names something twice"})
    return found


def _modest(digits: str) -> int:
    if len(digits) > DIGITS:
        raise Malformed({"body": f"holds a number of more than {DIGITS} digits"})
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if len(digits) > DIGITS or not math.isfinite(number):
        raise Malformed({"body": "holds a number that is too large"})
    return number


def _constant(_: str) -> NoReturn:
    raise Malformed({"body": "NaN and Infinity are not JSON"})


def _as_read(scope: Scope, body: bytes) -> Scope:
    """The scope with the body's true length: the router takes a chunked body for none."""
    headers = MutableHeaders(raw=list(scope["headers"]))
    del headers["transfer-encoding"]
    if body:
        headers["content-length"] = str(len(body))
    else:
        del headers["content-length"]
        del headers["content-type"]
    return {**scope, "headers": headers.raw}
