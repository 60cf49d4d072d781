"""A tenant's connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.commerce.sync import SyncState, rush
from core.shared.actor import Actor, allow
from core.shared.errors import NotFound
from core.shared.work import Works
from core.tenancy.connect import Connections
from core.tenancy.installations import Health, Installation
from core.tenancy.vendors import Vendors
from entrypoints.http.versions import check_version, etag
from entrypoints.http.wire import NOTHING, Answer, Json, moment, moment_or_none
from ports.clock import Clock
from ports.settings import masked


@dataclass(frozen=True, slots=True)
class Installations:
    connections: Connections
    works: Works
    vendors: Vendors
    clock: Clock
    new_token: Callable[[], str]

    def list(self, user: Actor) -> Answer:
        allow(user, "integrations.read")
        with self.works(user.tenant) as work:
            return {"items": [present(i) for i in work.installations.all()]}

    def get(self, id: str, user: Actor) -> Answer:
        allow(user, "integrations.read")
        found = self.connections.get(UUID(id), user)
        return self.shown(found), 200, etag(found.version)

    def replace(self, id: str, body: Mapping[str, Any], user: Actor) -> Answer:
        allow(user, "integrations.write")
        check_version(self.connections.get(UUID(id), user).version)
        new = self.connections.update(UUID(id), body["settings"], user, now=self.clock.now())
        return self.shown(new), 200, etag(new.version)

    def disconnect(self, id: str, user: Actor) -> Answer:
        self.connections.disconnect(UUID(id), user, now=self.clock.now())
        return NOTHING

    def enable(self, id: str, user: Actor) -> Answer:
        allow(user, "integrations.write")
        return present(self.connections.enable(UUID(id), user, now=self.clock.now()))

    def disable(self, id: str, user: Actor) -> Answer:
        allow(user, "integrations.write")
        return present(self.connections.disable(UUID(id), user, now=self.clock.now()))

    def check(self, id: str, user: Actor) -> Answer:
        return present(self.connections.check(UUID(id), user, now=self.clock.now()))

    def rotate_hook(self, id: str, user: Actor) -> Answer:
        allow(user, "integrations.write")
        token = self.new_token()
        new = self.connections.rotate_hook(UUID(id), token, user, now=self.clock.now())
        return {**present(new), "webhook_url": self._address(new, token)}

    def sync(self, id: str, user: Actor) -> Answer:
        allow(user, "integrations.write")
        found = self.connections.get(UUID(id), user)
        return _standing(found, rush(found, user, works=self.works, now=self.clock.now())), 202

    def health(self, id: str, user: Actor) -> Answer:
        allow(user, "integrations.read")
        found = self.connections.get(UUID(id), user)
        with self.works(user.tenant) as work:
            return _standing(found, work.sync.of(found.id))

    def shown(self, installation: Installation, token: str | None = None) -> Json:
        """With its settings, and with a fresh token its webhook address."""
        try:
            settings = masked(self.vendors.settings(installation))
        except NotFound:  # the plugin is not there any more
            settings = None
        shown = {**present(installation), "settings": settings}
        if token is not None:
            shown["webhook_url"] = self._address(installation, token)
        return shown

    def _address(self, installation: Installation, token: str) -> str | None:
        manifest = self.vendors.manifest(installation.plugin_id)
        return self.connections.webhook_url(token) if manifest.webhooks else None


def present(installation: Installation) -> Json:
    return {
        "id": str(installation.id),
        "plugin": installation.plugin_id,
        "account": {"id": installation.account_id, "name": installation.account_name},
        "state": installation.state,
        "health": _health(installation.health),
        "app": installation.app,
        "version": installation.version,
        "created_at": moment(installation.created_at),
        "updated_at": moment(installation.updated_at),
    }


def _health(health: Health | None) -> Json | None:
    if health is None:
        return None
    return {"ok": health.ok, "message": health.message, "checked_at": moment(health.checked_at)}


def _standing(installation: Installation, streams: Sequence[SyncState]) -> Json:
    return {
        "installation_id": str(installation.id),
        "state": installation.state,
        "health": _health(installation.health),
        "streams": [_stream(s) for s in streams],
    }


def _stream(state: SyncState) -> Json:
    return {
        "stream": state.stream,
        "due_at": moment(state.due_at),
        "since": moment_or_none(state.since),
        "started_at": moment_or_none(state.started_at),
        "finished_at": moment_or_none(state.finished_at),
        "failures": state.failures,
        "error": state.error,
        "seen": state.seen,
    }
