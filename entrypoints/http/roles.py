"""Roles, the permissions that they are made of, and teams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.policies.roles import BUILT_IN, PERMISSIONS
from core.shared.actor import SCOPES, Actor, allow
from core.shared.errors import NotFound
from core.shared.work import Works
from core.tenancy.members import Role, Team
from core.tenancy.own_roles import SetRole, remove_role, set_role
from core.tenancy.own_teams import add_team, remove_team, rename_team
from entrypoints.http.versions import check_unseen, check_version, etag
from entrypoints.http.wire import NOTHING, Answer, Json, moment, moment_or_none
from ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Roles:
    works: Works
    clock: Clock

    def permissions(self, user: Actor) -> Answer:
        allow(user, "members.read")
        return {"items": [{"name": name, "help": SCOPES[name]} for name in PERMISSIONS]}

    def list(self, user: Actor) -> Answer:
        allow(user, "members.read")
        roles = [*BUILT_IN.values(), *self._own(user).values()]
        return {"items": [present(role) for role in roles]}

    def get(self, name: str, user: Actor) -> Answer:
        allow(user, "members.read")
        role = BUILT_IN.get(name) or self._own(user).get(name)
        if role is None:
            raise NotFound("there is no such role")
        return present(role), 200, {} if name in BUILT_IN else etag(role.version)

    def set(self, name: str, body: Mapping[str, Any], user: Actor) -> Answer:
        """If-Match tells a change from a new role."""
        allow(user, "members.write")
        before = self._own(user).get(name)
        if before is None:
            check_unseen()
        else:
            check_version(before.version)
        command = SetRole(name, body["title"], tuple(body["permissions"]))
        seen, now = before.version if before else 0, self.clock.now()
        role = set_role(command, seen, user, works=self.works, now=now)
        return present(role), 200, etag(role.version)

    def remove(self, name: str, user: Actor) -> Answer:
        remove_role(name, user, works=self.works, now=self.clock.now())
        return NOTHING

    def _own(self, user: Actor) -> Mapping[str, Role]:
        with self.works(user.tenant) as work:
            return work.roles.all()


@dataclass(frozen=True, slots=True)
class Teams:
    works: Works
    clock: Clock
    new_id: Callable[[Actor], UUID]

    def list(self, user: Actor) -> Answer:
        allow(user, "members.read")
        with self.works(user.tenant) as work:
            return {"items": [present_team(team) for team in work.teams.all()]}

    def add(self, body: Mapping[str, Any], user: Actor) -> Answer:
        id, now = self.new_id(user), self.clock.now()
        return present_team(add_team(id, body["name"], user, works=self.works, now=now)), 201

    def rename(self, id: str, body: Mapping[str, Any], user: Actor) -> Answer:
        now = self.clock.now()
        return present_team(rename_team(UUID(id), body["name"], user, works=self.works, now=now))

    def remove(self, id: str, user: Actor) -> Answer:
        remove_team(UUID(id), user, works=self.works, now=self.clock.now())
        return NOTHING


def present(role: Role) -> Json:
    return {
        "name": role.name,
        "title": role.title,
        "permissions": [*role.permissions],
        "built_in": role.name in BUILT_IN,
        "updated_at": moment_or_none(role.updated_at),
        "version": role.version,
    }


def present_team(team: Team) -> Json:
    return {"id": str(team.id), "name": team.name, "created_at": moment(team.created_at)}
