"""Netgsm's REST v2 over HTTP: where it is, the login, and whether an answer is a success."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from plugins.netgsm.refusals import ACCEPTED, QUERY, Refusal, refusal, without_code
from plugins.netgsm.settings import HOST, Settings
from ports.errors import ContractBroken
from ports.http import Request, Response, Transport
from ports.wild import Wild

_BASE = f"https://{HOST}/sms/rest/v2/"


class Client:
    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        self._settings = settings

    def get(self, path: str) -> Wild:
        return self._ask(Request("GET", _BASE + path, self._headers()), QUERY)

    def post(self, path: str, body: Mapping[str, Any], refusals: Mapping[str, Refusal]) -> Wild:
        headers = {**self._headers(), "content-type": "application/json; charset=utf-8"}
        data = json.dumps(body, ensure_ascii=False).encode()
        return self._ask(Request("POST", _BASE + path, headers, data), refusals)

    def _ask(self, request: Request, refusals: Mapping[str, Refusal]) -> Wild:
        response = self._transport.send(request)
        code = _code(response)
        if code is None:
            raise without_code(response, writes=request.changes_the_world)
        if code not in ACCEPTED:
            raise refusal(code, refusals)
        return response.json()

    def _headers(self) -> dict[str, str]:
        login = f"{self._settings.usercode}:{self._settings.password.reveal()}"
        return {"authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}


def _code(response: Response) -> str | None:
    """The code inside the answer, two digits at least; None where it cannot be read.

    A business refusal comes as 406 with the same JSON as a success.
    """
    try:
        return response.json()["code"].digits().zfill(2)
    except ContractBroken:
        return None
