"""The seller's own roles, made of the same permissions as the built-in ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.audit.events import AuditEvent
from core.policies.roles import BUILT_IN, PERMISSIONS
from core.shared.actor import Actor, allow
from core.shared.errors import Conflict, Invalid, NotFound
from core.shared.work import Work, Works
from core.tenancy.members import MemberFilter, Role
from core.tenancy.power import give, owners

NAME = re.compile(r"[a-z][a-z0-9_-]{1,39}")
TITLE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class SetRole:
    name: str
    title: str
    permissions: tuple[str, ...]


def set_role(command: SetRole, seen: int, actor: Actor, *, works: Works, now: datetime) -> Role:
    """Add a role, with `seen` 0, or change the version that was seen.

    It counts at once for everybody who has it, so nobody makes or changes a role that may do more
    than they.
    """
    allow(actor, "members.write")
    _check(command)
    with works(actor.tenant) as work:
        owners(work)
        before = work.roles.all().get(command.name)
        if (before.version if before else 0) != seen:
            raise Conflict("the role was changed meanwhile")
        give({*command.permissions, *(before.permissions if before else ())}, actor, now)
        ordered = tuple(p for p in PERMISSIONS if p in command.permissions)
        role = Role(command.name, command.title.strip(), ordered, now, seen + 1)
        work.roles.save(role)
        told = {"before": _shown(before) if before else None, "after": _shown(role)}
        work.audit.add(AuditEvent("role.changed", actor, "role", role.name, now, **told))
        work.commit()
    return role


def remove_role(name: str, actor: Actor, *, works: Works, now: datetime) -> None:
    """Conflict while anything names it: a role made anew must not find members."""
    allow(actor, "members.write")
    if name in BUILT_IN:
        raise Conflict("a built-in role stays")
    with works(actor.tenant) as work:
        owners(work)
        role = work.roles.all().get(name)
        if role is None:
            raise NotFound("there is no such role")
        _check_unused(name, work)
        work.roles.remove(name)
        work.audit.add(AuditEvent("role.removed", actor, "role", name, now, before=_shown(role)))
        work.commit()


def _check(command: SetRole) -> None:
    problems = {}
    if command.name in BUILT_IN:
        problems["name"] = "is the name of a built-in role"
    elif not NAME.fullmatch(command.name):
        problems["name"] = "has 2 to 40 of a-z, 0-9, _ and -, a letter first"
    if not 0 < len(command.title.strip()) <= TITLE_LENGTH:
        problems["title"] = f"has 1 to {TITLE_LENGTH} characters"
    if set(command.permissions) - set(PERMISSIONS):
        problems["permissions"] = "holds a permission that no role can have"
    elif not command.permissions:
        problems["permissions"] = "at least one is required"
    if problems:
        raise Invalid(problems)


def _check_unused(name: str, work: Work) -> None:
    if work.members.list(MemberFilter(role=name), cursor=None, limit=1).items:
        raise Conflict("members have this role: take it from them first")
    if name in work.policy.get().policy.second_factor_roles:
        raise Conflict("the sign-in policy names this role")
    for connection in work.sso.all():
        if name in connection.rules.roles or name in connection.rules.role_map.values():
            raise Conflict("single sign-on gives this role")


def _shown(role: Role) -> Mapping[str, Any]:
    return {"title": role.title, "permissions": list(role.permissions)}
