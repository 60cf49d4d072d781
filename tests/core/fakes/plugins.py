"""Plugins of ready-made parts, the vault of their settings, and where files are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from core.shared.errors import NotFound
from core.tenancy.installations import Installation
from core.tenancy.vendors import SealBroken
from ports.manifest import API_VERSION, Account, Manifest, Text
from ports.settings import Secret, parse_settings, setting
from tests.core.fakes.vendors import FakeReader, FakeUnderstanding
from tests.core.fakes.world import World

ACCOUNT = Account("acc-1", "Deniz Butik")


@dataclass(frozen=True, slots=True)
class Settings:
    code: str = setting("The code.", tr="Kod.")
    api_key: Secret = setting("The key.", tr="Anahtar.")
    webhook_secret: Secret | None = setting("The secret.", tr="Sır.", default=None)


@dataclass(frozen=True, slots=True)
class AppSettings:
    app_secret: Secret = setting("Of the app.", tr="Uygulamanın.")


@dataclass(slots=True)
class Plugin:
    """A plugin of ready-made parts, by family."""

    id: str
    parts: dict[str, Any] = field(default_factory=dict)
    account: Account = ACCOUNT
    refuses: Exception | None = None
    """What its check raises."""
    app_reader: FakeReader | None = None
    checked: list[Any] = field(default_factory=list)


class FakeVendors:
    """Fulfils core.tenancy.vendors.Vendors."""

    def __init__(self, world: World, vault: FakeVault) -> None:
        self._world, self._vault = world, vault
        self.plugins: dict[str, Plugin] = {}
        self.reads = FakeUnderstanding()

    def add(self, id: str, **parts: Any) -> Plugin:
        self.plugins[id] = Plugin(id, parts)
        return self.plugins[id]

    def manifest(self, plugin_id: str) -> Manifest:
        plugin = self._plugin(plugin_id)
        return Manifest(
            id=plugin.id,
            name=plugin.id.title(),
            summary=Text("For tests.", "Testler için."),
            api=API_VERSION,
            settings=Settings,
            hosts=frozenset(),
            owners=("tests",),
            check=lambda _: plugin.account,
            app_settings=AppSettings if plugin.app_reader else None,
            app_webhooks=(lambda _: plugin.app_reader) if plugin.app_reader else None,
        )

    def families(self, plugin_id: str) -> tuple[str, ...]:
        plugin = self.plugins.get(plugin_id)
        return tuple(f for f in plugin.parts if f != "reader") if plugin else ()

    def check(self, plugin_id: str, settings: Any, *, app: bool = False) -> Account:
        assert self._world.open == 0, "a vendor is called with a unit of work open"
        plugin = self._plugin(plugin_id)
        plugin.checked.append(settings)
        if plugin.refuses:
            raise plugin.refuses
        return plugin.account

    def settings(self, installation: Installation) -> Any:
        manifest = self.manifest(installation.plugin_id)
        kind = manifest.app_settings if installation.app else manifest.settings
        assert kind is not None
        place, sealed = (installation.tenant_id, installation.id), installation.settings
        return parse_settings(kind, self._vault.open(*place, sealed))

    def channel(self, installation: Installation) -> Any:
        return self._part(installation, "channel")

    def marketplace(self, installation: Installation) -> Any:
        return self._part(installation, "marketplace")

    def carrier(self, installation: Installation) -> Any:
        return self._part(installation, "carrier")

    def language_model(self, installation: Installation) -> Any:
        return self._part(installation, "llm")

    def understanding(self) -> FakeUnderstanding:
        return self.reads

    def reader(self, installation: Installation) -> Any:
        if installation.app:
            return self._plugin(installation.plugin_id).app_reader
        return self._part(installation, "reader")

    def _plugin(self, id: str) -> Plugin:
        if id not in self.plugins:
            raise NotFound(f"there is no plugin {id}")
        return self.plugins[id]

    def _part(self, installation: Installation, family: str) -> Any:
        plugin = self._plugin(installation.plugin_id)
        if family not in plugin.parts:
            raise NotFound(f"{plugin.id} is no {family}")
        return plugin.parts[family]


class FakeVault:
    """Sealed bytes are a number; the plain text stays here, with the place it was sealed for."""

    def __init__(self) -> None:
        self.sealed: list[tuple[UUID, UUID, dict[str, Any]]] = []

    def seal(self, tenant: UUID, installation: UUID, plain: Mapping[str, Any]) -> bytes:
        self.sealed.append((tenant, installation, dict(plain)))
        return f"sealed-{len(self.sealed) - 1}".encode()

    def open(self, tenant: UUID, installation: UUID, sealed: bytes) -> Mapping[str, Any]:
        try:
            at, place, plain = self.sealed[int(sealed.removeprefix(b"sealed-"))]
        except (ValueError, IndexError):
            raise SealBroken("these bytes were never sealed") from None
        if (at, place) != (tenant, installation):
            raise SealBroken("sealed for another place")
        return plain


class FakeFiles:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, tenant: UUID, name: str, data: bytes) -> str:
        self.kept[name] = data
        return name

    def get(self, tenant: UUID, path: str) -> bytes:
        return self.kept[path]
