"""The marketplace port over client and mapping."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from plugins.trendyol.client import (
    CLAIMS_A_PAGE,
    ORDERS_A_PAGE,
    QUESTIONS_A_PAGE,
    RESULT_WINDOW,
    Client,
)
from plugins.trendyol.mapping import to_claim, to_order, to_orders, to_question
from plugins.trendyol.walk import PAGED_MEMORY, SPAN, WIDENING, Position, millis
from ports.clock import Clock
from ports.errors import AuthRejected, ContractBroken, Rejected
from ports.families.marketplace import Claim, Order, Page, Question, Subscription
from ports.settings import Secret
from ports.wild import Wild

_OLDEST_FIRST = {"orderByField": "PackageLastModifiedDate", "orderByDirection": "ASC"}


class TrendyolMarketplace:
    """Walks are explained in walk.py: they end, they have no gap, and they remember nothing."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def orders_changed_since(self, since: datetime, cursor: str | None = None) -> Page[Order]:
        """Three months back; a cursor that Trendyol has forgotten is Rejected, field "cursor"."""
        position = self._position(since, cursor)
        if not position.streams and position.begun_before(self._clock.now() - PAGED_MEMORY):
            position = position.in_stream()
        if position.streams:
            return self._streamed(position)
        answer = self._client.orders(_dates(position) | _OLDEST_FIRST, page=position.page)
        total = answer["totalElements"].integer()
        if not position.place and total > RESULT_WINDOW:
            after: Position | None = position.in_stream()
        else:
            after = position.after_page(total, ORDERS_A_PAGE)
        return Page(to_orders(answer["content"].each()), _cursor(after))

    def _streamed(self, position: Position) -> Page[Order]:
        start, end = position.asked()
        window = {"lastModifiedStartDate": start, "lastModifiedEndDate": end}
        try:
            answer = self._client.order_stream(window, position.stream_cursor)
        except Rejected as error:
            if isinstance(error, AuthRejected) or not position.stream_cursor:
                raise
            code = error.vendor_code
            raise Rejected(f"{error}: begin again", field="cursor", vendor_code=code) from error
        return Page(to_orders(answer["content"].each()), _cursor(_after_stream(position, answer)))

    def find_order(self, number: str) -> Order | None:
        """Asks in two windows: without dates the list holds but a week, a call reaches 14 days.

        So it finds what changed in the last four weeks; the vendor's list forgets after a month.
        """
        number = number.strip()
        if not number:
            return None
        latest = self._clock.now() + WIDENING
        packages = [
            package
            for end in (latest, latest - _FORTNIGHT)
            for package in self._packages_of(number, end)
        ]
        return to_order(number, packages) if packages else None

    def _packages_of(self, number: str, end: datetime) -> list[Wild]:
        window = {"startDate": millis(end - _FORTNIGHT), "endDate": millis(end)}
        answer = self._client.orders(window | _OLDEST_FIRST | {"orderNumber": number})
        found = answer["content"].each()
        return [p for p in found if p["orderNumber"].digits() == number]  # nobody else's order

    def claims_changed_since(self, since: datetime, cursor: str | None = None) -> Page[Claim]:
        """Their order is not documented, so nothing may enter the window: it ends in the past."""
        position = self._position(since, cursor)
        answer = self._client.claims(_dates(position, after=timedelta(0)), page=position.page)
        after = position.after_page(answer["totalElements"].integer(), CLAIMS_A_PAGE)
        return Page([to_claim(c) for c in answer["content"].each()], _cursor(after))

    def questions_changed_since(self, since: datetime, cursor: str | None = None) -> Page[Question]:
        position = self._position(since, cursor)
        order = {"orderByField": "LastModifiedDate", "orderByDirection": "ASC"}
        answer = self._client.questions(_dates(position) | order, page=position.page)
        after = position.after_page(answer["totalElements"].integer(), QUESTIONS_A_PAGE)
        return Page([to_question(q) for q in answer["content"].each()], _cursor(after))

    def subscribe(self, url: str, secret: Secret) -> Subscription:
        """An equal url keeps its id, gets this secret (it cannot be compared), and is woken up.

        Trendyol refuses a url that holds its own name, "dolap" or "localhost", and the sixteenth.
        """
        known = next((w for w in self._client.webhooks().each() if w["url"].raw == url), None)
        if known is None:
            return Subscription(self._client.create_webhook(_webhook(url, secret)), url, True)
        id = known["id"].digits()
        self._client.replace_webhook(id, _webhook(url, secret))
        if known["status"].raw != _ACTIVE:
            self._client.activate_webhook(id)
        return Subscription(id, url, True)

    def subscriptions(self) -> Sequence[Subscription]:
        """Trendyol itself makes one passive after thirteen failed deliveries, about an hour."""
        return [
            Subscription(w["id"].digits(), w["url"].text(), w["status"].raw == _ACTIVE)
            for w in self._client.webhooks().each()
        ]

    def unsubscribe(self, id: str) -> None:
        self._client.delete_webhook(id)

    def _position(self, since: datetime, cursor: str | None) -> Position:
        return Position.parse(cursor) if cursor else Position.first(since, self._clock.now())


_ACTIVE = "ACTIVE"
_FORTNIGHT = SPAN + 2 * WIDENING


def _dates(position: Position, *, after: timedelta = WIDENING) -> dict[str, str | int]:
    start, end = position.asked(after=after)
    return {"startDate": start, "endDate": end}


def _cursor(position: Position | None) -> str | None:
    return None if position is None else str(position)


def _after_stream(position: Position, answer: Wild) -> Position | None:
    if not answer["hasMore"].boolean():
        return position.next_window()
    cursor = answer["nextCursor"].text()
    if cursor in ("", position.stream_cursor):
        raise ContractBroken("$.nextCursor does not move although there is more")
    return position.in_stream(cursor)


def _webhook(url: str, secret: Secret) -> dict[str, Any]:
    """No list of statuses: all of them, also those that Trendyol will add."""
    return {
        "url": url,
        "authenticationType": "API_KEY",
        "apiKey": secret.reveal(),
        "username": "",
        "password": "",
        "subscribedStatuses": [],
    }
