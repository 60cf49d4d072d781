"""The demo: the main job, shown as it happens, through the public REST API alone.

A customer asks for a parcel on WhatsApp; the agent asks for proof, finds the order at Trendyol and
the parcel at Aras, and answers from that evidence. The vendors are their sandboxes; everything else
is the house as it runs in production.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from entrypoints.coming_in import Owner
from entrypoints.processes import Running

T = TypeVar("T")
PATIENCE = 60.0
PHONE, NAME = "+905321112233", "Defne Karasu"
ASKS = ("order_status", "shipment_tracking", "shipment_delay", "greeting")
"""Intents that the demo's tenant lets the agent answer alone."""


class DemoFailed(Exception):
    """Something did not happen in time; the message says what."""


def show(running: Running) -> None:
    """Play the whole story and print it; DemoFailed when the answer does not arrive."""
    with httpx.Client(timeout=30.0) as http:
        vendors = _Vendors(http, running.sandbox or "")
        order = vendors.set_the_scene(f"{running.url}/api/v1/integrations/whatsapp/webhook")
        _say("A demo tenant is made and connects WhatsApp, Trendyol and Aras by the REST API")
        tenant = _Api.open_tenant(http, running, vendors)
        began = time.monotonic()
        vendors.customer_writes("Merhaba, kargom nerede acaba?")
        _Story(tenant, vendors, began).tell(order)


def _say(line: str) -> None:
    print(f"          {line}", flush=True)  # noqa: T201  the demo is what it prints


class _Vendors:
    """The sandboxes' side: what happens at the vendors by itself."""

    def __init__(self, http: httpx.Client, url: str) -> None:
        self._http, self._url = http, url
        self.account = str(secrets.randbelow(9 * 10**14) + 10**14)
        self.waba = str(secrets.randbelow(9 * 10**14) + 10**14)
        self.seller = str(secrets.randbelow(9 * 10**5) + 10**5)
        self.carrier = str(secrets.randbelow(9 * 10**12) + 10**12)
        self.secret = secrets.token_hex(16)
        self.verify = secrets.token_hex(16)

    def control(self, plugin: str, command: str, **arguments: Any) -> Any:
        answer = self._http.post(f"{self._url}/_control/{plugin}/{command}", json=arguments)
        if answer.status_code != 200:
            raise DemoFailed(f"the sandbox of {plugin} refused {command}: {answer.text}")
        return answer.json()

    def set_the_scene(self, hook: str) -> Mapping[str, Any]:
        """Accounts at three vendors, an order, and its parcel half way."""
        self.control(
            "whatsapp",
            "account",
            phone_number_id=self.account,
            access_token="demo-access-token",  # noqa: S106  of a sandbox
            waba_id=self.waba,
            app_secret=self.secret,
            callback_url=hook,
            display="+90 850 222 01 01",
        )
        keys = {"api_key": "demo-key", "api_secret": "demo-secret"}
        self.control("trendyol", "seller", seller_id=self.seller, **keys)
        login = {"username": "demo", "password": "demo-password"}
        self.control("aras", "account", customer_code=self.carrier, **login)
        first, last = NAME.split()
        order: Mapping[str, Any] = self.control(
            "trendyol",
            "order",
            seller_id=self.seller,
            first_name=first,
            last_name=last,
            status="Shipped",
            lines=[{"title": "Çelik Su Isıtıcı 1.7 L", "price": "1079.80"}],
        )
        self._ship(order["cargoTrackingNumber"])
        return order

    def _ship(self, code: str) -> None:
        self.control("aras", "parcel", integration_code=code, receiver=NAME, state="4")
        self.control("aras", "scan", code=code, words="Şubede araç yükleme", place="İKİTELLİ")
        self.control("aras", "scan", code=code, words="Dağıtıma çıkarıldı", place="KADIKÖY")

    def customer_writes(self, text: str) -> None:
        """The customer writes; the sandbox posts the signed webhook as Meta would."""
        self.control(
            "whatsapp",
            "customer_writes",
            phone_number_id=self.account,
            from_phone=PHONE,
            name=NAME,
            text=text,
        )

    def arrived(self) -> list[Mapping[str, Any]]:
        """What reached the customer's phone."""
        sent: list[Mapping[str, Any]] = self.control("whatsapp", "sent")
        return [m for m in sent if m["from"] == self.account]


