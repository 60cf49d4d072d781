"""Idempotency-Key: the same intent, sent again, has its effect once and gets the same answer."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import flask

from core.shared.actor import Actor
from core.shared.ids import Ids
from entrypoints.http.answers import Handler, Recorded, recorded, response
from entrypoints.http.problems import KeyReused, UnderWay
from ports.clock import Clock

HEADER = "Idempotency-Key"
SOON = 1.0
"""Seconds after which an answer that is under way may be asked for again."""


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
            sent = flask.request.headers.get(HEADER)
            if not sent:
                return response(recorded(handler(**given)))
            user: Actor = given["user"]
            tenant, key = user.tenant, f"{user.id} {sent}"  # nobody reads another's answer
            claim = self.store.claim(tenant, operation, key, request_hash(), self.clock.now())
            if claim.state != "ours":
                return response(_standing(claim))
            try:
                first = recorded(handler(**given))
            except BaseException:
                self.store.release(tenant, operation, key)
                raise
            self.store.finish(tenant, operation, key, first.status, first.body, first.headers)
            return response(first)

        return answered

    def new_id(self, actor: Actor) -> UUID:
        """An id for what the request makes; the same for the same key and request.

        So even when we die between the effect and keeping the answer, a second try finds the
        first one's effect instead of repeating it.
        """
        key = flask.request.headers.get(HEADER)
        if not key:
            return self.ids()
        named = f"{actor.tenant} {actor.id} {flask.request.path} {key} ".encode() + request_hash()
        return UUID(bytes=hashlib.sha256(named).digest()[:16], version=5)


def request_hash() -> bytes:
    """What makes a request the same: its address and its body."""
    address = flask.request.full_path.encode()
    return hashlib.sha256(address + b"\x00" + flask.request.get_data(cache=True)).digest()


def _standing(claim: Claim) -> Recorded:
    if claim.state == "running":
        raise UnderWay("a request with this key is being answered: ask again", SOON)
    if claim.state == "other" or claim.status is None:
        raise KeyReused("this key was sent with another request")
    return Recorded(claim.status, claim.body or b"", claim.headers or {})
