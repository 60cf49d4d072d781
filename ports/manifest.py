"""Who a plugin is, what it offers, where it may call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ports.clock import Clock
from ports.families.carrier import Carrier
from ports.families.channel import Channel
from ports.families.embedding import Embedder
from ports.families.llm import LanguageModel
from ports.families.marketplace import Marketplace
from ports.families.understanding import Understanding
from ports.http import Transport
from ports.sandbox import Sandbox
from ports.webhooks import Reply, WebhookReader

API_VERSION = 1
"""Changes when a promise of this package changes."""

FAMILIES = ("channel", "marketplace", "carrier", "llm", "understanding", "embedding")


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a plugin gets: no database, no queue, no list of tenants."""

    settings: Any
    """An instance of the manifest's settings (of `app_settings` for the operator's door)."""
    transport: Transport
    clock: Clock
    cache: Path
    """A folder the plugin may fill and must be ready to lose."""


@dataclass(frozen=True, slots=True)
class Account:
    """The vendor's account behind some settings, as the vendor names it."""

    id: str
    """What app-wide webhooks are routed by, and what may be connected only once."""
    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence for people, in both languages of the house."""

    en: str
    tr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    id: str
    """A slug of lower-case letters, digits and underscores; for ever."""
    name: str
    summary: Text
    api: int
    settings: type[Any]
    """A dataclass of setting(...) fields."""
    hosts: frozenset[str] | Callable[[Any], frozenset[str]]
    """Where it may call; a function of the settings only where the tenant chooses the address."""
    owners: tuple[str, ...]
    check: Callable[[Context], Account]
    """One cheap call that proves the credentials and names the account."""

    channel: Callable[[Context], Channel] | None = None
    marketplace: Callable[[Context], Marketplace] | None = None
    carrier: Callable[[Context], Carrier] | None = None
    llm: Callable[[Context], LanguageModel] | None = None
    understanding: Callable[[Context], Understanding] | None = None
    embedding: Callable[[Context], Embedder] | None = None

    webhooks: Callable[[Context], WebhookReader] | None = None
    webhook_events: frozenset[str] = frozenset()
    """Names of the events that the reader yields, as their classes are named."""
    webhook_reply: Reply = field(default_factory=Reply)

    app_settings: type[Any] | None = None
    """For vendors with one webhook address per app: what the operator must tell."""
    app_webhooks: Callable[[Context], WebhookReader] | None = None
    """Reads with `app_settings`; the reader also Splits."""

    sandbox: Callable[[Clock], Sandbox] | None = None
    """The vendor in memory, for tests, demos and dry runs."""

    @property
    def families(self) -> tuple[str, ...]:
        return tuple(f for f in FAMILIES if getattr(self, f) is not None)

    def hosts_for(self, settings: Any) -> frozenset[str]:
        return self.hosts(settings) if callable(self.hosts) else self.hosts
