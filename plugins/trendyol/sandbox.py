"""Trendyol in memory: its door, its addresses, its limits, and who may order what to happen."""

from __future__ import annotations

import base64
import inspect
import json
import re
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from plugins.trendyol import sandbox_lists as lists
from plugins.trendyol.sandbox_hooks import Hooks
from plugins.trendyol.sandbox_lists import Refused, answered, refused
from plugins.trendyol.sandbox_samples import Json
from plugins.trendyol.sandbox_shop import Shop
from plugins.trendyol.settings import HOSTS, Settings
from ports.clock import Clock
from ports.http import Request, Response
from ports.sandbox import Deliveries, Faults, answer
from ports.settings import example

OK = Response(200, {"content-type": "text/plain"}, b"200 OK")
BUSY = "too.many.requests"


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class TrendyolSandbox:
    """Faithful in what it refuses: User-Agent, keys, windows, result counts, call rates.

    It begins with the seller of the settings' examples; `control("seller", …)` opens more shops.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        orders_per_minute: int | None = None,
        filters_ahead: timedelta = timedelta(0),
    ) -> None:
        self.hosts = frozenset(HOSTS.values())
        self.faults = Faults()
        self.deliveries = Deliveries()
        self._clock = clock
        self._orders_per_minute = orders_per_minute
        self._filters_ahead = filters_ahead
        self._serial = count(1)
        self._shops: dict[str, Shop] = {}
        self._webhooks_off = False
        self._calls: dict[tuple[str, str], deque[datetime]] = defaultdict(deque)
        known: Settings = example(Settings)
        self.seller(known.seller_id, known.api_key.reveal(), known.api_secret.reveal())

    def handle(self, request: Request) -> Response:
        return answer(self, request, rate_limited=_busy, handle=self._handle)

    # --- what happens at Trendyol by itself ------------------------------------------------

    def control(self, command: str, **arguments: Any) -> Any:
        """The commands are in the README; all but two name the shop by `seller_id`."""
        if command in ("seller", "webhooks_off"):
            return _obey(command, getattr(self, command), arguments)
        if command not in _SHOP_COMMANDS:
            raise ValueError(f"unknown command: {command}")
        seller_id = str(arguments.pop("seller_id", ""))
        if seller_id not in self._shops:
            raise ValueError(f"{command}: there is no seller_id {seller_id!r}")
        return _obey(command, getattr(self._shops[seller_id], command), arguments)

    def seller(self, seller_id: str | int, api_key: str, api_secret: str) -> Json:
        """Open a shop, or give it other keys."""
        id = str(seller_id)
        if not id.isdecimal():
            raise ValueError("seller_id: digits only")
        if id in self._shops:
            self._shops[id].api_key, self._shops[id].api_secret = api_key, api_secret
        else:
            serial = self._serial.__next__
            hooks = Hooks(self._clock, self.deliveries, serial, lambda: self._webhooks_off)
            self._shops[id] = Shop(id, api_key, api_secret, self._clock, hooks, serial)
        return {"seller_id": id}

    def webhooks_off(self, off: bool) -> Json:
        """An outage of the deliveries: what happens meanwhile is never posted."""
        self._webhooks_off = off
        return {"off": off}

    # --- the door --------------------------------------------------------------------------

    def _handle(self, request: Request) -> Response:
        try:
            return self._answer(_asked(request))
        except Refused as error:
            return error.response

    def _answer(self, asked: Asked) -> Response:
        agent = re.fullmatch(r"(\d+) - [A-Za-z0-9]{1,30}", asked.headers.get("user-agent", ""))
        if agent is None:
            return Response(403, {"content-type": "text/html"}, b"<html>Forbidden</html>")
        shops = self._shops_of(asked)
        for method, pattern, handle in _ROUTES:
            found = re.fullmatch(pattern, asked.path)
            if found and method == asked.method:
                shop = shops.get(found["seller"])
                if shop is None or agent[1] != shop.seller_id:
                    raise refused(404, "seller.not.found", "satıcı bulunamadı")
                self._count(shop, f"{method} {pattern}")
                return handle(self, shop, asked, found)
        raise refused(404, "not.found", "adres bulunamadı")

    def _shops_of(self, asked: Asked) -> dict[str, Shop]:
        """The shops that these keys open: one, unless somebody reuses keys."""
        given = asked.headers.get("authorization", "")
        shops = {id: shop for id, shop in self._shops.items() if given == _basic(shop)}
        if not shops:
            raise Refused(answered({"exception": "ClientApiAuthenticationException"}, 401))
        return shops

    def _count(self, shop: Shop, endpoint: str) -> None:
        now = self._clock.now()
        calls = self._calls[shop.seller_id, endpoint]
        while calls and calls[0] <= now - timedelta(minutes=1):
            calls.popleft()
        burst = sum(1 for moment in calls if moment > now - timedelta(seconds=10))
        tier = self._orders_per_minute if endpoint == f"GET {_ORDERS}" else None
        if burst >= 50 or (tier is not None and len(calls) >= tier):
            raise refused(429, BUSY, "çok fazla istek")
        calls.append(now)

    # --- the addresses ---------------------------------------------------------------------

    def _orders(self, shop: Shop, asked: Asked, found: re.Match[str]) -> Response:
        return answered(lists.orders(shop, asked.query, self._filters_ahead))

    def _retired(self, shop: Shop, asked: Asked, found: re.Match[str]) -> Response:
        body = {"error": "Upgrade Required", "message": "Bu servis kapatıldı, v2 kullanın."}
        return answered(body, 426)

    def _stream(self, shop: Shop, asked: Asked, found: re.Match[str]) -> Response:
        return answered(lists.stream(shop, asked.query))

    def _claims(self, shop: Shop, asked: Asked, found: re.Match[str]) -> Response:
        return answered(lists.claims(shop, asked.query))

    def _questions(self, shop: Shop, asked: Asked, found: re.Match[str]) -> Response:
        return answered(lists.questions(shop, asked.query))

    def _list_hooks(self, shop: Shop, asked: Asked, found: re.Match[str]) -> Response:
        return answered(shop.hooks.listed())

    def _create_hook(self, shop: Shop, asked: Asked, found: re.Match[str]) -> Response:
        return answered({"id": _accepted(shop.hooks.create(_object(asked)))["id"]})

    def _replace_hook(self, shop: Shop, asked: Asked, found: re.Match[str]) -> Response:
        _accepted(shop.hooks.replace(_hook(shop, found), _object(asked)))
        return OK

    def _delete_hook(self, shop: Shop, asked: Asked, found: re.Match[str]) -> Response:
        del shop.hooks.known[_hook(shop, found)]
        return Response(200)

    def _switch_hook(self, shop: Shop, asked: Asked, found: re.Match[str]) -> Response:
        status = {"activate": "ACTIVE", "deactivate": "PASSIVE"}[found["verb"]]
        shop.hooks.known[_hook(shop, found)]["status"] = status
        return OK


Handler = Callable[[TrendyolSandbox, Shop, Asked, "re.Match[str]"], Response]

_SELLER = r"sellers/(?P<seller>\d+)"
_ORDERS = rf"/integration/order/{_SELLER}/v2/orders"
_HOOKS = rf"/integration/webhook/{_SELLER}/webhooks"
_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", _ORDERS, TrendyolSandbox._orders),
    ("GET", rf"/integration/order/{_SELLER}/orders", TrendyolSandbox._retired),
    ("GET", rf"/integration/order/{_SELLER}/orders/stream", TrendyolSandbox._stream),
    ("GET", rf"/integration/order/{_SELLER}/claims", TrendyolSandbox._claims),
    ("GET", rf"/integration/qna/{_SELLER}/questions/filter", TrendyolSandbox._questions),
    ("GET", _HOOKS, TrendyolSandbox._list_hooks),
    ("POST", _HOOKS, TrendyolSandbox._create_hook),
    ("PUT", rf"{_HOOKS}/(?P<id>[^/]+)", TrendyolSandbox._replace_hook),
    ("DELETE", rf"{_HOOKS}/(?P<id>[^/]+)", TrendyolSandbox._delete_hook),
    ("PUT", rf"{_HOOKS}/(?P<id>[^/]+)/(?P<verb>(de)?activate)", TrendyolSandbox._switch_hook),
)
_SHOP_COMMANDS = frozenset(
    ("order", "status", "split", "cancel_lines", "claim", "claim_status", "question", "answer")
)


def _asked(request: Request) -> Asked:
    url = urlsplit(request.url)
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    return Asked(request.method.upper(), unquote(url.path), query, headers, request.body or b"")


def _basic(shop: Shop) -> str:
    pair = f"{shop.api_key}:{shop.api_secret}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def _object(asked: Asked) -> Json:
    try:
        body = json.loads(asked.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise refused(400, "body.invalid", "gövde okunamadı")
    return body


def _hook(shop: Shop, found: re.Match[str]) -> str:
    if found["id"] not in shop.hooks.known:
        raise refused(404, "webhook.not.found", "webhook bulunamadı")
    return found["id"]


def _accepted(outcome: Json | str) -> Json:
    if isinstance(outcome, str):
        raise refused(400, "webhook.invalid", outcome)
    return outcome


def _busy() -> Response:
    return refused(429, BUSY, "çok fazla istek").response


def _obey(command: str, act: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    try:
        inspect.signature(act).bind(**arguments)
    except TypeError as error:
        raise ValueError(f"{command}: {error}") from None
    return act(**arguments)
