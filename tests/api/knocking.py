"""The webhook door alone, before an inbox in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import httpx

from core.inbox.journal import Entry
from entrypoints.http.door import Door, WebhookDoor, address
from entrypoints.http.observed import Observed
from ports.webhooks import Reply
from tests.api.house import Bell, Clock
from tests.api.plugins import SIGNATURE, Parrot, sign

TOKEN = "a" * 43
PATH = f"/api/v1/hooks/{TOKEN}"
SECRET = "s3cret"
BODY = b'{"said": "kraa"}'


@dataclass
class Doors:
    """One installation, as the database has it now."""

    door: Door | None = field(
        default_factory=lambda: Door(
            uuid4(), uuid4(), 1, "parrot", Parrot(SECRET), Reply(200, b"PARROT OK")
        )
    )
    asked: int = 0
    fails: Exception | None = None

    async def find(self, plugin: str | None, digest: bytes | None) -> Sequence[Door]:
        self.asked += 1
        if self.fails:
            raise self.fails
        if self.door is None or (plugin and plugin != self.door.plugin):
            return []
        return [self.door]

    def change(self, **to: Any) -> None:
        """As when somebody changes the connection's settings."""
        assert self.door
        self.door = replace(self.door, version=self.door.version + 1, **to)


@dataclass
class Inbox:
    """Keeps each dedupe key once, for the version that stands."""

    doors: Doors
    kept: dict[str, Entry] = field(default_factory=dict)
    fails: Exception | None = None
    hangs: bool = False

    async def __call__(self, tenant: UUID, version: int, entry: Entry) -> str:
        if self.fails:
            raise self.fails
        if self.hangs:
            await asyncio.Event().wait()
        now = self.doors.door
        if now is None or now.version != version:
            return "stale"
        if entry.dedupe_key in self.kept:
            return "seen"
        self.kept[entry.dedupe_key] = entry
        return "new"


class World:
    def __init__(self) -> None:
        self.clock, self.bell, self.doors = Clock(), Bell(), Doors()
        self.inbox = Inbox(self.doors)
        hooks = WebhookDoor(self.doors, self.inbox, self.bell, self.clock, uuid4)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            where = address(scope["path"], scope["method"])
            assert where
            await hooks(where, scope, receive, send)

        self.app = Observed(app, uuid4)

    def knock(
        self,
        body: Any = BODY,
        *,
        method: str = "POST",
        path: str = PATH,
        secret: str = SECRET,
        headers: Mapping[str, str] = {},
    ) -> httpx.Response:
        signed = {SIGNATURE: sign(secret, body)} if isinstance(body, bytes) else {}

        async def knocked() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
                return await http.request(method, path, content=body, headers={**signed, **headers})

        return asyncio.run(knocked())
