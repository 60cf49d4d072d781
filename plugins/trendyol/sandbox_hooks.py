"""A seller's webhooks in the sandbox: kept as Trendyol keeps them, and posted to."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from plugins.trendyol.sandbox_samples import Json, identifier, millis
from ports.clock import Clock
from ports.sandbox import Deliveries, Delivery

MOST = 15
"""Passive ones count too."""

NAMES = {
    "Awaiting": "AWAITING",
    "Verified": "VERIFIED",
    "Created": "CREATED",
    "Picking": "PICKING",
    "Invoiced": "INVOICED",
    "Shipped": "SHIPPED",
    "AtCollectionPoint": "AT_COLLECTION_POINT",
    "Delivered": "DELIVERED",
    "UnDelivered": "UNDELIVERED",
    "Returned": "RETURNED",
    "Cancelled": "CANCELLED",
    "UnSupplied": "UNSUPPLIED",
    "UnPacked": "UNPACKED",
}
FORBIDDEN = ("trendyol", "dolap", "localhost")


@dataclass(slots=True)
class Hooks:
    clock: Clock
    deliveries: Deliveries
    serial: Callable[[], int]
    off: Callable[[], bool]
    """Whether the vendor's deliveries are down: what happens then is never posted."""
    known: dict[str, Json] = field(default_factory=dict)

    def tell(self, package: Mapping[str, Any]) -> None:
        """Post the package to every active webhook that wants its status."""
        if self.off():
            return
        listed = {"totalElements": 1, "totalPages": 1, "page": 0, "size": 1, "content": [package]}
        body = json.dumps(listed, ensure_ascii=False).encode()
        for hook in self.known.values():
            if hook["status"] == "ACTIVE" and _wants(hook, package["status"]):
                self.deliveries.add(Delivery(hook["url"], _headers(hook), body))

    def create(self, asked: Json) -> Json | str:
        """The new webhook, or the sentence that refuses it."""
        if len(self.known) >= MOST:
            return f"en fazla {MOST} webhook tanımlanabilir"
        return self._keep(identifier("webhook", self.serial()), asked, None)

    def replace(self, id: str, asked: Json) -> Json | str:
        return self._keep(id, asked, self.known[id])

    def listed(self) -> list[Json]:
        """Secrets never come back."""
        return [
            {**hook, "apiKey": None, "password": None} | {"username": hook["username"] or None}
            for hook in self.known.values()
        ]

    def _keep(self, id: str, asked: Json, before: Json | None) -> Json | str:
        problem = _problem(asked)
        if problem:
            return problem
        now = millis(self.clock.now())
        self.known[id] = {
            "id": id,
            "createdDate": before["createdDate"] if before else now,
            "lastModifiedDate": now if before else None,
            "url": asked["url"],
            "authenticationType": asked["authenticationType"],
            "apiKey": asked.get("apiKey"),
            "username": asked.get("username"),
            "password": asked.get("password"),
            "subscribedStatuses": asked.get("subscribedStatuses") or None,
            "status": before["status"] if before else "ACTIVE",
        }
        return self.known[id]


def _problem(asked: Json) -> str | None:
    url, kind = asked.get("url"), asked.get("authenticationType")
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
        return "url geçersiz"
    if any(word in url.lower() for word in FORBIDDEN):
        return "url Trendyol, Dolap veya Localhost içeremez"
    needed = {"API_KEY": ("apiKey",), "BASIC_AUTHENTICATION": ("username", "password")}
    if kind not in needed or not all(asked.get(name) for name in needed[kind]):
        return "authenticationType veya bilgileri geçersiz"
    if set(asked.get("subscribedStatuses") or ()) - set(NAMES.values()):
        return "subscribedStatuses geçersiz"
    return None


def _wants(hook: Json, status: str) -> bool:
    """No list means all, including those added later."""
    return not hook["subscribedStatuses"] or NAMES.get(status) in hook["subscribedStatuses"]


def _headers(hook: Json) -> dict[str, str]:
    if hook["authenticationType"] == "API_KEY":
        proof = {"x-api-key": hook["apiKey"]}
    else:
        pair = f"{hook['username']}:{hook['password']}".encode()
        proof = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {"Content-Type": "application/json", **proof}
