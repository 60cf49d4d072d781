"""The unit of work: one use case, one transaction, one tenant."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self
from uuid import UUID

from core.shared.actor import Reach

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
    from core.identity.access import AccessStore
    from core.identity.account import AccountStore, DeviceStore
    from core.identity.attempts import AttemptStore
    from core.identity.factors import BackupCodeStore, FactorStore
    from core.identity.keys import SigningKeyStore
    from core.identity.letters import LetterStore
    from core.identity.lockout import LockoutStore
    from core.identity.policy import PolicyStore
    from core.identity.sessions import SessionStore
    from core.identity.sso import ConnectionStore
    from core.identity.tickets import TicketStore
    from core.inbox.journal import InboxStore
    from core.tenancy.api_keys import ApiKeyStore
    from core.tenancy.flags import FlagStore
    from core.tenancy.installations import InstallationStore
    from core.tenancy.members import MemberStore, RoleStore, TeamStore
    from core.tenancy.tenant import TenantStore


class Work(Protocol):
    """Stores that are already narrowed to one tenant, and to the conversations within a reach.

    Leaving without commit() rolls back. commit() may be called once; after it the doorbell rings
    for whatever the work came to owe.
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
    def members(self) -> MemberStore: ...

    @property
    def roles(self) -> RoleStore: ...

    @property
    def teams(self) -> TeamStore: ...

    @property
    def policy(self) -> PolicyStore: ...

    @property
    def sso(self) -> ConnectionStore: ...

    @property
    def sessions(self) -> SessionStore: ...

    @property
    def attempts(self) -> AttemptStore: ...

    @property
    def access(self) -> AccessStore: ...

    @property
    def account(self) -> AccountStore: ...

    @property
    def devices(self) -> DeviceStore: ...

    @property
    def factors(self) -> FactorStore: ...

    @property
    def backup_codes(self) -> BackupCodeStore: ...

    @property
    def tickets(self) -> TicketStore: ...

    @property
    def lockouts(self) -> LockoutStore: ...

    @property
    def letters(self) -> LetterStore: ...

    @property
    def signing_keys(self) -> SigningKeyStore: ...

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
    def __call__(self, tenant: UUID, reach: Reach | None = None) -> Work:
        """A new unit of work for that tenant: there is no other way to a store.

        With a reach, what lies outside of it is not there.
        """
