"""Orders, returns and questions, as the shops tell of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, tuple_
from sqlalchemy.dialects.postgresql import insert

from adapters.sql import tables
from adapters.sql.cursors import Keyset
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows
from adapters.sql.stores.news import latest, merged
from adapters.sql.transaction import Transaction
from core.commerce.orders import StoredOrder
from core.shared.paging import Slice
from ports.families.marketplace import Buyer, Claim, Destination, Order, Package, Question


@dataclass(frozen=True, slots=True)
class _Header:
    installation_id: UUID
    number: str
    placed_at: datetime
    modified_at: datetime
    buyer: Buyer
    destination: Destination
    contact_id: UUID | None
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class _Part:
    installation_id: UUID
    number: str
    id: str
    modified_at: datetime
    content: Package


@dataclass(frozen=True, slots=True)
class _Return:
    installation_id: UUID
    id: str
    number: str
    modified_at: datetime
    content: Claim


@dataclass(frozen=True, slots=True)
class _Asked:
    installation_id: UUID
    id: str
    asked_at: datetime
    content: Question


_HEADER = Mapper(_Header, tables.orders)
_PART = Mapper(_Part, tables.packages)
_RETURN = Mapper(_Return, tables.claims)
_ASKED = Mapper(_Asked, tables.questions)
_orders, _questions = tables.orders.c, tables.questions.c
_NEWEST = Keyset(_orders.placed_at, _orders.installation_id, _orders.number)
_NEWEST_QUESTION = Keyset(_questions.asked_at, _questions.installation_id, _questions.id)


class Orders:
    """Fulfils core.commerce.orders.OrderStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._headers = Rows(transaction, _HEADER)
        self._parts = Rows(transaction, _PART)
        self._returns = Rows(transaction, _RETURN)
        self._asked = Rows(transaction, _ASKED)

    def upsert(self, installation: UUID, order: Order, contact: UUID | None, now: datetime) -> bool:
        told = _header(installation, order, contact, now)
        new = self._headers.add(told, buyer_phone=told.buyer.phone)
        [(before, packages)] = self._whole(
            self._headers.select(*_this(installation, order.number), lock=Lock.WAIT)
        )
        after = told if told.modified_at >= before.modified_at else before
        after = replace(after, contact_id=before.contact_id or contact, seen_at=now)
        self._headers.save(after, buyer_phone=after.buyer.phone)
        standing = {package.id: package for package in packages}
        changed = [p for p in merged(standing, order.packages) if p != standing.get(p.id)]
        for package in changed:
            part = _Part(installation, order.number, package.id, package.modified_at, package)
            self._parts.put(part)
        return new or bool(changed) or replace(after, seen_at=before.seen_at) != before

    def get(self, installation: UUID, number: str) -> StoredOrder | None:
        found = self._stored(self._headers.select(*_this(installation, number)))
        return found[0] if found else None

    def by_number(self, number: str) -> Sequence[StoredOrder]:
        found = self._headers.select(_orders.number == number)
        return self._stored(found.order_by(_orders.placed_at, _orders.installation_id))

    def of_contact(self, contact: UUID, phones: Sequence[str], limit: int) -> Sequence[StoredOrder]:
        theirs = or_(_orders.contact_id == contact, _orders.buyer_phone.in_(phones))
        return self._stored(self._headers.select(theirs).order_by(*_NEWEST.order).limit(limit))

    def list(self, *, cursor: str | None, limit: int) -> Slice[StoredOrder]:
        page = self._headers.page(_NEWEST, cursor, limit)
        return Slice([_order(*whole) for whole in self._with_packages(page.items)], page.cursor)

    def link(self, installation: UUID, number: str, contact: UUID) -> None:
        self._headers.change(*_this(installation, number), contact_id=contact)

    def upsert_claim(self, installation: UUID, claim: Claim) -> bool:
        row = _Return(installation, claim.id, claim.order_number, claim.modified_at, claim)
        return self._put_news(_RETURN, row, "modified_at")

    def claims(self, installation: UUID, number: str) -> Sequence[Claim]:
        claims = tables.claims.c
        theirs = self._returns.select(
            claims.installation_id == installation, claims.number == number
        )
        newest = theirs.order_by(claims.modified_at.desc(), claims.id)
        return [row.content for row in self._returns.all(newest)]

    def upsert_question(self, installation: UUID, question: Question) -> bool:
        row = _Asked(installation, question.id, question.asked_at, question)
        return self._put_news(_ASKED, row, "asked_at")

    def questions(self, *, cursor: str | None, limit: int) -> Slice[tuple[UUID, Question]]:
        page = self._asked.page(_NEWEST_QUESTION, cursor, limit)
        return Slice([(row.installation_id, row.content) for row in page.items], page.cursor)

    def _put_news(self, mapper: Mapper[Any], value: Any, moment: str) -> bool:
        """Insert or replace, unless ours is of a later moment or says the same already."""
        row = {"tenant_id": self._transaction.tenant, **mapper.row(value)}
        put = insert(mapper.table).values(row)
        ours, news = mapper.table.c, put.excluded
        put = put.on_conflict_do_update(
            index_elements=["tenant_id", "installation_id", "id"],
            set_=row,
            where=(ours[moment] <= news[moment])
            & ours["content"].is_distinct_from(news["content"]),
        )
        return self._transaction.run(put.returning(ours.tenant_id)).first() is not None

    def _stored(self, statement: Any) -> Sequence[StoredOrder]:
        return [_order(*whole) for whole in self._whole(statement)]

    def _whole(self, statement: Any) -> Sequence[tuple[_Header, Sequence[Package]]]:
        return self._with_packages(self._headers.all(statement))

    def _with_packages(
        self, headers: Iterable[_Header]
    ) -> Sequence[tuple[_Header, Sequence[Package]]]:
        parts = tables.packages.c
        keys = [(header.installation_id, header.number) for header in headers]
        theirs = tuple_(parts.installation_id, parts.number).in_(keys)
        packages: dict[tuple[UUID, str], list[Package]] = defaultdict(list)
        for part in self._parts.all(self._parts.select(theirs).order_by(parts.id)) if keys else ():
            packages[part.installation_id, part.number].append(part.content)
        return [(h, packages[h.installation_id, h.number]) for h in headers]


def _header(installation: UUID, order: Order, contact: UUID | None, now: datetime) -> _Header:
    return _Header(
        installation,
        order.number,
        order.placed_at,
        latest(order),
        order.buyer,
        order.destination,
        contact,
        now,
    )


def _this(installation: UUID, number: str) -> Sequence[ColumnElement[bool]]:
    return _orders.installation_id == installation, _orders.number == number


def _order(header: _Header, packages: Sequence[Package]) -> StoredOrder:
    order = Order(
        header.number, header.placed_at, header.buyer, header.destination, tuple(packages)
    )
    return StoredOrder(header.installation_id, order, header.contact_id, header.seen_at)
