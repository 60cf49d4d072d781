"""The stores of orders, parcels, polling and the identity gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from core.commerce.orders import StoredOrder
from core.commerce.parcels import Followed
from core.commerce.sync import SyncState
from core.shared.paging import Slice
from ports.families.marketplace import Claim, Order, PackageState, Question
from tests.core.fakes.stores import Store, page


class Orders(Store):
    def upsert(self, installation: UUID, order: Order, contact: UUID | None, now: datetime) -> bool:
        key = (installation, order.number)
        before: StoredOrder | None = self.t.orders.get(key)
        packages = {p.id: p for p in before.order.packages} if before else {}
        for package in order.packages:
            known = packages.get(package.id)
            if known is None or package.modified_at >= known.modified_at:
                packages[package.id] = package
        for gone in [id for p in packages.values() for id in p.replaces if id in packages]:
            packages[gone] = replace(packages[gone], state=PackageState.SUPERSEDED)
        owner = (before.contact_id if before else None) or contact
        merged = replace(order, packages=tuple(packages[id] for id in sorted(packages)))
        self.t.orders[key] = StoredOrder(installation, merged, owner, now)
        return before is None or (merged, owner) != (before.order, before.contact_id)

    def get(self, installation: UUID, number: str) -> StoredOrder | None:
        return self.t.orders.get((installation, number))

    def by_number(self, number: str) -> Sequence[StoredOrder]:
        return [s for s in self.t.orders.values() if s.order.number == number]

    def of_contact(self, contact: UUID, phones: Sequence[str], limit: int) -> Sequence[StoredOrder]:
        return [
            s
            for s in self._newest()
            if s.contact_id == contact or (s.order.buyer.phone or "") in phones
        ][:limit]

    def list(self, *, cursor: str | None, limit: int) -> Slice[StoredOrder]:
        return page(self._newest(), cursor, limit)

    def link(self, installation: UUID, number: str, contact: UUID) -> None:
        key = (installation, number)
        self.t.orders[key] = replace(self.t.orders[key], contact_id=contact)

    def upsert_claim(self, installation: UUID, claim: Claim) -> bool:
        before = self.t.claims.get((installation, claim.id))
        self.t.claims[installation, claim.id] = claim
        return before != claim

    def claims(self, installation: UUID, number: str) -> Sequence[Claim]:
        mine = [c for (i, _), c in self.t.claims.items() if i == installation]
        return [c for c in mine if c.order_number == number]

    def upsert_question(self, installation: UUID, question: Question) -> bool:
        before = self.t.questions.get((installation, question.id))
        self.t.questions[installation, question.id] = question
        return before != question

    def questions(self, *, cursor: str | None, limit: int) -> Slice[tuple[UUID, Question]]:
        return page([(i, q) for (i, _), q in self.t.questions.items()], cursor, limit)

    def _newest(self) -> Sequence[StoredOrder]:
        return sorted(self.t.orders.values(), key=lambda s: s.order.placed_at, reverse=True)


class Parcels(Store):
    def follow(self, followed: Followed) -> None:
        self.t.parcels.setdefault((followed.carrier_id, followed.number), followed)

    def get(self, carrier: UUID, number: str) -> Followed | None:
        return self.t.parcels.get((carrier, number))

    def save(self, followed: Followed) -> None:
        self.t.parcels[followed.carrier_id, followed.number] = followed

    def of_order(self, installation: UUID, number: str) -> Sequence[Followed]:
        key = (installation, number)
        rows = self.t.parcels.values()
        return [f for f in rows if (f.order_installation_id, f.order_number) == key]


class Sync(Store):
    def begin(self, state: SyncState) -> None:
        key = (state.installation_id, state.stream)
        standing = self.t.sync.get(key)
        self.t.sync[key] = replace(standing, due_at=state.due_at) if standing else state

    def claim(
        self, installation: UUID, stream: str, now: datetime, until: datetime
    ) -> SyncState | None:
        state: SyncState | None = self.t.sync.get((installation, stream))
        if state is None or state.due_at > now or (state.lease_until and state.lease_until > now):
            return None
        self.t.sync[installation, stream] = replace(state, lease_until=until)
        return replace(state, lease_until=until)

    def save(self, state: SyncState) -> None:
        if (state.installation_id, state.stream) in self.t.sync:
            self.t.sync[state.installation_id, state.stream] = state

    def of(self, installation: UUID) -> Sequence[SyncState]:
        return [s for (i, _), s in sorted(self.t.sync.items()) if i == installation]

    def stop(self, installation: UUID) -> None:
        for key in [k for k in self.t.sync if k[0] == installation]:
            del self.t.sync[key]

    def rush(self, installation: UUID, now: datetime) -> None:
        for key in [k for k in self.t.sync if k[0] == installation]:
            self.t.sync[key] = replace(self.t.sync[key], due_at=now)


class Gate(Store):
    def proven(self, contact: UUID) -> set[tuple[UUID, str]]:
        return {(i, n) for c, i, n in self.t.proofs if c == contact}

    def add_proof(
        self, contact: UUID, installation: UUID, number: str, how: str, now: datetime
    ) -> None:
        self.t.proofs.add((contact, installation, number))

    def add_guess(self, contact: UUID, now: datetime) -> None:
        self.t.guesses.append((contact, now))

    def guesses(self, contact: UUID | None, since: datetime) -> int:
        theirs = [at for c, at in self.t.guesses if contact in (None, c)]
        return sum(at >= since for at in theirs)


STORES: dict[str, Any] = {
    "orders": Orders,
    "parcels": Parcels,
    "sync": Sync,
    "gate": Gate,
}
