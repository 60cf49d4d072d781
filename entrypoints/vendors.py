"""Plugins at work: from an installation's sealed settings to the objects the core asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from core.shared.errors import NotFound
from core.tenancy.installations import Installation
from core.tenancy.vendors import Vault
from entrypoints.registry import Registry
from ports.clock import Clock
from ports.families.carrier import Carrier
from ports.families.channel import Channel
from ports.families.llm import LanguageModel
from ports.families.marketplace import Marketplace
from ports.families.understanding import Understanding
from ports.http import Transport
from ports.manifest import Account, Context, Manifest
from ports.settings import parse_settings
from ports.webhooks import WebhookReader

READER_OF_INTENTS = "local_models"


@dataclass(slots=True)
class PluginVendors:
    """core.tenancy.vendors.Vendors over the registry."""

    registry: Registry
    vault: Vault
    transport: Callable[[str, frozenset[str]], Transport]
    """A way out for a plugin id, to these hosts alone."""
    clock: Clock
    cache: Path
    _understanding: Understanding | None = field(default=None, init=False)

    def manifest(self, plugin_id: str) -> Manifest:
        try:
            return self.registry.manifests[plugin_id]
        except KeyError:
            raise NotFound(f"there is no plugin {plugin_id}") from None

    def families(self, plugin_id: str) -> tuple[str, ...]:
        manifest = self.registry.manifests.get(plugin_id)
        return manifest.families if manifest else ()

    def check(self, plugin_id: str, settings: Any, *, app: bool = False) -> Account:
        manifest = self.manifest(plugin_id)
        if app:
            return Account("app", f"{manifest.name} (all accounts)")
        return manifest.check(self._context(manifest, settings))

    def settings(self, installation: Installation) -> Any:
        manifest = self.manifest(installation.plugin_id)
        kind = manifest.app_settings if installation.app else manifest.settings
        if kind is None:
            raise NotFound(f"{manifest.name} has no app-wide door")
        opened = self.vault.open(installation.tenant_id, installation.id, installation.settings)
        return parse_settings(kind, opened)

    def channel(self, installation: Installation) -> Channel:
        return cast(Channel, self._build(installation, "channel"))

    def marketplace(self, installation: Installation) -> Marketplace:
        return cast(Marketplace, self._build(installation, "marketplace"))

    def carrier(self, installation: Installation) -> Carrier:
        return cast(Carrier, self._build(installation, "carrier"))

    def language_model(self, installation: Installation) -> LanguageModel:
        return cast(LanguageModel, self._build(installation, "llm"))

    def understanding(self) -> Understanding:
        if self._understanding is None:
            manifest = self.manifest(READER_OF_INTENTS)
            if manifest.understanding is None:
                raise NotFound(f"{manifest.name} reads no intents")
            settings = parse_settings(manifest.settings, {})
            self._understanding = manifest.understanding(self._context(manifest, settings))
        return self._understanding

    def reader(self, installation: Installation) -> WebhookReader:
        door = "app_webhooks" if installation.app else "webhooks"
        return cast(WebhookReader, self._build(installation, door))

    def _build(self, installation: Installation, family: str) -> Any:
        manifest = self.manifest(installation.plugin_id)
        factory = getattr(manifest, family)
        if factory is None:
            raise NotFound(f"{manifest.name} offers no {family}")
        return factory(self._context(manifest, self.settings(installation)))

    def _context(self, manifest: Manifest, settings: Any) -> Context:
        app = manifest.app_settings is not None and isinstance(settings, manifest.app_settings)
        hosts = frozenset[str]() if app else manifest.hosts_for(settings)
        folder = self.cache / manifest.id
        folder.mkdir(parents=True, exist_ok=True)
        return Context(settings, self.transport(manifest.id, hosts), self.clock, folder)
