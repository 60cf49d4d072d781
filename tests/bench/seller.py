"""A tenant opened by the house's own use cases, against vendors in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from core.agents.intents import TAXONOMY, IntentRule
from core.shared.actor import SCOPES, Actor
from core.shared.ids import OPERATOR
from core.tenancy.api_keys import PREFIX, TENANT_SCOPES, IssueKey, issue
from core.tenancy.tenant import TenantDetails, create
from entrypoints.bootstrap import House, new_token
from ports.http import Transport
from ports.sandbox import Sandbox, SandboxTransport

SECRET = "bench-app-secret"
TOKEN = "bench-access-token"
PLUGINS = ("whatsapp", "trendyol", "aras")


@dataclass(frozen=True, slots=True)
class Seller:
    """A tenant, a key of its own, and its WhatsApp with an app of its own."""

    house: House
    tenant: UUID
    key: str
    account: str
    """The phone number id."""
    channel: UUID
    """The installation."""
    hook: str
    """The path that WhatsApp posts to."""

    def connect(self, plugin: str, **settings: str) -> tuple[UUID, str]:
        """Another connection; its id and the token of its webhook address."""
        return _connect(self.house, self.tenant, plugin, settings)

    def trusts(self, intents: Iterable[str] = TAXONOMY) -> None:
        """Let the agent act alone on these."""
        now = self.house.clock.now()
        with self.house.works(self.tenant) as work:
            for name in intents:
                work.intents.save(IntentRule(name, autonomous=True), now)
            work.commit()


def vendors_in_memory(house: House) -> Mapping[str, Sandbox]:
    """Let the house's calls to vendors end in sandboxes of this process, by plugin id."""
    manifests = house.registry.manifests
    sandboxes = {id: factory(house.clock) for id in PLUGINS if (factory := manifests[id].sandbox)}
    outside = house.vendors.transport

    def transport(plugin: str, hosts: frozenset[str]) -> Transport:
        played = sandboxes.get(plugin)
        return SandboxTransport(played) if played else outside(plugin, hosts)

    house.vendors.transport = transport
    return sandboxes


def open_seller(house: House, whatsapp: Sandbox, number: int = 0) -> Seller:
    """Open a tenant; its WhatsApp account is opened in the sandbox first."""
    tenant, now = house.new_id(), house.clock.now()
    operator = Actor(OPERATOR, "operator", "bench", frozenset(SCOPES))
    create(tenant, TenantDetails(f"Deneme {number}"), operator, works=house.works, now=now)
    key = PREFIX + new_token()
    owner = Actor(tenant, "system", "bench", frozenset(TENANT_SCOPES))
    issue(house.new_id(), key, IssueKey("bench", TENANT_SCOPES), owner, works=house.works, now=now)
    account = f"5501002003{number:05}"
    settings = {
        "phone_number_id": account,
        "waba_id": f"5509008007{number:05}",
        "access_token": TOKEN,
    }
    whatsapp.control("account", **settings, app_secret=SECRET)
    settings |= {"app_secret": SECRET, "verify_token": "bench-verify-token"}
    channel, token = _connect(house, tenant, "whatsapp", settings)
    return Seller(house, tenant, key, account, channel, f"/api/v1/hooks/{token}")


def _connect(
    house: House, tenant: UUID, plugin: str, settings: Mapping[str, str]
) -> tuple[UUID, str]:
    id, token = house.new_id(), new_token()
    owner = Actor(tenant, "system", "bench", frozenset(TENANT_SCOPES))
    house.connections.connect(id, token, plugin, settings, owner, now=house.clock.now())
    return id, token
