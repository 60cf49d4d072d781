"""The webhook door: bytes in, verified, kept, answered in the vendor's words. No vendor is called.

It stands in front of the router: signatures are over bytes, and no framework touches them here.
"""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import logging
import re
from collections import OrderedDict
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import parse_qsl
from uuid import UUID

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from core.inbox.journal import Entry
from core.shared.errors import NotFound, Unavailable
from core.shared.ids import Ids
from core.tenancy.api_keys import digest
from entrypoints import observe
from entrypoints.http.bodies import Gone, answer, read_body, refuse
from entrypoints.http.observed import OPERATION
from entrypoints.http.problems import Malformed, MethodNotAllowed, TooLarge
from ports.clock import Clock
from ports.errors import Unverified
from ports.webhooks import Handshakes, RawWebhook, Reply, WebhookReader

log = logging.getLogger(__name__)

PATIENCE = 1.8
"""Seconds until the database counts as away: the vendor hears so within two."""
KEPT_OPEN = 10_000
"""Doors whose reader stays built."""
STALE = timedelta(minutes=5)
SUSPECT = timedelta(seconds=1)
"""A refused proof opens a door of this age anew: its secret may have changed since."""
LONGEST_KEY = 200

_ADDRESSES = (
    (re.compile(r"/api/v1/hooks/(?P<token>[^/]+)"), ""),
    (re.compile(r"/api/v1/integrations/(?P<plugin>[^/]+)/webhook/(?P<token>[^/]+)"), "_named"),
    (re.compile(r"/api/v1/integrations/(?P<plugin>[^/]+)/webhook"), "_app"),
)
_OPERATIONS = {"POST": "deliver", "GET": "handshake", "HEAD": "probe"}
_REFUSALS = (NotFound, Unavailable, MethodNotAllowed, Malformed, TooLarge, Unverified)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")
_PROOF = re.compile(r"auth|cookie|key|password|secret|token")
"""Headers of such a name prove who calls; they are verified and not kept."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where one installation's deliveries come in, ready to verify them."""

    tenant: UUID
    installation_id: UUID
    version: int
    """Of the installation, when the reader was built."""
    plugin: str
    reader: WebhookReader
    reply: Reply


class Doors(Protocol):
    async def find(self, plugin: str | None, digest: bytes | None) -> Sequence[Door]:
        """The doors that listen: with the digest of a token its one, else the plugin's app-wide.

        Empty for an unknown token, another plugin's token, and a connection that is off.
        Unavailable when the database cannot be asked.
        """


class Taken(StrEnum):
    NEW = "new"
    SEEN = "seen"
    """Its installation has one with this dedupe key already."""
    STALE = "stale"
    """Not kept: the installation has another version by now, or does not listen."""


class Ingest(Protocol):
    async def __call__(self, tenant: UUID, version: int, entry: Entry) -> str:
        """Keep a verified delivery, in one round trip, committed when it answers; one of Taken.

        Unavailable when the database cannot be asked.
        """


class Bell(Protocol):
    def ring(self) -> None:
        """Say that something waits. Neither waits nor fails; a sweep finds it anyway."""


@dataclass(frozen=True, slots=True)
class Address:
    plugin: str | None
    token: str | None
    operation: str

    @property
    def digest(self) -> bytes | None:
        return None if self.token is None else digest(self.token)


def address(path: str, method: str) -> Address | None:
    """What a path means as a webhook address; None when it is none."""
    for shape, suffix in _ADDRESSES:
        if found := shape.fullmatch(path):
            parts = found.groupdict()
            act = _OPERATIONS.get(method, "deliver")
            return Address(parts.get("plugin"), parts.get("token"), f"webhooks.{act}{suffix}")
    return None


@dataclass(slots=True)
class OpenDoors:
    """Doors stay open: building a reader opens a seal, and vendors knock often."""

    doors: Doors
    clock: Clock
    _open: OrderedDict[Address, tuple[datetime, Sequence[Door]]] = field(
        default_factory=OrderedDict
    )

    async def at(self, where: Address) -> Sequence[Door]:
        """The doors at an address; NotFound when there are none."""
        age = self._age(where)
        if age is None or age >= STALE:
            return await self.anew(where)
        self._open.move_to_end(where)
        return self._open[where][1]

    async def anew(self, where: Address) -> Sequence[Door]:
        """The doors as they are now."""
        self._open.pop(where, None)
        if where.token is not None and not _TOKEN.fullmatch(where.token):
            raise NotFound("there is nothing at this address")
        found = await self.doors.find(where.plugin, where.digest)
        if not found:
            raise NotFound("there is nothing at this address")
        self._open[where] = (self.clock.now(), found)
        if len(self._open) > KEPT_OPEN:
            self._open.popitem(last=False)
        return found

    def suspect(self, where: Address) -> bool:
        """Whether the doors were opened so long ago that a refused proof may be their fault."""
        age = self._age(where)
        return age is None or age >= SUSPECT

    def _age(self, where: Address) -> timedelta | None:
        kept = self._open.get(where)
        return self.clock.now() - kept[0] if kept else None


