"""Meta's Graph API over the house's Transport: addresses, the bearer, what an answer means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from plugins.whatsapp.manifest import HOSTS
from plugins.whatsapp.refusals import refusal
from plugins.whatsapp.settings import Settings
from ports.errors import ContractBroken, OutcomeUnknown, Transient, VendorError
from ports.http import Request, Response, Transport
from ports.wild import Wild

GRAPH = "https://graph.facebook.com"

_AGENT = "Mozilla/5.0 (compatible; Invekto/1.0)"
"""Meta's media host turns some default agents of HTTP libraries away."""

_DOWNLOAD_SECONDS = 60.0


class GraphClient:
    """One tenant's calls. Every refusal leaves as an error of `ports.errors`."""

    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        self._settings = settings

    def get(self, *path: str, query: Mapping[str, str]) -> Wild:
        request = Request("GET", f"{self._url(*path)}?{urlencode(query)}", self._headers())
        return self._answer(request)

    def post(self, *path: str, body: Mapping[str, Any], repeatable: bool = False) -> Wild:
        """Post JSON. `repeatable` is for calls that a second time change nothing: a lost answer
        is then Transient instead of OutcomeUnknown."""
        headers = {**self._headers(), "Content-Type": "application/json"}
        data = json.dumps(body).encode()
        reads = True if repeatable else None
        return self._answer(Request("POST", self._url(*path), headers, data, reads=reads))

    def download(self, url: str) -> Response | None:
        """The file behind a media address; None when the address is no longer valid.

        The bearer goes only to Meta's own hosts and only over TLS.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.hostname not in HOSTS:
            raise ContractBroken("the media address is not on a host of Meta's that we know")
        request = Request("GET", url, self._headers(), timeout=_DOWNLOAD_SECONDS)
        response = self._transport.send(request)
        if response.status == 404:
            return None
        if not response.ok:
            raise refusal(response, writes=False)
        return response

    def _answer(self, request: Request) -> Wild:
        response = self._transport.send(request)
        if not response.ok:
            raise refusal(response, writes=request.changes_the_world)
        try:
            return response.json()
        except ContractBroken as error:
            raise _garbled(request) from error

    def _url(self, *path: str) -> str:
        steps = (self._settings.graph_version, *path)
        return "/".join([GRAPH, *(quote(step, safe="") for step in steps)])

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._settings.access_token.reveal()}",
            "User-Agent": _AGENT,
        }


def _garbled(request: Request) -> VendorError:
    """A success whose body is not JSON was cut or replaced on the way."""
    if request.changes_the_world:
        return OutcomeUnknown("WhatsApp took the call, but its answer came damaged")
    return Transient("WhatsApp's answer came damaged")
