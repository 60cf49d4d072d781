"""What came in by webhook and what we owe vendors, and setting either right."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.delivery.outbox import Owed, OwedFilter, OwedState
from core.delivery.settle import Settlement, settle
from core.inbox.journal import Entry, EntryFilter, EntryState
from core.inbox.replay import replay, replay_window
from core.shared.actor import Actor, allow
from core.shared.errors import NotFound
from core.shared.work import Works
from entrypoints.http.wire import (
    Answer,
    Json,
    moment,
    moment_or_none,
    page,
    to_id_or_none,
    to_moment,
)
from ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Journal:
    works: Works
    clock: Clock

    def list(
        self,
        user: Actor,
        limit: int,
        cursor: str | None = None,
        state: str | None = None,
        plugin: str | None = None,
        installation: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> Answer:
        allow(user, "journal.read")
        only = EntryFilter(
            EntryState(state) if state else None,
            plugin,
            to_id_or_none(installation),
            to_moment(since),
            to_moment(until),
        )
        with self.works(user.tenant) as work:
            return page(work.inbox.list(only, cursor=cursor, limit=limit), present)

    def get(self, id: str, user: Actor) -> Answer:
        allow(user, "journal.read")
        with self.works(user.tenant) as work:
            found = work.inbox.get(UUID(id))
        if found is None:
            raise NotFound("there is no such entry")
        body = b64encode(found.webhook.body).decode("ascii")
        return {**present(found), "headers": dict(found.webhook.headers), "body_base64": body}

    def replay(self, id: str, user: Actor) -> Answer:
        replay(UUID(id), user, works=self.works, now=self.clock.now())
        return {"count": 1, "ids": [id]}, 202

    def replay_window(self, body: Mapping[str, Any], user: Actor) -> Answer:
        only = EntryFilter(
            EntryState(body["state"]) if "state" in body else None,
            body.get("plugin"),
            since=to_moment(body["since"]),
            until=to_moment(body.get("until")),
        )
        ids = replay_window(only, user, works=self.works, now=self.clock.now())
        return {"count": len(ids), "ids": [str(id) for id in ids]}, 202

    def outbox(
        self,
        user: Actor,
        limit: int,
        cursor: str | None = None,
        state: str | None = None,
        installation: str | None = None,
        message: str | None = None,
    ) -> Answer:
        allow(user, "journal.read")
        only = OwedFilter(
            OwedState(state) if state else None,
            to_id_or_none(installation),
            to_id_or_none(message),
        )
        with self.works(user.tenant) as work:
            return page(work.outbox.list(only, cursor=cursor, limit=limit), _owed)

    def owed(self, id: str, user: Actor) -> Answer:
        allow(user, "journal.read")
        with self.works(user.tenant) as work:
            found = work.outbox.get(UUID(id))
        if found is None:
            raise NotFound("there is no such row in the outbox")
        return _owed(found)

    def settle(self, id: str, body: Mapping[str, Any], user: Actor) -> Answer:
        settlement, now = Settlement(body["settlement"]), self.clock.now()
        return _owed(settle(UUID(id), settlement, user, works=self.works, now=now))


def present(entry: Entry) -> Json:
    return {
        "id": str(entry.id),
        "installation_id": str(entry.installation_id),
        "plugin": entry.plugin_id,
        "state": entry.state,
        "reason": entry.reason,
        "received_at": moment(entry.received_at),
        "processed_at": moment_or_none(entry.processed_at),
        "due_at": moment_or_none(entry.due_at),
        "attempts": entry.attempts,
        "replays": entry.replays,
        "dedupe_key": entry.dedupe_key,
        "correlation_id": entry.correlation_id,
        "size": len(entry.webhook.body),
    }


def _owed(owed: Owed) -> Json:
    """Without its payload: that is the message, which the inbox shows."""
    return {
        "id": str(owed.id),
        "mailbox": owed.mailbox,
        "installation_id": str(owed.installation_id),
        "kind": owed.kind,
        "state": owed.state,
        "cause": owed.cause,
        "repeatable": owed.repeatable,
        "attempts": owed.attempts,
        "due_at": moment(owed.due_at),
        "created_at": moment(owed.created_at),
        "lease_until": moment_or_none(owed.lease_until),
        "error": owed.error,
        "correlation_id": owed.correlation_id,
        "message_id": owed.payload.get("message_id"),
    }
