"""The catalogue of vendors, and connecting them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.shared.actor import Actor, allow
from core.shared.errors import NotFound
from core.shared.ids import Ids
from core.shared.work import Works
from core.tenancy.connect import Connections
from entrypoints.http.installations import Installations
from entrypoints.http.wire import Answer, Json
from entrypoints.registry import Registry
from ports.clock import Clock
from ports.manifest import Manifest
from ports.settings import schema


@dataclass(frozen=True, slots=True)
class Integrations:
    registry: Registry
    capabilities: Callable[[str], Sequence[str]]
    """Of the plugin with that id."""
    connections: Connections
    installations: Installations
    works: Works
    clock: Clock
    ids: Ids
    new_token: Callable[[], str]

    def list(self, user: Actor) -> Answer:
        counts = self._connected(user)
        items = [self._entry(m, counts, user) for m in self.registry.manifests.values()]
        refused = [{"plugin": p, "reason": why} for p, why in self.registry.refused.items()]
        return {"items": items, "refused": refused}

    def get(self, plugin: str, user: Actor) -> Answer:
        counts = self._connected(user)
        return self._entry(self._manifest(plugin), counts, user)

    def settings_schema(self, plugin: str, user: Actor) -> Answer:
        allow(user, "integrations.read")
        manifest = self._manifest(plugin)
        return {"settings": schema(manifest.settings), "app": _app_schema(manifest, user)}

    def connect(self, plugin: str, body: Mapping[str, Any], user: Actor) -> Answer:
        allow(user, "integrations.write")
        token = self.new_token()
        made = self.connections.connect(
            self.ids(), token, plugin, body["settings"], user, now=self.clock.now()
        )
        return self.installations.shown(made, token), 201

    def connect_app(self, plugin: str, body: Mapping[str, Any], user: Actor) -> Answer:
        allow(user, "operator")
        made = self.connections.connect(
            self.ids(),
            self.new_token(),
            plugin,
            body["settings"],
            user,
            now=self.clock.now(),
            app=True,
        )
        address = f"{self.connections.base_url}/api/v1/integrations/{plugin}/webhook"
        return {**self.installations.shown(made), "webhook_url": address}, 201

    def _connected(self, user: Actor) -> Counter[str]:
        allow(user, "integrations.read")
        with self.works(user.tenant) as work:
            return Counter(i.plugin_id for i in work.installations.all())

    def _manifest(self, plugin: str) -> Manifest:
        if plugin not in self.registry.manifests:
            raise NotFound("there is no such plugin")
        return self.registry.manifests[plugin]

    def _entry(self, manifest: Manifest, counts: Counter[str], user: Actor) -> Json:
        quality = self.registry.quality.get(manifest.id)
        entry = {
            "id": manifest.id,
            "name": manifest.name,
            "summary": {"en": manifest.summary.en, "tr": manifest.summary.tr},
            "families": [*manifest.families],
            "capabilities": [*self.capabilities(manifest.id)],
            "webhook_events": sorted(manifest.webhook_events),
            "takes_webhooks": manifest.webhooks is not None,
            "level": quality.level if quality else None,
            "connections": counts[manifest.id],
            "settings_schema": schema(manifest.settings),
        }
        app = _app_schema(manifest, user)
        return entry if app is None else {**entry, "app_settings_schema": app}


def _app_schema(manifest: Manifest, user: Actor) -> Json | None:
    if manifest.app_settings is None or "operator" not in user.scopes:
        return None
    return schema(manifest.app_settings)
