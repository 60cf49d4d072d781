"""Tortoise Express in memory: parcels that crawl when they are told to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ports.clock import Clock
from ports.http import Request, Response
from ports.sandbox import Deliveries, Delivery, Faults, answer
from ports.settings import example

from invekto_plugin_tortoise.mapping import TURKEY
from invekto_plugin_tortoise.settings import HOST, Settings
from invekto_plugin_tortoise.webhooks import SIGNATURE, signature


class TortoiseSandbox:
    def __init__(self, clock: Clock) -> None:
        self.hosts = frozenset({HOST})
        self.faults = Faults()
        self.deliveries = Deliveries()
        self._clock = clock
        self._settings: Settings = example(Settings)
        self._parcels: dict[str, dict[str, Any]] = {}
        self._told = 0

    def handle(self, request: Request) -> Response:
        tired = _problem("E17", "the tortoise is tired")
        return answer(self, request, rate_limited=lambda: tired, handle=self._serve)

    def control(self, command: str, **arguments: Any) -> Any:
        """`parcel(number)` is handed in; `step(number, code, branch)` moves it and tells us;
        `repeat()` sends the last news once more, as another attempt."""
        commands: dict[str, Callable[..., Any]] = {
            "parcel": self._hand_in,
            "step": self._step,
            "repeat": self._repeat,
        }
        if command not in commands:
            raise ValueError(f"unknown command {command!r}; known are {', '.join(commands)}")
        try:
            return commands[command](**arguments)
        except (TypeError, KeyError) as error:
            raise ValueError(f"{command}: {error}") from None

    def _hand_in(self, number: str, branch: str = "Bornova") -> dict[str, Any]:
        page = f"https://{HOST}/where/{number}"
        parcel = {"number": number, "steps": [], "page": page, "to_branch": branch}
        self._parcels[number] = parcel
        return self._moved(parcel, 10, branch)

    def _step(self, number: str, code: int, branch: str = "Bornova") -> dict[str, Any]:
        parcel = self._moved(self._parcels[number], code, branch)
        self._told += 1
        self._post({"kind": "step", "number": number}, attempt=1)
        return parcel

    def _moved(self, parcel: dict[str, Any], code: int, branch: str) -> dict[str, Any]:
        when = self._clock.now().astimezone(TURKEY).strftime("%d.%m.%Y %H:%M")
        parcel["code"] = code
        parcel["steps"].insert(0, {"code": code, "when": when, "branch": branch})
        return parcel

    def _repeat(self) -> None:
        parcel = next(reversed(self._parcels.values()))
        self._post({"kind": "step", "number": parcel["number"]}, attempt=2)

    def _post(self, news: dict[str, Any], *, attempt: int) -> None:
        letter = {"delivery_id": f"D{self._told}", "attempt": attempt, "news": [news]}
        body = json.dumps(letter).encode()
        moment = str(int(self._clock.now().timestamp())).encode()
        proof = signature(moment, body, self._settings.webhook_secret.reveal().encode())
        self.deliveries.add(Delivery("/webhooks/tortoise", {SIGNATURE: proof.decode()}, body))

    def _serve(self, request: Request) -> Response:
        if request.headers.get("x-api-key") != self._settings.api_key.reveal():
            return _problem("E01", "we do not know this key")
        url = urlsplit(request.url)
        match url.path:
            case "/v2/whoami":
                shell = self._settings.shell_number
                return _json({"ok": True, "data": {"shell_number": shell, "company": "Kabuk A.Ş."}})
            case "/v2/parcels":
                number = parse_qs(url.query).get("number", [""])[0]
                found = [self._parcels[number]] if number in self._parcels else []
                return _json({"ok": True, "data": found})
        return Response(404)


def _problem(code: str, text: str) -> Response:
    return _json({"ok": False, "code": code, "text": text})


def _json(value: Any) -> Response:
    return Response(200, {"content-type": "application/json"}, json.dumps(value).encode())
