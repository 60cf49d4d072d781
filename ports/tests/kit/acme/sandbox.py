from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ports.clock import Clock
from ports.http import Request, Response
from ports.sandbox import Deliveries, Delivery, Faults, answer

PAGE = 2


class AcmeSandbox:
    hosts = frozenset({"api.acme.example"})

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.faults = Faults()
        self.deliveries = Deliveries()
        self.sent: dict[str, dict[str, Any]] = {}
        self.hooks: dict[str, str] = {}
        self.spent = False
        self.orders: dict[str, dict[str, str]] = {}
        self.parcels = {"A1": self.parcel("A1", "moving"), "A2": self.parcel("A2", "teleported")}

    def parcel(self, number: str, state: str) -> dict[str, Any]:
        moments = (self.clock.now() - timedelta(hours=h) for h in (5, 2))
        scans = [{"at": m.isoformat(), "state": "moving"} for m in moments]
        return {"number": number, "state": state, "scans": scans}

    def handle(self, request: Request) -> Response:
        slow = Response(429, {"retry-after": "7"})
        return answer(self, request, rate_limited=lambda: slow, handle=self.serve)

    def serve(self, request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer sandbox-api-key":
            return Response(401)
        url = urlsplit(request.url)
        _, noun, *rest = map(unquote, url.path.split("/"))
        body = json.loads(request.body or b"{}")
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        serve = getattr(self, f"serve_{noun}", None)
        if serve is None:
            return Response(404)
        status, said = serve(request, rest, body, query)
        return Response(status, {"content-type": "application/json"}, json.dumps(said).encode())

    def serve_account(self, *_: Any) -> tuple[int, Any]:
        return 200, {"id": "acme-1", "name": "Ayşe'nin Mağazası"}

    def serve_parcels(self, request: Request, rest: list[str], *_: Any) -> tuple[int, Any]:
        found = self.parcels.get("/".join(rest))
        return (200, found) if found else (404, {})

    def serve_messages(
        self, request: Request, rest: list[str], body: Any, query: Any
    ) -> tuple[int, Any]:
        if rest:
            return 200, {}
        if body["to"] == "0":
            return 422, {"field": "to"}
        if body["to"] == "+900000000009" and "template" not in body:
            return 409, {}
        if len(body.get("text", "")) > 1000:
            return 422, {"field": "text"}
        if "template" in body and body["template"] != "hello":
            return 422, {"field": "template"}
        sent = self.sent.setdefault(request.headers["idempotency-key"], body)
        sent.setdefault("id", f"m{len(self.sent)}")
        return 200, {"id": sent["id"]}

    def serve_media(self, request: Request, rest: list[str], *_: Any) -> tuple[int, Any]:
        return (200, {"data": "png"}) if rest == ["i1"] else (404, {})

    def serve_orders(
        self, request: Request, rest: list[str], body: Any, query: dict[str, str]
    ) -> tuple[int, Any]:
        if rest:
            found = self.orders.get("/".join(rest))
            return (200, found) if found else (404, {})
        start = int(query.get("cursor") or 0)
        changed = [o for o in self.orders.values() if o["at"] >= query["since"]]
        more = start + PAGE < len(changed)
        page = changed[start : start + PAGE]
        return 200, {"orders": page, "next": str(start + PAGE) if more else None}

    def serve_hooks(
        self, request: Request, rest: list[str], body: Any, query: Any
    ) -> tuple[int, Any]:
        if request.method == "GET":
            return 200, [{"id": i, "url": u} for u, i in self.hooks.items()]
        if rest:
            self.hooks = {u: i for u, i in self.hooks.items() if i != body["id"]}
            return 200, {}
        return 200, {"id": self.hooks.setdefault(body["url"], f"h{len(self.hooks) + 1}")}

    def serve_complete(self, request: Request, rest: Any, body: Any, query: Any) -> tuple[int, Any]:
        if self.spent:
            return 402, {}
        ended = "refused" if "bomba" in body["text"] else "stop"
        return 200, {"text": "Yolda.", "in": 9, "out": min(4, body["limit"]), "ended": ended}

    def serve_embed(self, request: Request, rest: Any, body: Any, query: Any) -> tuple[int, Any]:
        return 200, [list(hashlib.sha256(t.encode()).digest()[:8]) for t in body["texts"]]

    def control(self, command: str, **arguments: Any) -> Any:
        if command == "order":
            order = {"price": "149.90", "state": "new", "at": self.clock.now().isoformat()}
            self.orders[arguments["number"]] = {**order, **arguments}
        elif command == "deliver":
            self.deliver(arguments["body"])
        elif command == "sent":
            return list(self.sent.values())
        else:
            raise ValueError(f"no command {command}")
        return None

    def deliver(self, body: bytes) -> None:
        secret = b"sandbox-webhook-secret"
        proof = hmac.new(secret, body, hashlib.sha256).hexdigest()
        self.deliveries.add(Delivery("/hooks", {"X-Acme-Signature": proof}, body))
