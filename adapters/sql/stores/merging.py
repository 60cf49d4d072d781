"""Giving one contact's things to another, and giving exactly those back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Table, exists, select, tuple_, update

from adapters.sql import tables
from adapters.sql.codec import from_json, to_json
from adapters.sql.stores.joining import Joining, heirs
from adapters.sql.transaction import Transaction
from core.conversations.contacts import Merge
from core.shared.errors import Conflict

_OWNED: Mapping[Table, Sequence[str]] = {
    tables.identities: ("scope", "kind", "value"),
    tables.conversations: ("id",),
    tables.orders: ("installation_id", "number"),
    tables.proofs: ("installation_id", "number"),
}
"""What changes hands, and what tells a contact's rows apart."""
_JOINED = "joined"
"""Beside the tables in what has moved: conversations that went into another."""


class Merging:
    """The moves of a ContactStore, inside a transaction that holds both contacts."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._joining = Joining(transaction)

    def move(self, kept: UUID, merged: UUID) -> Mapping[str, Sequence[str]]:
        contacts = tables.contacts.c
        standing = select(contacts.id).where(
            contacts.tenant_id == self._transaction.tenant,
            contacts.id.in_([kept, merged]),
            contacts.merged_into.is_(None),
        )
        if len(self._transaction.run(standing).all()) != 2:
            raise Conflict("one of these contacts is merged already")
        moved = {_JOINED: self._joining.join(kept, merged)}
        for table, key in _OWNED.items():
            theirs = table.c.contact_id == merged
            changed = self._give(table, key, kept, theirs, *_movable(table, kept))
            moved[table.name] = tuple(sorted(changed))
        return {name: keys for name, keys in moved.items() if keys}

    def move_back(self, merge: Merge) -> None:
        """What was given to somebody else since then stays theirs."""
        holders = heirs(self._transaction, tables.contacts.c.merged_into, merge.kept)
        for table, key in _OWNED.items():
            columns = [table.c[name] for name in key]
            keys = [_parsed(columns, text) for text in merge.moved.get(table.name, ())]
            held = (tuple_(*columns).in_(keys), table.c.contact_id.in_(holders))
            self._give(table, key, merge.merged, *held)
        self._joining.part(merge.moved.get(_JOINED, ()))

    def _give(
        self, table: Table, key: Sequence[str], to: UUID, *where: ColumnElement[bool]
    ) -> Sequence[str]:
        """Answers the keys of the rows that changed hands."""
        risen = {"version": table.c.version + 1} if "version" in table.c else {}
        given = (
            update(table)
            .where(table.c.tenant_id == self._transaction.tenant, *where)
            .values(contact_id=to, **risen)
            .returning(*(table.c[name] for name in key))
        )
        return [json.dumps(to_json(tuple(row))) for row in self._transaction.run(given)]


def _movable(table: Table, kept: UUID) -> Sequence[ColumnElement[bool]]:
    """A conversation that was joined to another stays behind; so does what the kept has proven."""
    if table is tables.conversations:
        return [table.c.joined.is_(None)]
    if table is tables.proofs:
        own = table.alias("own")
        return [
            ~exists().where(
                own.c.tenant_id == table.c.tenant_id,
                own.c.contact_id == kept,
                own.c.installation_id == table.c.installation_id,
                own.c.number == table.c.number,
            )
        ]
    return []


def _parsed(columns: Sequence[Column[Any]], key: str) -> tuple[Any, ...]:
    values = zip(columns, json.loads(key), strict=True)
    return tuple(from_json(column.type.python_type, value) for column, value in values)
