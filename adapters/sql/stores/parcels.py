"""Parcels that we follow."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from adapters.sql import tables
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows
from adapters.sql.transaction import Transaction
from core.commerce.parcels import Followed

_FOLLOWED = Mapper(Followed, tables.parcels)


class Parcels:
    """Fulfils core.commerce.parcels.ParcelStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._rows = Rows(transaction, _FOLLOWED)

    def follow(self, followed: Followed) -> None:
        self._rows.add(followed, ring_at=followed.due_at)

    def get(self, carrier: UUID, number: str) -> Followed | None:
        parcels = tables.parcels.c
        return self._rows.one(
            parcels.carrier_id == carrier, parcels.number == number, lock=Lock.WAIT
        )

    def save(self, followed: Followed) -> None:
        self._rows.save(followed, ring_at=followed.due_at)

    def of_order(self, installation: UUID, number: str) -> Sequence[Followed]:
        parcels = tables.parcels.c
        theirs = self._rows.select(
            parcels.order_installation_id == installation, parcels.order_number == number
        )
        return self._rows.all(theirs.order_by(parcels.number, parcels.carrier_id))
