"""Proofs that an order is a contact's, and wrong guesses."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.dialects import postgresql

from adapters.sql import tables
from adapters.sql.transaction import Transaction


class Gate:
    """Fulfils core.commerce.gate.GateStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def proven(self, contact: UUID) -> set[tuple[UUID, str]]:
        proofs = tables.proofs.c
        theirs = (proofs.tenant_id == self._transaction.tenant, proofs.contact_id == contact)
        rows = self._transaction.run(select(proofs.installation_id, proofs.number).where(*theirs))
        return {(row.installation_id, row.number) for row in rows}

    def add_proof(
        self, contact: UUID, installation: UUID, number: str, how: str, now: datetime
    ) -> None:
        self._transaction.run(
            postgresql.insert(tables.proofs)
            .values(
                tenant_id=self._transaction.tenant,
                contact_id=contact,
                installation_id=installation,
                number=number,
                how=how,
                at=now,
            )
            .on_conflict_do_nothing()
        )

    def add_guess(self, contact: UUID, now: datetime) -> None:
        self._transaction.run(
            insert(tables.guesses).values(
                tenant_id=self._transaction.tenant, contact_id=contact, at=now
            )
        )

    def guesses(self, contact: UUID | None, since: datetime) -> int:
        guesses = tables.guesses.c
        theirs = [] if contact is None else [guesses.contact_id == contact]
        counted = select(func.count()).where(
            guesses.tenant_id == self._transaction.tenant, guesses.at >= since, *theirs
        )
        count: int = self._transaction.run(counted).scalar_one()
        return count
