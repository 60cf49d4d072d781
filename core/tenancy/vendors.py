"""Reaching a vendor through an installation: what the composition root builds for the core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from core.tenancy.installations import Installation
from ports.families.carrier import Carrier
from ports.families.channel import Channel
from ports.families.llm import LanguageModel
from ports.families.marketplace import Marketplace
from ports.families.understanding import Understanding
from ports.manifest import Account, Manifest
from ports.webhooks import WebhookReader


class Vendors(Protocol):
    """Builds a plugin's objects from an installation's sealed settings.

    Each method raises NotFound when the plugin is not there or does not offer the family.
    """

    def manifest(self, plugin_id: str) -> Manifest: ...

    def families(self, plugin_id: str) -> tuple[str, ...]:
        """What the plugin offers; empty for one that is not there."""

    def check(self, plugin_id: str, settings: Any, *, app: bool = False) -> Account:
        """Ask the vendor whether these settings open the door; raises what the plugin raises."""

    def settings(self, installation: Installation) -> Any:
        """The opened settings object."""

    def channel(self, installation: Installation) -> Channel: ...

    def marketplace(self, installation: Installation) -> Marketplace: ...

    def carrier(self, installation: Installation) -> Carrier: ...

    def language_model(self, installation: Installation) -> LanguageModel: ...

    def understanding(self) -> Understanding:
        """The built-in reader of intents, which needs no installation."""

    def reader(self, installation: Installation) -> WebhookReader: ...


class Vault(Protocol):
    """Seals settings under the tenant's own key, bound to the installation."""

    def seal(self, tenant: UUID, installation: UUID, plain: Mapping[str, Any]) -> bytes: ...

    def open(self, tenant: UUID, installation: UUID, sealed: bytes) -> Mapping[str, Any]:
        """Raises SealBroken for bytes that were not sealed for exactly this place."""


class SealBroken(Exception):
    """Sealed bytes that do not open: moved, tampered with, or sealed under a lost key."""
