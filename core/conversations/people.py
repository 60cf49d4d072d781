"""Whose message it is: finding, creating and joining contacts by what a channel knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from core.audit.events import AuditEvent
from core.conversations.contacts import EVERYWHERE, Contact, Known, Merge
from core.conversations.content import clean
from core.shared.actor import Actor, allow
from core.shared.errors import Conflict, Invalid, NotFound
from core.shared.ids import Ids
from core.shared.work import Work, Works
from core.tenancy.installations import Installation
from ports.families.channel import Identity, IdentityKind, Sender

NAME_LENGTH = 200


def known(identity: Identity, installation: UUID) -> Known:
    """A phone is the same person everywhere; a vendor's id only on its own connection."""
    everywhere = identity.kind is IdentityKind.PHONE
    return Known(EVERYWHERE if everywhere else str(installation), identity.kind, identity.value)


def recognise(
    sender: Sender, installation: UUID, work: Work, actor: Actor, *, ids: Ids, now: datetime
) -> Contact:
    """The contact behind a sender, created at first sight.

    Identities that the channel vouches for to be one person join contacts that were two until
    now: the older one is kept. Nobody else can create the same contact meanwhile.
    """
    identities = sorted(known(i, installation) for i in sender.identities)
    work.contacts.lock(identities)
    found = work.contacts.find(identities)
    contacts = sorted(set(found.values()), key=str)
    name = clean(sender.name)[:NAME_LENGTH] if sender.name else None
    if not contacts:
        contact = Contact(ids(), name, now, now)
        work.contacts.add(contact)
    else:
        contact = _one(contacts, work, actor, ids=ids, now=now)
    for identity in identities:
        if found.get(identity) != contact.id:
            work.contacts.bind(identity, contact.id, now)
    if name and not contact.name:
        contact = replace(contact, name=name, updated_at=now)
        work.contacts.save(contact)
    return contact


def _one(contacts: Sequence[UUID], work: Work, actor: Actor, *, ids: Ids, now: datetime) -> Contact:
    """The oldest of some contacts, with the others merged into it (ids sort by age)."""
    kept = contacts[0]
    for other in contacts[1:]:
        _merge(
            kept, other, "the channel says that both are one person", work, actor, id=ids(), now=now
        )
    contact = work.contacts.get(kept)
    assert contact is not None, "identities belong to contacts that exist"
    return contact


@dataclass(frozen=True, slots=True)
class MergeContacts:
    kept: UUID
    merged: UUID
    why: str = ""


def merge(id: UUID, command: MergeContacts, actor: Actor, *, works: Works, now: datetime) -> Merge:
    """Join two contacts into one; unmerge() takes it back."""
    allow(actor, "inbox.write")
    if command.kept == command.merged:
        raise Invalid({"merged": "is the same contact"})
    with works(actor.tenant, actor.reach) as work:
        for field, contact in (("kept", command.kept), ("merged", command.merged)):
            found = work.contacts.get(contact)
            if found is None or found.merged_into:
                raise NotFound(f"{field}: there is no such contact")
        done = _merge(command.kept, command.merged, command.why, work, actor, id=id, now=now)
        work.commit()
    return done


def _merge(
    kept: UUID, merged: UUID, why: str, work: Work, actor: Actor, *, id: UUID, now: datetime
) -> Merge:
    gone = work.contacts.get(merged)
    if gone is None:
        raise NotFound("there is no such contact")
    moved = work.contacts.move(kept, merged)
    work.contacts.save(replace(gone, merged_into=kept, updated_at=now))
    done = Merge(id, kept, merged, why, now, moved)
    work.contacts.add_merge(done)
    work.audit.add(
        AuditEvent(
            "contact.merged",
            actor,
            "contact",
            str(kept),
            now,
            after={"merged": str(merged), "why": why, "merge": str(id)},
        )
    )
    return done


def unmerge(id: UUID, actor: Actor, *, works: Works, now: datetime) -> Contact:
    """Take a merge back: everything it moved returns to the contact it came from."""
    allow(actor, "inbox.write")
    with works(actor.tenant, actor.reach) as work:
        done = work.contacts.merge(id)
        if done is None:
            raise NotFound("there is no such merge")
        if done.undone_at:
            raise Conflict("this merge was taken back already")
        again = work.contacts.get(done.merged)
        assert again is not None, "a merged contact stays"
        restored = replace(again, merged_into=None, updated_at=now)
        work.contacts.save(restored)
        work.contacts.move_back(done)
        work.contacts.save_merge(replace(done, undone_at=now))
        work.audit.add(
            AuditEvent(
                "contact.unmerged",
                actor,
                "contact",
                str(done.kept),
                now,
                before={"merged": str(done.merged), "merge": str(id)},
            )
        )
        work.commit()
    return restored


def address(contact: UUID, installation: Installation, work: Work) -> Identity | None:
    """How to write to a contact on a connection: by phone where known, else by the vendor's id."""
    mine = work.contacts.identities(contact)
    for kind in (IdentityKind.PHONE, IdentityKind.VENDOR):
        for identity in mine:
            candidate = Identity(kind, identity.value)
            if identity.kind == kind and known(candidate, installation.id) == identity:
                return candidate
    return None
