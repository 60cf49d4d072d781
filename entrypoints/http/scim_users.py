"""Users: the members of a seller as its directory sees them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.identity.provisioning import Filed, Provisioning, Roll
from core.shared.actor import Actor
from core.shared.errors import NotFound
from core.shared.ids import Ids
from core.tenancy.members import Member, MemberState, Team
from entrypoints.http import scim_filter, scim_patch
from entrypoints.http.scim_answers import Asked, Said, listed, resource
from entrypoints.http.scim_schemas import USER, USERS
from entrypoints.http.scim_values import document, invalid
from entrypoints.http.scim_versions import Seen, again
from entrypoints.http.wire import Json, is_id, moment

_KEYS = {
    "id": "id",
    "userName": "user_name",
    "externalId": "external_id",
    "emails": "email",
    "emails.value": "email",
}
"""By what somebody is looked up, and how we call it."""


@dataclass(frozen=True, slots=True)
class Users:
    provisioning: Provisioning
    ids: Ids
    base: str

    def list(self, asked: Asked, actor: Actor) -> Said:
        if asked.filter is None:
            return self._listed(self.provisioning.roll(actor), None, asked)
        wanted = scim_filter.parse(asked.filter, USERS)
        for name, value in scim_filter.asked_by(wanted):
            if name in _KEYS:
                key = {_KEYS[name]: value}
                roll = Roll((), ()) if _is_nobody(key) else self.provisioning.roll(actor, key)
                return self._listed(roll, wanted, asked)
        return self._listed(self.provisioning.roll(actor), wanted, asked)

    def get(self, id: UUID, asked: Asked, seen: Seen, actor: Actor) -> Said:
        member, teams = self._found(id, actor)
        if seen.has(_version(member)):
            return Said(304, headers={"ETag": _version(member)})
        return resource(self._shown(member, teams), asked)

    def create(self, body: Mapping[str, Any], asked: Asked, actor: Actor) -> Said:
        member = self.provisioning.create(self.ids(), _filed(document(body, USERS), None), actor)
        return self._answer(member.id, asked, actor, 201)

    def replace(
        self, id: UUID, body: Mapping[str, Any], asked: Asked, seen: Seen, actor: Actor
    ) -> Said:
        wanted = document(body, USERS)
        return self._change(id, lambda _: wanted, asked, seen, actor)

    def patch(
        self, id: UUID, body: Mapping[str, Any], asked: Asked, seen: Seen, actor: Actor
    ) -> Said:
        changes = scim_patch.operations(body, USERS)
        return self._change(
            id, lambda stands: scim_patch.patched(stands, changes), asked, seen, actor
        )

    def remove(self, id: UUID, seen: Seen, actor: Actor) -> Said:
        def removed() -> None:
            member, _ = self._found(id, actor)
            seen.check(_version(member))
            self.provisioning.remove(id, member.version, actor)

        again(removed)
        return Said(204)

    def _change(
        self, id: UUID, change: Callable[[Json], Json], asked: Asked, seen: Seen, actor: Actor
    ) -> Said:
        def changed() -> None:
            member, teams = self._found(id, actor)
            seen.check(_version(member))
            wanted = _filed(change(self._shown(member, teams)), member)
            self.provisioning.change(id, wanted, member.version, actor)

        again(changed)
        return self._answer(id, asked, actor, 200)

    def _answer(self, id: UUID, asked: Asked, actor: Actor, status: int) -> Said:
        return resource(self._shown(*self._found(id, actor)), asked, status)

    def _found(self, id: UUID, actor: Actor) -> tuple[Member, Mapping[UUID, Team]]:
        roll = self.provisioning.roll(actor, {"id": str(id)})
        if not roll.members:
            raise NotFound("there is no such user")
        return roll.members[0], {team.id: team for team in roll.teams}

    def _listed(self, roll: Roll, wanted: scim_filter.Filter | None, asked: Asked) -> Said:
        teams = {team.id: team for team in roll.teams}
        documents = [self._shown(member, teams) for member in roll.members]
        return listed([d for d in documents if wanted is None or wanted.holds(d)], asked)

    def _shown(self, member: Member, teams: Mapping[UUID, Team]) -> Json:
        said: Json = {"schemas": [USER], "id": str(member.id)}
        if member.external_id:
            said["externalId"] = member.external_id
        said["userName"] = member.user_name or member.email
        parts = {"givenName": member.given_name, "familyName": member.family_name}
        if any(parts.values()):
            said["name"] = {name: part for name, part in parts.items() if part}
        said |= {
            "displayName": member.name or member.email,
            "emails": [{"value": member.email, "type": "work", "primary": True}],
            "active": member.state is MemberState.ACTIVE,
        }
        if inside := [teams[id] for id in member.teams if id in teams]:
            said["groups"] = [
                {"value": str(t.id), "$ref": f"{self.base}/Groups/{t.id}", "display": t.name}
                for t in inside
            ]
        return {**said, "meta": self._meta(member)}

    def _meta(self, member: Member) -> Json:
        return {
            "resourceType": "User",
            "created": moment(member.created_at),
            "lastModified": moment(member.updated_at),
            "location": f"{self.base}/Users/{member.id}",
            "version": _version(member),
        }


def _filed(wanted: Json, member: Member | None) -> Filed:
    """What a whole document says; whether somebody is active is never changed by saying nothing."""
    user_name = wanted.get("userName")
    if user_name is None:
        raise invalid("userName is required")
    active = wanted.get("active", member is None or member.state is MemberState.ACTIVE)
    name = wanted.get("name", {})
    given, family = name.get("givenName"), name.get("familyName")
    return Filed(
        user_name,
        _email(wanted.get("emails", ())) or user_name,
        _display(wanted.get("displayName"), _joined(given, family), member),
        given,
        family,
        wanted.get("externalId"),
        active,
    )


def _display(said: str | None, parts: str, member: Member | None) -> str:
    """The name that is said, else its parts; one that was made of its parts changes with them."""
    made = member is not None and member.name == _joined(member.given_name, member.family_name)
    if parts and (said is None or (made and member is not None and said == member.name)):
        return parts
    return said or ""


def _joined(given: str | None, family: str | None) -> str:
    return " ".join(part for part in (given, family) if part)


def _email(emails: Any) -> str | None:
    """The primary one, else that of work, else the first."""
    for item in (
        *(e for e in emails if e.get("primary")),
        *(e for e in emails if e.get("type") == "work"),
        *emails,
    ):
        if "value" in item:
            address: str = item["value"]
            return address
    return None


def _version(member: Member) -> str:
    return f'W/"{member.version}"'


def _is_nobody(key: Mapping[str, str]) -> bool:
    """Whether nobody can be meant: an id that is none."""
    return "id" in key and not is_id(key["id"])
