"""The sandbox's lists: orders by page and by stream, claims, questions, with their limits."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import timedelta

from plugins.trendyol.sandbox_hooks import NAMES
from plugins.trendyol.sandbox_samples import Json, millis
from plugins.trendyol.sandbox_shop import Shop
from ports.http import Response

DAY = 86_400_000
LONGEST_SPAN = 14 * DAY
RESULT_WINDOW = 10_000

Query = Mapping[str, str]


class Refused(Exception):
    """The sandbox answers with an error."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.text)
        self.response = response


def refused(status: int, key: str, message: str) -> Refused:
    detail = {"key": key, "message": message, "errorCode": str(status)}
    return Refused(answered({"exception": "ClientApiException", "errors": [detail]}, status))


def answered(body: object, status: int = 200) -> Response:
    content = json.dumps(body, ensure_ascii=False).encode()
    return Response(status, {"content-type": "application/json;charset=UTF-8"}, content)


def orders(shop: Shop, query: Query, ahead: timedelta) -> Json:
    """V2: a month back, 14 days a call, 10 000 results; the last week when no date is given.

    `ahead` is how far the clock of the filters runs before UTC.
    """
    start, end = _window(shop, query, ("startDate", "endDate"), default=7 * DAY, memory=30 * DAY)
    by_created = query.get("orderByField") == "CreatedDate"
    field = "orderDate" if by_created else "lastModifiedDate"
    found = [
        package
        for package in _packages(shop, query)
        if start <= package[field] + ahead // timedelta(milliseconds=1) <= end
    ]
    found.sort(key=lambda p: (p[field], p["shipmentPackageId"]), reverse=_descending(query))
    return _page(found, query, largest=200, default=50, window=RESULT_WINDOW)


def _packages(shop: Shop, query: Query) -> Iterable[Json]:
    ids = query["shipmentPackageIds"].split(",") if "shipmentPackageIds" in query else None
    if ids is not None and len(ids) > 50:
        raise refused(400, "shipment.package.ids.invalid", "en fazla 50 paket sorulabilir")
    if query.get("status") not in (None, *NAMES):
        raise refused(400, "status.invalid", "bilinmeyen statü")
    for id, package in shop.packages.items():
        fits = ids is None or id in ids
        if fits and all(query.get(k) in (None, package[k]) for k in ("orderNumber", "status")):
            yield package


def stream(shop: Shop, query: Query) -> Json:
    """Newest first, three months back; the cursor is bound to the filters it was given for."""
    names = ("lastModifiedStartDate", "lastModifiedEndDate")
    start, end = _window(shop, query, names, default=LONGEST_SPAN, memory=90 * DAY)
    size = _number(query, "size", 50, 1, 200)
    before = _unsealed(query)
    places = map(_place, shop.packages.values())
    inside = (p for p in places if start <= p[0] <= end)
    found = sorted((p for p in inside if before is None or p < before), reverse=True)
    here = found[:size]
    more = len(found) > size
    return {
        "content": [shop.packages[str(id)] for _, id in here],
        "size": len(here),
        "hasMore": more,
        "nextCursor": _sealed(query, here[-1]) if more else None,
    }


Place = tuple[int, int]


def _place(package: Json) -> Place:
    return package["lastModifiedDate"], package["shipmentPackageId"]


def _sealed(query: Query, place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps([_filters(query), *place]).encode()).decode()


def _unsealed(query: Query) -> Place | None:
    if not query.get("nextCursor"):
        return None
    try:
        filters, at, id = json.loads(base64.urlsafe_b64decode(query["nextCursor"]))
    except ValueError:
        raise refused(400, "cursor.invalid", "nextCursor okunamadı") from None
    if filters != _filters(query):
        raise refused(400, "cursor.filters.changed", "filtreler değiştirilemez")
    return at, id


def _filters(query: Query) -> str:
    kept = sorted((k, v) for k, v in query.items() if k not in ("nextCursor", "size"))
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:12]


def claims(shop: Shop, query: Query) -> Json:
    """By their last modification; newest first, as nothing is promised about their order."""
    start, end = _window(shop, query, ("startDate", "endDate"), default=7 * DAY, memory=None)
    ids = query["claimIds"].split(",") if "claimIds" in query else None
    status, number = query.get("claimItemStatus"), query.get("orderNumber")
    found = [
        claim
        for id, claim in shop.claims.items()
        if start <= claim["lastModifiedDate"] <= end
        and (ids is None or id in ids)
        and number in (None, claim["orderNumber"])
        and (status is None or status in _claim_states(claim))
    ]
    found.sort(key=lambda c: (c["lastModifiedDate"], c["id"]), reverse=True)
    return _page(found, query, largest=200, default=50)


def _claim_states(claim: Json) -> set[str]:
    return {part["claimItemStatus"]["name"] for i in claim["items"] for part in i["claimItems"]}


def questions(shop: Shop, query: Query) -> Json:
    """The dates mean what the list is ordered by."""
    start, end = _window(shop, query, ("startDate", "endDate"), default=7 * DAY, memory=None)
    by_change = query.get("orderByField") == "LastModifiedDate"
    field = "_modified" if by_change else "creationDate"
    found = [
        question
        for question in shop.questions.values()
        if start <= question[field] <= end and query.get("status") in (None, question["status"])
    ]
    found.sort(key=lambda q: (q[field], q["id"]), reverse=_descending(query))
    page = _page(found, query, largest=50, default=20)
    shown = [{k: v for k, v in q.items() if k != "_modified"} for q in page["content"]]
    return {**page, "content": shown}


def _page(
    found: list[Json], query: Query, *, largest: int, default: int, window: int | None = None
) -> Json:
    size = _number(query, "size", default, 1, largest)
    page = _number(query, "page", 0, 0, 10**9)
    if window is not None and (page + 1) * size > window:
        raise refused(429, "too.many.requests", "sonuç penceresi aşıldı")
    return {
        "totalElements": len(found),
        "totalPages": -(-len(found) // size),
        "page": page,
        "size": size,
        "content": found[page * size : (page + 1) * size],
    }


def _window(
    shop: Shop, query: Query, names: tuple[str, str], *, default: int, memory: int | None
) -> tuple[int, int]:
    now = millis(shop.clock.now())
    latest = 10**14
    end = _number(query, names[1], now, 0, latest)
    start = _number(query, names[0], end - default, 0, latest)
    if not 0 <= end - start <= LONGEST_SPAN:
        raise refused(400, "date.range.invalid", "tarih aralığı 14 günü aşamaz")
    if memory is not None and start < now - memory:
        raise refused(400, "date.range.too.old", "bu tarihe ait kayıtlar sunulmuyor")
    return start, end


def _number(query: Query, name: str, default: int, least: int, most: int) -> int:
    given = query.get(name)
    number = default if given is None else int(given) if given.isdecimal() else -1
    if not least <= number <= most:
        raise refused(400, f"{name}.invalid", f"{name} geçersiz")
    return number


def _descending(query: Query) -> bool:
    return query.get("orderByDirection", "DESC") == "DESC"
