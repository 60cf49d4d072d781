"""A tenant's people, and who was invited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.shared.actor import Actor, allow
from core.shared.errors import NotFound
from core.shared.work import Works
from core.tenancy.inviting import Invite, Inviting
from core.tenancy.membering import MemberChange, Membering
from core.tenancy.members import Member, MemberFilter, MemberState
from entrypoints.http.versions import check_version, etag
from entrypoints.http.wire import (
    NOTHING,
    Answer,
    Json,
    moment,
    moment_or_none,
    page,
    to_id,
    to_id_or_none,
)


@dataclass(frozen=True, slots=True)
class Members:
    works: Works
    inviting: Inviting
    membering: Membering
    new_id: Callable[[Actor], UUID]

    def list(
        self,
        user: Actor,
        limit: int,
        cursor: str | None = None,
        state: str | None = None,
        role: str | None = None,
        team: str | None = None,
        text: str | None = None,
    ) -> Answer:
        allow(user, "members.read")
        wanted = MemberState(state) if state else None
        only = MemberFilter(wanted, role, to_id_or_none(team), text)
        with self.works(user.tenant) as work:
            return page(work.members.list(only, cursor=cursor, limit=limit), present)

    def get(self, id: str, user: Actor) -> Answer:
        allow(user, "members.read")
        return _versioned(self._found(id, user))

    def change(self, id: str, body: Mapping[str, Any], user: Actor) -> Answer:
        """What is left out stays."""
        allow(user, "members.write")
        seen = self._found(id, user).version
        check_version(seen)
        roles = tuple(body["roles"]) if "roles" in body else None
        teams = tuple(to_id(team) for team in body["teams"]) if "teams" in body else None
        wanted = MemberChange(body.get("name"), roles, teams)
        return _versioned(self.membering.change(UUID(id), wanted, seen, user))

    def suspend(self, id: str, user: Actor) -> Answer:
        return present(self.membering.suspend(UUID(id), user))

    def reactivate(self, id: str, user: Actor) -> Answer:
        return present(self.membering.reactivate(UUID(id), user))

    def remove(self, id: str, user: Actor) -> Answer:
        self.membering.remove(UUID(id), user)
        return NOTHING

    def invite(self, body: Mapping[str, Any], user: Actor) -> Answer:
        teams = tuple(to_id(team) for team in body.get("teams", ()))
        command = Invite(body["email"], tuple(body["roles"]), body.get("name", ""), teams)
        invited = self.inviting.invite(self.new_id(user), command, user)
        return present(invited), 201, etag(invited.version)

    def invite_again(self, id: str, user: Actor) -> Answer:
        return present(self.inviting.again(UUID(id), user))

    def withdraw(self, id: str, user: Actor) -> Answer:
        self.inviting.withdraw(UUID(id), user)
        return NOTHING

    def _found(self, id: str, user: Actor) -> Member:
        with self.works(user.tenant) as work:
            member = work.members.get(UUID(id))
        if member is None:
            raise NotFound("there is no such member")
        return member


def present(member: Member) -> Json:
    return {
        "id": str(member.id),
        "email": member.email,
        "name": member.name,
        "state": member.state,
        "roles": [*member.roles],
        "teams": [str(team) for team in member.teams],
        "managed": member.managed,
        "external_id": member.external_id,
        "created_at": moment(member.created_at),
        "updated_at": moment(member.updated_at),
        "last_seen_at": moment_or_none(member.last_seen_at),
        "protected_at": moment_or_none(member.protected_at),
        "version": member.version,
    }


def _versioned(member: Member) -> Answer:
    return present(member), 200, etag(member.version)
