from __future__ import annotations

import json
from typing import Any

from ports.errors import (
    AuthRejected,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Transient,
    WindowClosed,
)
from ports.http import Request, Response
from ports.manifest import Context
from ports.wild import Wild

BASE = "https://api.acme.example"


class AcmeClient:
    def __init__(self, context: Context) -> None:
        self._transport = context.transport
        self._settings = context.settings

    def get(self, path: str) -> Wild | None:
        response = self.call(Request("GET", BASE + path, self.headers()))
        return None if response.status == 404 else response.json()

    def ask(self, path: str, body: Any) -> Wild:
        """A POST that changes nothing."""
        data = json.dumps(body).encode()
        return self.call(Request("POST", BASE + path, self.headers(), data, reads=True)).json()

    def post(self, path: str, body: Any, *, key: str) -> Wild:
        headers = {**self.headers(), "idempotency-key": key}
        response = self.call(Request("POST", BASE + path, headers, json.dumps(body).encode()))
        try:
            return response.json()
        except ContractBroken as error:
            raise OutcomeUnknown(f"Acme took it, but: {error}") from None

    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._settings.api_key.reveal()}"}

    def call(self, request: Request) -> Response:
        response = self._transport.send(request)
        if response.status in (401, 402):
            raise AuthRejected("Acme does not accept the key", field="api_key")
        if response.status == 409:
            raise WindowClosed("the window is closed", field="to")
        if response.status == 422:
            raise Rejected("refused", field=response.json()["field"].text())
        if response.status == 429:
            raise RateLimited("slow down", retry_after=float(response.headers["retry-after"]))
        if response.status >= 500:
            raise Transient(f"Acme answered {response.status}")
        return response
