"""The unit of work: one use case, one transaction, one tenant."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self
from uuid import UUID

if TYPE_CHECKING:
    from core.agents.intents import IntentStore
    from core.agents.turns import TurnStore
    from core.audit.events import AuditLog
    from core.commerce.gate import GateStore
    from core.commerce.orders import OrderStore
    from core.commerce.parcels import ParcelStore
    from core.commerce.sync import SyncStore
    from core.conversations.contacts import ContactStore
    from core.conversations.conversation import ConversationStore
    from core.conversations.message import MessageStore
    from core.delivery.outbox import OutboxStore
    from core.inbox.journal import InboxStore
    from core.tenancy.api_keys import ApiKeyStore
    from core.tenancy.flags import FlagStore
    from core.tenancy.installations import InstallationStore
    from core.tenancy.tenant import TenantStore


class Work(Protocol):
    """Stores that are already narrowed to one tenant. Leaving without commit() rolls back.

    commit() may be called once; after it the doorbell rings for whatever the work came to owe.
    """

    @property
    def tenant_id(self) -> UUID: ...

    @property
    def tenants(self) -> TenantStore: ...

    @property
    def flags(self) -> FlagStore: ...

    @property
    def api_keys(self) -> ApiKeyStore: ...

    @property
    def installations(self) -> InstallationStore: ...

    @property
    def inbox(self) -> InboxStore: ...

    @property
    def outbox(self) -> OutboxStore: ...

    @property
    def contacts(self) -> ContactStore: ...

    @property
    def conversations(self) -> ConversationStore: ...

    @property
    def messages(self) -> MessageStore: ...

    @property
    def orders(self) -> OrderStore: ...

    @property
    def parcels(self) -> ParcelStore: ...

    @property
    def sync(self) -> SyncStore: ...

    @property
    def gate(self) -> GateStore: ...

    @property
    def intents(self) -> IntentStore: ...

    @property
    def turns(self) -> TurnStore: ...

    @property
    def audit(self) -> AuditLog: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def commit(self) -> None: ...


class Works(Protocol):
    def __call__(self, tenant: UUID) -> Work:
        """A new unit of work for that tenant: there is no other way to a store."""
