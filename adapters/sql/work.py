"""The unit of work in SQL: one tenant, one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Self
from uuid import UUID

from sqlalchemy import Engine

from adapters.sql.failures import translated
from adapters.sql.stores.access import Access
from adapters.sql.stores.agents import Intents, Turns
from adapters.sql.stores.attempts import Attempts, Lockouts
from adapters.sql.stores.audit import Audit
from adapters.sql.stores.contacts import Contacts
from adapters.sql.stores.conversations import Conversations
from adapters.sql.stores.gate import Gate
from adapters.sql.stores.identity import (
    Accounts,
    BackupCodes,
    Devices,
    Factors,
    SigningKeys,
)
from adapters.sql.stores.inbox import Inbox
from adapters.sql.stores.installations import Installations
from adapters.sql.stores.members import Members, Roles, Teams
from adapters.sql.stores.messages import Messages
from adapters.sql.stores.orders import Orders
from adapters.sql.stores.outbox import Outbox
from adapters.sql.stores.parcels import Parcels
from adapters.sql.stores.policy import Policy
from adapters.sql.stores.sessions import Sessions
from adapters.sql.stores.sso import Connections
from adapters.sql.stores.sync import Sync
from adapters.sql.stores.tenancy import ApiKeys, Flags, Tenants
from adapters.sql.stores.tickets import Letters, Tickets
from adapters.sql.transaction import Transaction, begun
from core.shared.actor import Reach

_log = logging.getLogger(__name__)


class SqlWork:
    """Fulfils core.shared.work.Work. Its stores are there between entering and commit()."""

    tenants: Tenants
    flags: Flags
    api_keys: ApiKeys
    installations: Installations
    inbox: Inbox
    outbox: Outbox
    contacts: Contacts
    conversations: Conversations
    messages: Messages
    orders: Orders
    parcels: Parcels
    sync: Sync
    gate: Gate
    intents: Intents
    turns: Turns
    members: Members
    roles: Roles
    teams: Teams
    policy: Policy
    sso: Connections
    sessions: Sessions
    attempts: Attempts
    access: Access
    account: Accounts
    devices: Devices
    factors: Factors
    backup_codes: BackupCodes
    tickets: Tickets
    lockouts: Lockouts
    letters: Letters
    signing_keys: SigningKeys
    audit: Audit

    def __init__(
        self, engine: Engine, tenant: UUID, bell: Callable[[], None], reach: Reach | None
    ) -> None:
        self.tenant_id = tenant
        self._scope = begun(engine, tenant, reach)
        self._bell = bell
        self._transaction: Transaction | None = None

    def __enter__(self) -> Self:
        if self._transaction is not None:
            raise RuntimeError("a unit of work is entered once")
        self._transaction = self._scope.__enter__()
        return self

    def __getattr__(self, name: str) -> object:
        """A store, made when it is asked for first."""
        if name not in _STORES:
            raise AttributeError(name)
        if self._transaction is None:
            raise RuntimeError("a unit of work has stores once it is entered")
        store = _STORES[name](self._transaction)
        setattr(self, name, store)
        return store

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._scope.__exit__(kind, error, trace)

    def commit(self) -> None:
        """Make it last, then ring if anything is owed; a bell that fails is no failure."""
        if self._transaction is None or self._transaction.connection.closed:
            raise RuntimeError("a unit of work is committed once, before it is left")
        connection = self._transaction.connection
        with translated():
            try:
                connection.commit()
            finally:
                connection.close()
        if self._transaction.owes:
            try:
                self._bell()
            except Exception:
                _log.warning("the bell could not be rung; a sweep will find it", exc_info=True)


class SqlWorks:
    """Fulfils core.shared.work.Works."""

    def __init__(self, engine: Engine, bell: Callable[[], None]) -> None:
        self._engine = engine
        self._bell = bell

    def __call__(self, tenant: UUID, reach: Reach | None = None) -> SqlWork:
        return SqlWork(self._engine, tenant, self._bell, reach)


_STORES = {
    "tenants": Tenants,
    "flags": Flags,
    "api_keys": ApiKeys,
    "installations": Installations,
    "inbox": Inbox,
    "outbox": Outbox,
    "contacts": Contacts,
    "conversations": Conversations,
    "messages": Messages,
    "orders": Orders,
    "parcels": Parcels,
    "sync": Sync,
    "gate": Gate,
    "intents": Intents,
    "turns": Turns,
    "members": Members,
    "roles": Roles,
    "teams": Teams,
    "policy": Policy,
    "sso": Connections,
    "sessions": Sessions,
    "attempts": Attempts,
    "access": Access,
    "account": Accounts,
    "devices": Devices,
    "factors": Factors,
    "backup_codes": BackupCodes,
    "tickets": Tickets,
    "lockouts": Lockouts,
    "letters": Letters,
    "signing_keys": SigningKeys,
    "audit": Audit,
}
