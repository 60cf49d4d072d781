"""Idempotency-Key: the same intent, sent again, has its effect once and gets the same answer."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import flask

from core.shared.actor import Actor
from core.shared.ids import Ids
from entrypoints.http.problems import KeyReused, UnderWay
from entrypoints.http.wire import Answer
from ports.clock import Clock

HEADER = "Idempotency-Key"
SOON = 1.0
"""Seconds after which an answer that is under way may be asked for again."""
Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer as it was given, byte for byte."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Claim(Protocol):
    """What stands for a key: `ours` to answer, `running` elsewhere, `other` request, `done`."""

    @property
    def state(self) -> str: ...

    @property
    def status(self) -> int | None: ...

    @property
    def body(self) -> bytes | None: ...

    @property
    def headers(self) -> Mapping[str, str] | None: ...


class IdempotencyStore(Protocol):
    """Keys within a tenant and an operation, kept for 24 hours."""

    def claim(
        self, tenant: UUID, operation: str, key: str, request_hash: bytes, now: datetime
    ) -> Claim:
        """Take the key, atomically: of many at once, one gets `ours`.

        A claim whose worker died can be taken again after a minute.
        """

    def finish(
        self,
        tenant: UUID,
        operation: str,
        key: str,
        status: int,
        body: bytes,
        headers: Mapping[str, str],
    ) -> None:
        """Keep the answer."""

    def release(self, tenant: UUID, operation: str, key: str) -> None:
        """Nothing happened: the key may be used again."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    store: IdempotencyStore
    clock: Clock
    ids: Ids

    def wrap(self, operation: str, handler: Handler) -> Handler:
        """The handler, answering a repeated key with what it answered first.

        Only what succeeded is kept: a refusal had no effect, and may be mended and sent again.
        """

        @functools.wraps(handler)
        def answered(**given: Any) -> Any:
            key = flask.request.headers.get(HEADER)
            if not key:
                return handler(**given)
            tenant: UUID = given["user"].tenant
            claim = self.store.claim(tenant, operation, key, request_hash(), self.clock.now())
            if claim.state != "ours":
                return _standing(claim)
            try:
                recorded = _recorded(handler(**given))
            except BaseException:
                self.store.release(tenant, operation, key)
                raise
            self.store.finish(
                tenant, operation, key, recorded.status, recorded.body, recorded.headers
            )
            return _response(recorded)

        return answered

    def new_id(self, actor: Actor) -> UUID:
        """An id for what the request makes; the same for the same key and request.

        So even when we die between the effect and keeping the answer, a second try finds the
        first one's effect instead of repeating it.
        """
        key = flask.request.headers.get(HEADER)
        if not key:
            return self.ids()
        named = f"{actor.tenant} {flask.request.path} {key} ".encode() + request_hash()
        return UUID(bytes=hashlib.sha256(named).digest()[:16], version=5)


def request_hash() -> bytes:
    """What makes a request the same: its address and its body."""
    address = flask.request.full_path.encode()
    return hashlib.sha256(address + b"\x00" + flask.request.get_data(cache=True)).digest()


def _standing(claim: Claim) -> flask.Response:
    if claim.state == "running":
        raise UnderWay("a request with this key is being answered: ask again", SOON)
    if claim.state == "other" or claim.status is None:
        raise KeyReused("this key was sent with another request")
    return _response(Recorded(claim.status, claim.body or b"", claim.headers or {}))


def _recorded(answer: Answer) -> Recorded:
    body, status, headers = unpacked(answer)
    if body is None:
        return Recorded(status, b"", headers)
    said = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Recorded(status, said, {**headers, "Content-Type": "application/json"})


def unpacked(answer: Answer) -> tuple[Mapping[str, Any] | None, int, Mapping[str, str]]:
    """Body, status and headers, whichever of them the handler gave."""
    if not isinstance(answer, tuple):
        return answer, 200, {}
    return answer[0], answer[1], answer[2] if len(answer) == 3 else {}


def _response(recorded: Recorded) -> flask.Response:
    return flask.Response(recorded.body, recorded.status, dict(recorded.headers))
