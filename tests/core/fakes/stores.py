"""The stores of tenancy, the inbox, the outbox, the agent and the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from core.agents.intents import IntentRule
from core.agents.turns import Turn, TurnFilter, TurnState
from core.audit.events import AuditEvent
from core.delivery.outbox import Cause, Owed, OwedFilter, OwedState
from core.inbox.journal import Entry, EntryFilter, EntryState, Route
from core.shared.errors import Conflict, NotFound
from core.shared.paging import Slice
from core.tenancy.api_keys import ApiKey
from core.tenancy.installations import Installation, InstallationState
from core.tenancy.tenant import Tenant
from tests.core.fakes.world import Tables, World, route_of

T = TypeVar("T")
UNFINISHED = (OwedState.READY, OwedState.SENDING, OwedState.UNKNOWN, OwedState.PARKED)


class Store:
    def __init__(self, tables: Tables, world: World) -> None:
        self.t = tables
        self.world = world


def page(items: Iterable[T], cursor: str | None, limit: int) -> Slice[T]:
    rows, start = list(items), int(cursor or 0)
    end = start + limit
    return Slice(rows[start:end], str(end) if end < len(rows) else None)


class Tenants(Store):
    def get(self) -> Tenant:
        if "self" not in self.t.tenant:
            raise NotFound("there is no such tenant")
        found: Tenant = self.t.tenant["self"]
        return found

    def add(self, tenant: Tenant) -> None:
        if self.t.tenant:
            raise Conflict("there is a tenant of this id already")
        self.t.tenant["self"] = tenant

    def save(self, tenant: Tenant) -> None:
        self.t.tenant["self"] = tenant


class Flags(Store):
    def all(self) -> Mapping[str, bool]:
        return dict(self.t.flags)

    def set(self, name: str, enabled: bool, now: datetime) -> None:
        self.t.flags[name] = enabled


class ApiKeys(Store):
    def get(self, id: UUID, *, lock: bool = False) -> ApiKey | None:
        return self.t.api_keys.get(id)

    def all(self) -> Sequence[ApiKey]:
        return list(self.t.api_keys.values())

    def add(self, key: ApiKey) -> None:
        self.t.api_keys[key.id] = key

    def save(self, key: ApiKey) -> None:
        self.t.api_keys[key.id] = key


class Installations(Store):
    def get(self, id: UUID) -> Installation | None:
        return self.t.installations.get(id)

    def all(self) -> Sequence[Installation]:
        gone = InstallationState.DISCONNECTED
        return [i for i in self.t.installations.values() if i.state is not gone]

    def add(self, installation: Installation, *, routed: bool) -> None:
        key = (installation.plugin_id, installation.account_id)
        taken = any((i.plugin_id, i.account_id) == key for i in self.all())
        if taken or (routed and route_of(self.world, *key)):
            raise Conflict("this account is connected already")
        self.t.installations[installation.id] = installation
        if routed:
            self.t.routes[key] = installation.id

    def save(self, installation: Installation) -> None:
        if self.t.installations[installation.id].version != installation.version - 1:
            raise Conflict("the connection was changed meanwhile")
        self.t.installations[installation.id] = installation
        if installation.state is InstallationState.DISCONNECTED:
            self.t.routes.pop((installation.plugin_id, installation.account_id), None)


class Inbox(Store):
    def add(self, entry: Entry) -> bool:
        key = (entry.installation_id, entry.dedupe_key)
        if any((e.installation_id, e.dedupe_key) == key for e in self.t.inbox.values()):
            return False
        self.t.inbox[entry.id] = entry
        return True

    def get(self, id: UUID) -> Entry | None:
        return self.t.inbox.get(id)

    def claim(self, id: UUID) -> Entry | None:
        entry = self.t.inbox.get(id)
        return entry if entry and entry.state is EntryState.RECEIVED else None

    def save(self, entry: Entry) -> None:
        self.t.inbox[entry.id] = entry

    def list(self, only: EntryFilter, *, cursor: str | None, limit: int) -> Slice[Entry]:
        return page(reversed(self._only(only)), cursor, limit)

    def ids(self, only: EntryFilter, limit: int) -> Sequence[UUID]:
        return [e.id for e in self._only(only)][:limit]

    def route(self, plugin_id: str, account: str) -> Route | None:
        found = route_of(self.world, plugin_id, account)
        return Route(*found) if found else None

    def _only(self, only: EntryFilter) -> Sequence[Entry]:
        rows = sorted(self.t.inbox.values(), key=lambda e: e.received_at)
        return [
            e
            for e in rows
            if only.state in (None, e.state)
            and only.plugin_id in (None, e.plugin_id)
            and only.installation_id in (None, e.installation_id)
            and (only.since is None or e.received_at >= only.since)
            and (only.until is None or e.received_at < only.until)
        ]


class Outbox(Store):
    def add(self, owed: Owed) -> None:
        self.t.outbox[owed.id] = owed

    def head(self, mailbox: str) -> Owed | None:
        waiting = (o for o in self.t.outbox.values() if o.state in UNFINISHED)
        return next((o for o in waiting if o.mailbox == mailbox), None)

    def get(self, id: UUID) -> Owed | None:
        return self.t.outbox.get(id)

    def save(self, owed: Owed) -> None:
        self.t.outbox[owed.id] = owed

    def unpark(self, installation_id: UUID, now: datetime) -> int:
        parked = [
            o
            for o in self.t.outbox.values()
            if (o.installation_id, o.state, o.cause)
            == (installation_id, OwedState.PARKED, Cause.INSTALLATION)
        ]
        for owed in parked:
            ready = replace(owed, state=OwedState.READY, cause=None, error=None, due_at=now)
            self.t.outbox[owed.id] = ready
        return len(parked)

    def list(self, only: OwedFilter, *, cursor: str | None, limit: int) -> Slice[Owed]:
        rows = [
            o
            for o in reversed(self.t.outbox.values())
            if only.state in (None, o.state)
            and only.installation_id in (None, o.installation_id)
            and (only.message_id is None or o.payload.get("message_id") == str(only.message_id))
        ]
        return page(rows, cursor, limit)


class Intents(Store):
    def all(self) -> Mapping[str, IntentRule]:
        return dict(self.t.intents)

    def save(self, rule: IntentRule, now: datetime) -> None:
        self.t.intents[rule.name] = rule

    def remove(self, name: str) -> None:
        del self.t.intents[name]


class Turns(Store):
    def owe(self, turn: Turn) -> UUID:
        for due in self._of(turn.conversation_id, TurnState.DUE):
            return due.id
        self.t.turns[turn.id] = turn
        return turn.id

    def add(self, turn: Turn) -> None:
        if self._of(turn.conversation_id, turn.state):
            raise Conflict("the conversation has a turn like it already")
        self.t.turns[turn.id] = turn

    def get(self, id: UUID) -> Turn | None:
        return self.t.turns.get(id)

    def claim(self, id: UUID, now: datetime, until: datetime) -> Turn | None:
        turn: Turn | None = self.t.turns.get(id)
        if turn is None:
            return None
        free = not self._of(turn.conversation_id, TurnState.RUNNING)
        due = turn.state is TurnState.DUE and turn.due_at <= now and free
        lease = turn.lease_until
        left = turn.state is TurnState.RUNNING and lease is not None and lease <= now
        if not (due or left):
            return None
        attempts = turn.attempts + 1
        claimed = replace(turn, state=TurnState.RUNNING, attempts=attempts, lease_until=until)
        self.t.turns[id] = claimed
        return claimed

    def save(self, turn: Turn) -> None:
        self.t.turns[turn.id] = turn

    def list(self, only: TurnFilter, *, cursor: str | None, limit: int) -> Slice[Turn]:
        rows = [
            t
            for t in reversed(self.t.turns.values())
            if t.state is TurnState.DONE
            and only.conversation_id in (None, t.conversation_id)
            and only.outcome in (None, t.outcome)
        ]
        return page(rows, cursor, limit)

    def _of(self, conversation: UUID, state: TurnState) -> Sequence[Turn]:
        turns = self.t.turns.values()
        return [t for t in turns if t.conversation_id == conversation and t.state is state]


class Audit(Store):
    def add(self, event: AuditEvent) -> UUID:
        self.t.audit.append(event)
        return uuid4()

    def sealed(self) -> bool:
        return not self.world.open_papers


STORES: dict[str, Any] = {
    "tenants": Tenants,
    "flags": Flags,
    "api_keys": ApiKeys,
    "installations": Installations,
    "inbox": Inbox,
    "outbox": Outbox,
    "intents": Intents,
    "turns": Turns,
    "audit": Audit,
}
