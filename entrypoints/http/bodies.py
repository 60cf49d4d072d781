"""Bodies and answers as ASGI speaks of them."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from entrypoints.http.problems import Malformed, Problem, TooLarge, problem

LONGEST = 1024 * 1024
"""Bytes of a body, of the API and of webhooks alike."""


class Gone(Exception):
    """Whoever asked has hung up: there is nobody to answer."""


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """All bytes of the body, chunked or not; TooLarge as soon as they are too many."""
    _check_length(Headers(scope=scope).get("content-length"))
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size > LONGEST:
            raise TooLarge(_TOO_LARGE)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _check_length(declared: str | None) -> None:
    if declared is None:
        return
    if not (declared.isascii() and declared.isdigit()):
        raise Malformed({"Content-Length": "is not a number"})
    if len(declared) > len(str(LONGEST)) or int(declared) > LONGEST:
        raise TooLarge(_TOO_LARGE)


_TOO_LARGE = f"a body has at most {LONGEST} bytes"


def replay(body: bytes, receive: Receive) -> Receive:
    """A channel that gives the body once more, then whatever comes."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return left.pop() if left else await receive()

    return again


async def answer(
    send: Send, status: int, body: bytes, headers: Mapping[str, str], *, head: bool = False
) -> None:
    """A whole answer; to HEAD without its body."""
    told = {"content-length": str(len(body)), **{k.lower(): v for k, v in headers.items()}}
    raw = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if head else body})


async def refuse(send: Send, error: Exception, *, head: bool = False) -> Problem:
    """Answer with the problem of an error."""
    told = problem(error)
    await answer(send, told.status, told.body, told.headers, head=head)
    return told
