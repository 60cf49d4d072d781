"""Trendyol over HTTP: paths, headers, what a status means. No domain words.

Limits that whoever spaces the calls must know (https://developers.trendyol.com/docs/1-servis-limitleri):
50 requests in 10 seconds per endpoint and seller; order lists a minute by the seller's tier
(`orders_per_minute`); 5 seconds between two calls to the order stream; claims and questions 1000 a
minute. Nothing here waits: a call too early is RateLimited.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from plugins.trendyol.refusals import refusal
from plugins.trendyol.settings import HOSTS, ORDER_LISTS_PER_MINUTE, Settings
from ports.errors import ContractBroken, OutcomeUnknown
from ports.http import Request, Response, Transport
from ports.wild import Wild

ORDERS_A_PAGE = 200
CLAIMS_A_PAGE = 200
QUESTIONS_A_PAGE = 50
"""The guide allows 50, the reference 200: the smaller one works in both."""

RESULT_WINDOW = 10_000
"""Paged order lists end here: `(page + 1) * size` beyond it is refused with 429."""

Query = Mapping[str, str | int]


class Client:
    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        self._settings = settings

    @property
    def orders_per_minute(self) -> int:
        return ORDER_LISTS_PER_MINUTE[self._settings.listing_tier]

    def orders(self, query: Query, *, page: int = 0, size: int = ORDERS_A_PAGE) -> Wild:
        """Packages, a page at a time; the last month, at most 14 days a call."""
        return self._get("order", "v2/orders", {**query, "page": page, "size": size})

    def order_stream(self, query: Query, cursor: str) -> Wild:
        """Packages, newest first, by the vendor's cursor ("" begins); the last three months."""
        more = {"nextCursor": cursor} if cursor else {}
        return self._get("order", "orders/stream", {**query, "size": ORDERS_A_PAGE, **more})

    def claims(self, query: Query, *, page: int) -> Wild:
        return self._get("order", "claims", {**query, "page": page, "size": CLAIMS_A_PAGE})

    def questions(self, query: Query, *, page: int) -> Wild:
        asked = {**query, "page": page, "size": QUESTIONS_A_PAGE}
        return self._get("qna", "questions/filter", asked)

    def webhooks(self) -> Wild:
        """A bare list."""
        return self._get("webhook", "webhooks", {})

    def create_webhook(self, body: Mapping[str, Any]) -> str:
        """The new webhook's id; OutcomeUnknown when the answer does not tell it."""
        answer = self._change("POST", "webhooks", body)
        try:
            return answer.json()["id"].digits()
        except ContractBroken as error:
            raise OutcomeUnknown(f"the new webhook's id is not told: {error}") from None

    def replace_webhook(self, id: str, body: Mapping[str, Any]) -> None:
        self._change("PUT", f"webhooks/{quote(id, safe='')}", body)

    def activate_webhook(self, id: str) -> None:
        self._change("PUT", f"webhooks/{quote(id, safe='')}/activate")

    def delete_webhook(self, id: str) -> None:
        """An id that is not there is fine."""
        self._change("DELETE", f"webhooks/{quote(id, safe='')}", absent_is_fine=True)

    def _get(self, area: str, path: str, query: Query) -> Wild:
        asked = f"?{urlencode(query)}" if query else ""
        return self._send(Request("GET", self._url(area, path) + asked, self._headers())).json()

    def _change(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        absent_is_fine: bool = False,
    ) -> Response:
        headers = {**self._headers(), "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        request = Request(method, self._url("webhook", path), headers, content)
        return self._send(request, absent_is_fine=absent_is_fine)

    def _send(self, request: Request, *, absent_is_fine: bool = False) -> Response:
        response = self._transport.send(request)
        if response.ok or (absent_is_fine and response.status == 404):
            return response
        raise refusal(request, response, stage=self._settings.environment == "stage")

    def _url(self, area: str, path: str) -> str:
        host, seller = HOSTS[self._settings.environment], self._settings.seller_id
        return f"https://{host}/integration/{area}/sellers/{seller}/{path}"

    def _headers(self) -> dict[str, str]:
        """The User-Agent is mandatory: without it every call is 403."""
        own = self._settings
        pair = f"{own.api_key.reveal()}:{own.api_secret.reveal()}"
        return {
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "User-Agent": f"{own.seller_id} - {own.integrator_name}",
            "Accept": "application/json",
        }