class _Api:
    """A client of the public REST API."""

    def __init__(self, http: httpx.Client, url: str, key: str) -> None:
        self._http, self._url, self._key = http, f"{url}/api/v1", key

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        bearer: str | None = None,
        headers: Mapping[str, str] = {},
    ) -> Any:
        """As the key's owner, or as whoever the `bearer` token names."""
        told = {**headers, "Authorization": f"Bearer {bearer or self._key}"}
        answer = self._http.request(method, f"{self._url}{path}", json=body, headers=told)
        if answer.is_error:
            raise DemoFailed(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    @classmethod
    def open_tenant(cls, http: httpx.Client, running: Running, vendors: _Vendors) -> _Api:
        """A tenant with its three connections and the agent switched on for a few intents."""
        operator = cls(http, running.url, running.operator_key)
        app = {"app_secret": vendors.secret, "verify_token": vendors.verify}
        operator.open_app(app)
        email = f"ayse-{vendors.seller}@demo.example"
        made = operator("POST", "/operator/tenants", {"name": "Demo Mağaza", "owner": email})
        tenant = cls(http, running.url, made["api_key"]["secret"])
        tenant.connect(
            "whatsapp",
            phone_number_id=vendors.account,
            waba_id=vendors.waba,
            access_token="demo-access-token",  # noqa: S106  of a sandbox
        )
        tenant.connect(
            "trendyol",
            seller_id=vendors.seller,
            api_key="demo-key",
            api_secret="demo-secret",  # noqa: S106  of a sandbox
        )
        tenant.connect(
            "aras",
            query_username="demo",
            query_password="demo-password",  # noqa: S106  of a sandbox
            customer_code=vendors.carrier,
        )
        owner = Owner(tenant, running.data / "mail", email, lambda: datetime.now(UTC))
        token = owner.come_in()
        _say(f"✓ {email}: invited by letter, signed in with a password and a second factor")
        owner.make_ready(token)
        for intent in ASKS:
            tenant("PUT", f"/ai/intents/{intent}", {"autonomous": True}, bearer=token)
        _say("✓ The agent may answer alone: sign-in policy, audit and guards are in force")
        return tenant

    def connect(self, plugin: str, **settings: str) -> None:
        made = self("POST", f"/integrations/{plugin}/connect", {"settings": settings})
        _say(f"✓ {plugin}: connected as {made['account']['name']}")

    def open_app(self, settings: Mapping[str, str]) -> None:
        """Open the app-wide door of WhatsApp, or give it this demo's secret when it is open."""
        installed = self("GET", "/integrations/installations")["items"]
        door = next((i for i in installed if i["plugin"] == "whatsapp"), None)
        if door is None:
            self("POST", "/integrations/whatsapp/app", {"settings": settings})
        else:
            path = f"/integrations/installations/{door['id']}"
            version = {"If-Match": f'"{door["version"]}"'}
            self("PUT", path, {"settings": settings}, headers=version)


class _Story:
    """The conversation as it happens."""

    def __init__(self, api: _Api, vendors: _Vendors, began: float) -> None:
        self._api, self._vendors, self._began = api, vendors, began
        self._seen: set[str] = set()

    def tell(self, order: Mapping[str, Any]) -> None:
        conversation = self._wait("the conversation", self._conversation)
        asked = self._turn(conversation, "asked")
        self._print_turn(asked)
        total = str(order["packageTotalPrice"]).replace(".", ",")
        proven = time.monotonic()
        self._vendors.customer_writes(f"{order['orderNumber']}, {total} TL ödedim")
        answered = self._turn(conversation, "answered")
        self._print_turn(answered)
        self._wait("the answer at the customer's phone", lambda: self._arrived(answered))
        answered_at = time.monotonic()
        ticks = self._wait("the read receipt", lambda: self._ticks(conversation))
        _say(f"Delivery: {ticks}")
        _say(
            f"The answer reached the phone {answered_at - proven:.1f} s after the proof and"
            f" {answered_at - self._began:.1f} s after the first question."
        )

    def _conversation(self) -> str | None:
        items = self._api("GET", "/inbox/conversations")["items"]
        return items[0]["id"] if items else None

    def _turn(self, conversation: str, outcome: str) -> Mapping[str, Any]:
        def look() -> Mapping[str, Any] | None:
            turns = self._api("GET", f"/ai/turns?conversation_id={conversation}")["items"]
            fresh = [t for t in turns if t["id"] not in self._seen]
            if not fresh:
                return None
            turn: Mapping[str, Any] = self._api("GET", f"/ai/turns/{fresh[0]['id']}")
            if turn["outcome"] != outcome:
                raise DemoFailed(f"the turn {turn['outcome']} instead of {outcome}: {turn}")
            return turn

        turn = self._wait(f"a turn that {outcome}", look)
        self._seen.add(turn["id"])
        return turn

    def _print_turn(self, turn: Mapping[str, Any]) -> None:
        record = turn["record"]
        for message in self._api("GET", f"/inbox/conversations/{turn['conversation_id']}/messages")[
            "items"
        ]:
            if message["id"] in record["messages"]:
                _say(f"Customer   {message['text']}")
        plan = record["plan"]
        _say(f"Decided    {plan['way']}: {', '.join(plan['intents'])} ({plan['reason']})")
        for call in record["tools"]:
            _say(
                f"Tool       {call['vendor']}.{call['name']}({_short(call['arguments'])})"
                f" → {call['answer']} in {call['millis']} ms"
            )
        for fact in record["evidence"]:
            _say(f"Evidence   {fact['id']}: {fact['source']} = {fact['value']}")
        for sentence in record["sentences"]:
            cites = f"  [{', '.join(sentence['evidence'])}]" if sentence["evidence"] else ""
            _say(f"Agent      {sentence['text']}{cites}")

    def _arrived(self, turn: Mapping[str, Any]) -> bool:
        return any(m["text"] == turn["record"]["text"] for m in self._vendors.arrived())

    def _ticks(self, conversation: str) -> str | None:
        messages = self._api("GET", f"/inbox/conversations/{conversation}/messages")["items"]
        ours = [m["state"] for m in messages if m["direction"] == "out"]
        return " · ".join(ours) if ours and all(s == "read" for s in ours) else None

    def _wait(self, what: str, look: Callable[[], T | None]) -> T:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = look()
            if found:
                return found
            time.sleep(0.1)
        raise DemoFailed(f"{what} did not come within {PATIENCE:.0f} s")


def _short(arguments: Mapping[str, str]) -> str:
    return ", ".join(arguments.values())
