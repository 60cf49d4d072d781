"""A whole town: the house as it runs, with sandboxes only at the vendors' edge.

PostgreSQL, Redis, RQ and the ASGI application are real; what several processes do elsewhere is done
here by one, round by round, so that a test decides when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from adapters.queue.worker import run_worker
from entrypoints.bootstrap import QUEUES, House
from entrypoints.coming_in import Owner
from entrypoints.founding import operator_key
from entrypoints.sweeper import Sweeper
from ports.sandbox import Sandbox
from tests.api.client import Client

APP_SECRET, VERIFY = "flow-app-secret", "flow-verify-token"
ACCOUNT, TOKEN, WABA = "331122445566778", "flow-access-token", "210987654321098"
SELLER, KEY, SECRET = "424242", "flow-key", "flow-secret"
CARRIER = "1932448851342"
PHONE = "+905321112233"


@dataclass
class Clock:
    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def now(self) -> datetime:
        return self.at

    def pass_(self, span: timedelta) -> None:
        self.at += span


@dataclass
class Town:
    house: House
    ask: Client
    sandboxes: Mapping[str, Sandbox]
    clock: Clock
    key: str = ""
    rejected: list[int] = field(default_factory=list)
    """Statuses other than 200 that deliveries met."""

    def control(self, plugin: str, command: str, **arguments: Any) -> Any:
        return self.sandboxes[plugin].control(command, **arguments)

    def api(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        bearer: str | None = None,
        headers: Mapping[str, str] = {},
    ) -> Any:
        """As the tenant's key, or as whoever `bearer` names."""
        whole = f"/api/v1{path}"
        told = {"key": bearer or self.key, "json": body, "headers": headers}
        answer: httpx.Response = self.ask(method, whole, **told)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def settle(self, rounds: int = 12) -> None:
        """Let everything happen that is due now: deliveries, sweeps, jobs."""
        for _ in range(rounds):
            posted = self.post()
            rung = Sweeper(self.house).sweep()
            run_worker(QUEUES, self.house.config.redis_url.reveal(), burst=True)
            if not posted and not rung:
                return

    def post(self) -> int:
        """Carry what the vendors owe us to our door."""
        owed = [d for sandbox in self.sandboxes.values() for d in sandbox.deliveries.take()]
        for delivery in owed:
            path = urlsplit(delivery.url).path
            answer = self.ask("POST", path, content=delivery.body, headers=delivery.headers)
            if answer.status_code != 200:
                self.rejected.append(answer.status_code)
        return len(owed)

    def found(self) -> None:
        """A tenant with WhatsApp, Trendyol and Aras connected, over the public API."""
        operator = operator_key(self.house, "flows")
        app = {"app_secret": APP_SECRET, "verify_token": VERIFY}
        self.api("POST", "/integrations/whatsapp/app", {"settings": app}, bearer=operator)
        email = f"{uuid4().hex}@akis.example"
        shop = {"name": "Akış Mağazası", "owner": email}
        made = self.api("POST", "/operator/tenants", shop, bearer=operator)
        self.key = made["api_key"]["secret"]
        hook = "https://house.example/api/v1/integrations/whatsapp/webhook"
        self.control(
            "whatsapp", "account", phone_number_id=ACCOUNT, access_token=TOKEN, waba_id=WABA,
            app_secret=APP_SECRET, callback_url=hook,
        )  # fmt: skip
        self.control("trendyol", "seller", seller_id=SELLER, api_key=KEY, api_secret=SECRET)
        self.control("aras", "account", customer_code=CARRIER, username="flow", password="flow")
        self.connect("whatsapp", phone_number_id=ACCOUNT, waba_id=WABA, access_token=TOKEN)
        self.connect("trendyol", seller_id=SELLER, api_key=KEY, api_secret=SECRET)
        self.connect("aras", query_username="flow", query_password="flow", customer_code=CARRIER)
        self.settle()
        mail = self.house.config.data / "mail"
        owner = Owner(self.api, mail, email, self.clock.now, self.settle)
        owner.make_ready(owner.come_in())

    def connect(self, plugin: str, **settings: str) -> Any:
        return self.api("POST", f"/integrations/{plugin}/connect", {"settings": settings})

    def let_answer(self, *intents: str) -> None:
        for intent in intents:
            self.api("PUT", f"/ai/intents/{intent}", {"autonomous": True})

    def writes(self, text: str, phone: str = PHONE, **more: Any) -> str:
        """The customer writes; answers the vendor's id of the message."""
        told = self.control(
            "whatsapp", "customer_writes", phone_number_id=ACCOUNT, from_phone=phone,
            name="Defne Karasu", text=text, **more,
        )  # fmt: skip
        return str(told["wamid"])

    def order(self, **more: Any) -> Mapping[str, str]:
        """An order that is on its way with Aras, with two scans."""
        lines = [{"title": "Çelik Su Isıtıcı 1.7 L", "price": "1079.80"}]
        given = {"first_name": "Defne", "last_name": "Karasu", "status": "Shipped", "lines": lines}
        order = self.control("trendyol", "order", seller_id=SELLER, **{**given, **more})
        code = order["cargoTrackingNumber"]
        self.control("aras", "parcel", integration_code=code, receiver="Defne Karasu", state="4")
        self.control("aras", "scan", code=code, words="Dağıtıma çıkarıldı", place="KADIKÖY")
        return dict(order)

    def sent(self) -> list[Any]:
        """What reached customers."""
        return [m for m in self.control("whatsapp", "sent") if m["from"] == ACCOUNT]

    def conversation(self) -> Any:
        [one] = self.api("GET", "/inbox/conversations")["items"]
        return one

    def turns(self) -> list[Any]:
        """Newest first."""
        return list(self.api("GET", "/ai/turns")["items"])
