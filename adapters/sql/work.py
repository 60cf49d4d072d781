"""The unit of work in SQL: one tenant, one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Self
from uuid import UUID

from sqlalchemy import Engine

from adapters.sql.failures import translated
from adapters.sql.stores.agents import Intents, Turns
from adapters.sql.stores.audit import Audit
from adapters.sql.stores.contacts import Contacts
from adapters.sql.stores.conversations import Conversations
from adapters.sql.stores.gate import Gate
from adapters.sql.stores.inbox import Inbox
from adapters.sql.stores.installations import Installations
from adapters.sql.stores.messages import Messages
from adapters.sql.stores.orders import Orders
from adapters.sql.stores.outbox import Outbox
from adapters.sql.stores.parcels import Parcels
from adapters.sql.stores.sync import Sync
from adapters.sql.stores.tenancy import ApiKeys, Flags, Tenants
from adapters.sql.transaction import Transaction, begun

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
    audit: Audit

    def __init__(self, engine: Engine, tenant: UUID, bell: Callable[[], None]) -> None:
        self.tenant_id = tenant
        self._scope = begun(engine, tenant)
        self._bell = bell
        self._transaction: Transaction | None = None

    def __enter__(self) -> Self:
        if self._transaction is not None:
            raise RuntimeError("a unit of work is entered once")
        self._transaction = self._scope.__enter__()
        for name, store in _STORES.items():
            setattr(self, name, store(self._transaction))
        return self

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

    def __call__(self, tenant: UUID) -> SqlWork:
        return SqlWork(self._engine, tenant, self._bell)


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
    "audit": Audit,
}
