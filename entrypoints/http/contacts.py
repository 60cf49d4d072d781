"""People, and joining two records of one person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.conversations.contacts import Contact, Known, Merge
from core.conversations.people import MergeContacts, merge, unmerge
from core.shared.actor import Actor, allow
from core.shared.errors import NotFound
from core.shared.work import Works
from entrypoints.http.wire import Answer, Json, id_or_none, moment, moment_or_none, page
from ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Contacts:
    works: Works
    clock: Clock
    new_id: Callable[[Actor], UUID]

    def list(
        self, user: Actor, limit: int, cursor: str | None = None, query: str | None = None
    ) -> Answer:
        allow(user, "inbox.read")
        with self.works(user.tenant, user.reach) as work:
            return page(work.contacts.list(query=query, cursor=cursor, limit=limit), present)

    def get(self, id: str, user: Actor) -> Answer:
        allow(user, "inbox.read")
        with self.works(user.tenant, user.reach) as work:
            found = work.contacts.get(UUID(id))
            if found is None:
                raise NotFound("there is no such contact")
            identities = [_identity(i) for i in work.contacts.identities(found.id)]
            merges = [_merge(m) for m in work.contacts.merges(found.id)]
        return {**present(found), "identities": identities, "merges": merges}

    def merge(self, body: Mapping[str, Any], user: Actor) -> Answer:
        command = MergeContacts(UUID(body["kept"]), UUID(body["merged"]), body.get("why", ""))
        new, now = self.new_id(user), self.clock.now()
        return _merge(merge(new, command, user, works=self.works, now=now)), 201

    def unmerge(self, id: str, user: Actor) -> Answer:
        return present(unmerge(UUID(id), user, works=self.works, now=self.clock.now()))


def present(contact: Contact) -> Json:
    return {
        "id": str(contact.id),
        "name": contact.name,
        "language": contact.language,
        "marketing": contact.marketing,
        "merged_into": id_or_none(contact.merged_into),
        "attributes": dict(contact.attributes),
        "created_at": moment(contact.created_at),
        "updated_at": moment(contact.updated_at),
    }


def _identity(identity: Known) -> Json:
    return {"scope": identity.scope, "kind": identity.kind, "value": identity.value}


def _merge(done: Merge) -> Json:
    return {
        "id": str(done.id),
        "kept": str(done.kept),
        "merged": str(done.merged),
        "why": done.why,
        "at": moment(done.at),
        "undone_at": moment_or_none(done.undone_at),
    }
