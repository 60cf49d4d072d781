"""Contacts and their identities."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select, tuple_

from adapters.sql import tables
from adapters.sql.codec import clean
from adapters.sql.cursors import Keyset
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Rows
from adapters.sql.stores.merging import Merging
from adapters.sql.transaction import Transaction
from core.conversations.contacts import Contact, Known, Merge
from core.shared.errors import Conflict
from core.shared.folding import fold_ascii
from core.shared.paging import Slice

_CONTACT = Mapper(Contact, tables.contacts)
_KNOWN = Mapper(Known, tables.identities)
_MERGE = Mapper(Merge, tables.merges)
_LATEST = Keyset(tables.contacts.c.updated_at, tables.contacts.c.id)


class Contacts:
    """Fulfils core.conversations.contacts.ContactStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, _CONTACT)
        self._identities = Rows(transaction, _KNOWN)
        self._merges = Rows(transaction, _MERGE)

    def lock(self, identities: Sequence[Known]) -> None:
        self._transaction.lock(*map(lock_name, identities))

    def find(self, identities: Sequence[Known]) -> Mapping[Known, UUID]:
        known = tables.identities.c
        asked = [(clean(i.scope), clean(i.kind), clean(i.value)) for i in identities]
        statement = select(known.scope, known.kind, known.value, known.contact_id).where(
            known.tenant_id == self._transaction.tenant,
            tuple_(known.scope, known.kind, known.value).in_(asked),
        )
        found = {tuple(row[:3]): row.contact_id for row in self._transaction.run(statement)}
        return {i: found[key] for i, key in zip(identities, asked, strict=True) if key in found}

    def bind(self, identity: Known, contact: UUID, now: datetime) -> None:
        self._identities.put(identity, contact_id=contact, bound_at=now)

    def unbind(self, identity: Known) -> None:
        known = tables.identities.c
        self._identities.remove(
            known.scope == identity.scope,
            known.kind == identity.kind,
            known.value == identity.value,
        )

    def identities(self, contact: UUID) -> Sequence[Known]:
        known = tables.identities.c
        theirs = self._identities.select(known.contact_id == contact)
        return self._identities.all(theirs.order_by(known.scope, known.kind, known.value))

    def get(self, id: UUID) -> Contact | None:
        return self._rows.one(tables.contacts.c.id == id)

    def add(self, contact: Contact) -> None:
        if not self._rows.add(contact, folded=fold_ascii(contact.name or "")):
            raise Conflict("there is a contact of this id already")

    def save(self, contact: Contact) -> None:
        self._rows.save(contact, folded=fold_ascii(contact.name or ""))

    def list(self, *, query: str | None, cursor: str | None, limit: int) -> Slice[Contact]:
        standing = tables.contacts.c.merged_into.is_(None)
        asked = [self._matches(query)] if query and query.strip() else []
        return self._rows.page(_LATEST, cursor, limit, standing, *asked)

    def move(self, kept: UUID, merged: UUID) -> Mapping[str, Sequence[str]]:
        self._hold(kept, merged)
        return Merging(self._transaction).move(kept, merged)

    def move_back(self, merge: Merge) -> None:
        self._hold(merge.kept, merge.merged)
        Merging(self._transaction).move_back(merge)

    def add_merge(self, merge: Merge) -> None:
        self._merges.add(merge)

    def merge(self, id: UUID) -> Merge | None:
        return self._merges.one(tables.merges.c.id == id)

    def save_merge(self, merge: Merge) -> None:
        self._merges.save(merge)

    def merges(self, contact: UUID) -> Sequence[Merge]:
        merges = tables.merges.c
        theirs = self._merges.select(or_(merges.kept == contact, merges.merged == contact))
        return self._merges.all(theirs.order_by(merges.at, merges.id))

    def _hold(self, *contacts: UUID) -> None:
        """Nobody hears from either of them, or merges them, until the work ends."""
        names = [lock_name(i) for contact in contacts for i in self.identities(contact)]
        self._transaction.lock(*names, *(f"contact:{contact}" for contact in contacts))

    def _matches(self, query: str) -> ColumnElement[bool]:
        contacts, known = tables.contacts.c, tables.identities.c
        folded = fold_ascii(query)
        digits = re.sub(r"[\s()+-]", "", folded)
        said = digits.lstrip("0") or digits if digits.isdecimal() else folded
        identified = exists().where(
            known.tenant_id == contacts.tenant_id,
            known.contact_id == contacts.id,
            known.value.icontains(said, autoescape=True),
        )
        return or_(contacts.folded.contains(folded, autoescape=True), identified)


def lock_name(identity: Known) -> str:
    return f"identity:{identity.scope}:{identity.kind}:{identity.value}"
