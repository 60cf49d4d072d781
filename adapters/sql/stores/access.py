"""What every request asks, each in one statement: it is read far more often than all the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, func, select

from adapters.sql import tables
from adapters.sql.codec import from_json
from adapters.sql.mapper import Mapper
from adapters.sql.stores.sessions import SESSION
from adapters.sql.transaction import Transaction
from core.identity.access import KeyStands, PersonStands
from core.identity.policy import SignInPolicy
from core.policies.roles import permissions_of
from core.tenancy.api_keys import ApiKey
from core.tenancy.members import Member, Role

_API_KEY = Mapper(ApiKey, tables.api_keys)
_sessions, _members, _policies = tables.sessions, tables.members, tables.policies
_OWN_ROLES = (
    select(func.jsonb_object_agg(tables.roles.c.name, tables.roles.c.permissions))
    .where(
        tables.roles.c.tenant_id == _members.c.tenant_id,
        _members.c.roles.has_key(tables.roles.c.name),
    )
    .scalar_subquery()
)
PERSON = (
    select(
        _sessions,  # first, as the mapper reads it
        func.to_jsonb(_members.table_valued()).label("member"),
        _OWN_ROLES.label("own_roles"),
        _policies.c.policy,
    )
    .join(
        _members,
        and_(_members.c.tenant_id == _sessions.c.tenant_id, _members.c.id == _sessions.c.person),
    )
    .outerjoin(_policies, _policies.c.tenant_id == _sessions.c.tenant_id)
    .where(_sessions.c.tenant_id == bindparam("tenant"), _sessions.c.id == bindparam("wanted"))
)
KEY = (
    select(tables.api_keys, _policies.c.policy)
    .outerjoin(_policies, _policies.c.tenant_id == tables.api_keys.c.tenant_id)
    .where(
        tables.api_keys.c.tenant_id == bindparam("tenant"),
        tables.api_keys.c.id == bindparam("wanted"),
    )
)


class Access:
    """Fulfils core.identity.access.AccessStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def session(self, id: UUID) -> PersonStands | None:
        row = self._transaction.run(PERSON, self._wanted(id)).first()
        if row is None:
            return None
        member = from_json(Member, row.member)
        permissions = permissions_of(member.roles, _roles(row.own_roles or {}))
        return PersonStands(SESSION.value(row), member, permissions, _policy(row.policy))

    def key(self, id: UUID) -> KeyStands | None:
        row = self._transaction.run(KEY, self._wanted(id)).first()
        return None if row is None else KeyStands(_API_KEY.value(row), _policy(row.policy))

    def _wanted(self, id: UUID) -> Mapping[str, UUID]:
        return {"tenant": self._transaction.tenant, "wanted": id}


def _roles(permissions: Mapping[str, Sequence[str]]) -> Mapping[str, Role]:
    return {name: Role(name, name, tuple(p)) for name, p in permissions.items()}


def _policy(stored: Any) -> SignInPolicy:
    return SignInPolicy() if stored is None else from_json(SignInPolicy, stored)