class WebhookDoor:
    def __init__(self, doors: Doors, ingest: Ingest, bell: Bell, clock: Clock, ids: Ids) -> None:
        self._doors = OpenDoors(doors, clock)
        self._ingest = ingest
        self._bell = bell
        self._clock = clock
        self._ids = ids
        self._let_go: set[asyncio.Task[Reply]] = set()

    async def __call__(self, where: Address, scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"][OPERATION] = where.operation
        head = scope["method"] == "HEAD"
        try:
            reply = await self._reply(where, scope, receive)
        except Gone:
            return
        except TimeoutError:
            await refuse(send, Unavailable("the delivery could not be kept now"), head=head)
        except _REFUSALS as error:
            await refuse(send, error, head=head)
        else:
            headers = {"content-type": reply.content_type}
            await answer(send, reply.status, reply.body, headers, head=head)

    async def _reply(self, where: Address, scope: Scope, receive: Receive) -> Reply:
        if scope["method"] in ("GET", "HEAD"):
            return await self._in_time(self._shake(where, scope["query_string"]))
        if scope["method"] != "POST":
            raise MethodNotAllowed("POST")
        webhook = RawWebhook(await read_body(scope, receive), _headers(scope))
        return await self._in_time(self._deliver(where, webhook))

    async def _in_time(self, work: Coroutine[Any, Any, Reply]) -> Reply:
        """What the work gives, or TimeoutError at once: what hangs is let go, not waited for."""
        context = contextvars.copy_context()
        task = asyncio.create_task(work, context=context)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        observe.tenant.set(context.get(observe.tenant))
        if done:
            return task.result()
        self._let_go.add(task)
        task.add_done_callback(self._let_go.discard)
        task.cancel()
        raise TimeoutError

    async def _deliver(self, where: Address, webhook: RawWebhook) -> Reply:
        door = await self._verified(where, webhook)
        taken = await self._keep(door, webhook)
        if taken is Taken.STALE:
            await self._doors.anew(where)
            door = await self._verified(where, webhook)
            taken = await self._keep(door, webhook)
        observe.WEBHOOKS.labels(door.plugin, str(taken)).inc()
        if taken is Taken.STALE:
            raise Unavailable("this connection is being changed")
        if taken is Taken.NEW:
            self._bell.ring()
        return door.reply

    async def _verified(self, where: Address, webhook: RawWebhook) -> Door:
        """The door that the delivery is proven for; Unverified when it is none."""
        doors = await self._doors.at(where)
        if door := _proven(doors, webhook):
            return door
        if self._doors.suspect(where) and (door := _proven(await self._doors.anew(where), webhook)):
            return door
        observe.WEBHOOKS.labels(doors[0].plugin, "unverified").inc()
        raise Unverified("no proof that it is the vendor's")

    async def _keep(self, door: Door, webhook: RawWebhook) -> Taken:
        observe.tenant.set(str(door.tenant))
        now = self._clock.now()
        entry = Entry(
            self._ids(),
            door.installation_id,
            door.plugin,
            _key(door, webhook),
            RawWebhook(webhook.body, _worth_keeping(webhook)),
            now,
            due_at=now,
            correlation_id=observe.correlation_id.get(),
        )
        return Taken(await self._ingest(door.tenant, door.version, entry))

    async def _shake(self, where: Address, query: bytes) -> Reply:
        doors = await self._doors.anew(where)
        asked = dict(reversed(parse_qsl(query.decode("latin-1"), keep_blank_values=True)))
        readers = [door.reader for door in doors if isinstance(door.reader, Handshakes)]
        if not readers:
            raise MethodNotAllowed("POST")
        for reader in readers:
            try:
                return reader.handshake(asked)
            except Unverified:
                continue
        raise Unverified("no proof that it is the vendor's")


def _proven(doors: Sequence[Door], webhook: RawWebhook) -> Door | None:
    for door in doors:
        try:
            door.reader.verify(webhook)
        except Unverified:
            continue
        except Exception as error:  # a plugin's code: what it cannot verify is not verified
            observe.failed(error)
            continue
        return door
    return None


def _headers(scope: Scope) -> dict[str, str]:
    """By name; a name that comes several times has its values joined."""
    headers: dict[str, str] = {}
    for name, value in Headers(scope=scope).items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _worth_keeping(webhook: RawWebhook) -> dict[str, str]:
    return {name: value for name, value in webhook.headers.items() if not _PROOF.search(name)}


def _key(door: Door, webhook: RawWebhook) -> str:
    """What makes a delivery the same; the bytes themselves where the plugin's key is too long."""
    key = door.reader.dedupe_key(webhook)
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(webhook.body).hexdigest()
