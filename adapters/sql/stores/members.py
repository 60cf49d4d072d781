"""The people of a seller, its own roles and its teams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Text, literal, select

from adapters.sql import tables
from adapters.sql.cursors import Keyset
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows, equal
from adapters.sql.stores import versions
from adapters.sql.transaction import Transaction
from core.shared.errors import Conflict, NotFound
from core.shared.folding import fold_ascii
from core.shared.paging import Slice
from core.tenancy.members import Member, MemberFilter, MemberState, Role, Team

_MEMBER = Mapper(Member, tables.members)
_ROLE = Mapper(Role, tables.roles)
_TEAM = Mapper(Team, tables.teams)
_BY_ADDRESS = Keyset(tables.members.c.email, rising=True)


class Members:
    """Fulfils core.tenancy.members.MemberStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, _MEMBER)

    def get(self, id: UUID, *, lock: bool = False) -> Member | None:
        return self._rows.one(tables.members.c.id == id, lock=Lock.WAIT if lock else None)

    def by_email(self, email: str) -> Member | None:
        return self._rows.one(tables.members.c.email == email)

    def by_external_id(self, external_id: str) -> Member | None:
        return self._rows.one(tables.members.c.external_id == external_id)

    def by_user_name(self, user_name: str) -> Member | None:
        return self._rows.one(tables.members.c.user_name == user_name)

    def list(self, only: MemberFilter, *, cursor: str | None, limit: int) -> Slice[Member]:
        return self._rows.page(_BY_ADDRESS, cursor, limit, *_meets(only))

    def with_role(self, role: str) -> Sequence[Member]:
        members = tables.members.c
        active = members.state == MemberState.ACTIVE
        locked = self._rows.select(active, members.roles.contains([role]), lock=Lock.WAIT)
        return self._rows.all(locked.order_by(members.id))  # one order, so that nobody deadlocks

    def add(self, member: Member) -> None:
        self._hold_teams(member)
        if not self._rows.add(member, folded=_folded(member)):
            raise Conflict("the person or the address is a member already")

    def save(self, member: Member) -> None:
        self._hold_teams(member)
        versions.replace(self._rows, member, "the member", folded=_folded(member))

    def seen(self, id: UUID, now: datetime, *, protected: bool) -> bool:
        members = tables.members.c
        active = (members.id == id, members.state == MemberState.ACTIVE)
        seen = {"last_seen_at": now} | ({"protected_at": now} if protected else {})
        return self._rows.change(*active, **seen) == 1

    def remove(self, id: UUID) -> bool:
        links, mine = tables.sso_links, self._transaction.tenant
        theirs = links.delete().where(links.c.tenant_id == mine, links.c.person == id)
        self._transaction.run(theirs)
        return self._rows.remove(tables.members.c.id == id) == 1

    def _hold_teams(self, member: Member) -> None:
        """What a reference would do: the teams are there, and stay until the work ends."""
        if not member.teams:
            return
        teams = tables.teams.c
        named = select(teams.id).where(
            teams.tenant_id == self._transaction.tenant, teams.id.in_(member.teams)
        )
        held = self._transaction.run(named.with_for_update(read=True, key_share=True)).all()
        if len(held) < len(set(member.teams)):
            raise NotFound("there is no such team")


class Roles:
    """Fulfils core.tenancy.members.RoleStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._rows = Rows(transaction, _ROLE)

    def all(self) -> Mapping[str, Role]:
        roles = self._rows.all(self._rows.select().order_by(tables.roles.c.name))
        return {role.name: role for role in roles}

    def save(self, role: Role) -> None:
        versions.keep(self._rows, role, "the role")

    def remove(self, name: str) -> bool:
        return self._rows.remove(tables.roles.c.name == name) == 1


class Teams:
    """Fulfils core.tenancy.members.TeamStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._rows = Rows(transaction, _TEAM)
        self._members = Rows(transaction, _MEMBER)

    def all(self) -> Sequence[Team]:
        teams = tables.teams.c
        return self._rows.all(self._rows.select().order_by(teams.name, teams.id))

    def add(self, team: Team) -> None:
        if not self._rows.add(team):
            raise Conflict("there is a team of this name already")

    def save(self, team: Team) -> None:
        self._rows.save(team)

    def remove(self, id: UUID) -> bool:
        removed = self._rows.remove(tables.teams.c.id == id) == 1
        members = tables.members.c
        without = members.teams.op("-")(literal(str(id), Text()))
        theirs = members.teams.contains([str(id)])
        self._members.change(theirs, teams=without, version=members.version + 1)
        return removed


def _folded(member: Member) -> str:
    return fold_ascii(f"{member.name} {member.email}")


def _meets(only: MemberFilter) -> Sequence[ColumnElement[bool]]:
    members = tables.members.c
    meets = [*equal((members.state, only.state))]
    if only.role is not None:
        meets.append(members.roles.contains([only.role]))
    if only.team is not None:
        meets.append(members.teams.contains([str(only.team)]))
    if only.text is not None:
        meets.append(members.folded.contains(fold_ascii(only.text), autoescape=True))
    return meets
