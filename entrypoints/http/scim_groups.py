"""Groups: the teams of a seller as its directory sees them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.identity.provisioned_groups import FiledGroup, Group
from core.identity.provisioned_groups import Groups as Provisioned
from core.shared.actor import Actor
from core.shared.ids import Ids
from entrypoints.http import scim_filter, scim_patch
from entrypoints.http.scim_answers import Asked, Said, listed, resource
from entrypoints.http.scim_schemas import GROUP, GROUPS
from entrypoints.http.scim_values import document, invalid
from entrypoints.http.scim_versions import Seen, again
from entrypoints.http.wire import Json, is_id, moment


@dataclass(frozen=True, slots=True)
class Groups:
    provisioned: Provisioned
    ids: Ids
    base: str

    def list(self, asked: Asked, actor: Actor) -> Said:
        wanted = None if asked.filter is None else scim_filter.parse(asked.filter, GROUPS)
        documents = [self._shown(group) for group in self.provisioned.all(actor)]
        return listed([d for d in documents if wanted is None or wanted.holds(d)], asked)

    def get(self, id: UUID, asked: Asked, seen: Seen, actor: Actor) -> Said:
        group = self.provisioned.get(id, actor)
        if seen.has(_version(group)):
            return Said(304, headers={"ETag": _version(group)})
        return resource(self._shown(group), asked)

    def create(self, body: Mapping[str, Any], asked: Asked, actor: Actor) -> Said:
        wanted = _filed(document(body, GROUPS))
        return resource(self._shown(self.provisioned.create(self.ids(), wanted, actor)), asked, 201)

    def replace(
        self, id: UUID, body: Mapping[str, Any], asked: Asked, seen: Seen, actor: Actor
    ) -> Said:
        wanted = document(body, GROUPS)
        members = _filed(wanted).members
        group = self._change(id, lambda _: wanted, members, seen, actor)
        return resource(self._shown(group), asked)

    def patch(
        self, id: UUID, body: Mapping[str, Any], asked: Asked, seen: Seen, actor: Actor
    ) -> Said:
        """Without a body unless one is asked for: groups may be long (RFC 7644, section 3.5.2)."""
        changes = scim_patch.operations(body, GROUPS)
        said = {_member(value) for value in scim_patch.named(changes, "members")}
        group = self._change(
            id, lambda stands: scim_patch.patched(stands, changes), said, seen, actor
        )
        if asked.attributes:
            return resource(self._shown(group), asked)
        return Said(204, headers={"ETag": _version(group)})

    def remove(self, id: UUID, seen: Seen, actor: Actor) -> Said:
        def removed() -> None:
            group = self.provisioned.get(id, actor)
            seen.check(_version(group))
            self.provisioned.remove(id, group.mark, actor)

        again(removed)
        return Said(204)

    def _change(
        self,
        id: UUID,
        change: Callable[[Json], Json],
        said: Collection[UUID],
        seen: Seen,
        actor: Actor,
    ) -> Group:
        def changed() -> Group:
            group = self.provisioned.get(id, actor)
            seen.check(_version(group))
            wanted = _filed(change(self._shown(group)))
            return self.provisioned.change(id, wanted, said, group.mark, actor)

        return again(changed)

    def _shown(self, group: Group) -> Json:
        team = group.team
        said: Json = {"schemas": [GROUP], "id": str(team.id), "displayName": team.name}
        if team.external_id:
            said["externalId"] = team.external_id
        if group.members:
            said["members"] = [
                {"value": str(id), "$ref": f"{self.base}/Users/{id}", "type": "User"}
                for id in group.members
            ]
        said["meta"] = {
            "resourceType": "Group",
            "created": moment(team.created_at),
            "lastModified": moment(team.created_at),
            "location": f"{self.base}/Groups/{team.id}",
            "version": _version(group),
        }
        return said


def _filed(wanted: Json) -> FiledGroup:
    name = wanted.get("displayName")
    if name is None:
        raise invalid("displayName is required")
    members = frozenset(_member(item.get("value", "")) for item in wanted.get("members", ()))
    return FiledGroup(name, wanted.get("externalId"), members)


def _member(value: str) -> UUID:
    if not is_id(value):
        raise invalid("members are users, by their ids")
    return UUID(value)


def _version(group: Group) -> str:
    return f'W/"{group.mark}"'
