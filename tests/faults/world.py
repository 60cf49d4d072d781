"""Both sides of the house: the vendors' sandboxes, and the public REST API."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from entrypoints.coming_in import Owner
from plugins.whatsapp.sandbox.world import Account, change, seconds, signed
from ports.clock import Clock
from ports.sandbox import Delivery, Fault
from tests.faults.house import House, eventually
from tests.faults.post import Post

SECRET = secrets.token_hex(16)
VERIFY = secrets.token_hex(16)
TOKEN = "faults-access-token"
WEBHOOK = "/api/v1/integrations/whatsapp/webhook"


class Api:
    """A client of the public REST API."""

    def __init__(self, house: House, key: str) -> None:
        self._key = key
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=f"{house.url}/api/v1", headers=headers, timeout=30)

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        bearer: str | None = None,
        headers: Mapping[str, str] = {},
    ) -> Any:
        """As the key's owner, or as whoever `bearer` names."""
        told = {**headers, "Authorization": f"Bearer {bearer or self._key}"}
        answer = self._http.request(method, path, json=body, headers=told)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self._http.request(method, path, json=body)

    def close(self) -> None:
        self._http.close()

    def pages(self, path: str) -> Iterator[Mapping[str, Any]]:
        """Every item of a list."""
        cursor = ""
        while True:
            page = self("GET", f"{path}{'&' if '?' in path else '?'}limit=100{cursor}")
            yield from page["items"]
            if page["cursor"] is None:
                return
            cursor = f"&cursor={page['cursor']}"


class Vendors:
    """The sandboxes' own side."""

    def __init__(self, house: House) -> None:
        self._http = httpx.Client(base_url=house.sandbox, timeout=60)

    def close(self) -> None:
        self._http.close()

    def control(self, plugin: str, command: str, **arguments: Any) -> Any:
        answer = self._http.post(f"/_control/{plugin}/{command}", json=arguments)
        assert answer.status_code == 200, f"{plugin} {command}: {answer.text}"
        return answer.json()

    def disorder(self, *, duplicates: float, reorder: bool) -> None:
        """How WhatsApp's deliveries come from now on."""
        answer = self._http.post(
            "/_deliveries/whatsapp", json={"duplicates": duplicates, "reorder": reorder}
        )
        assert answer.is_success, answer.text

    def cut(self, fault: Fault, times: int) -> None:
        """Let the next sends by WhatsApp meet the fault, one each."""
        said = {"fault": fault, "times": times, "path": "/messages"}
        answer = self._http.post("/_faults/whatsapp", json=said)
        assert answer.is_success, answer.text

    def waiting(self) -> int:
        """Webhooks of WhatsApp that are not handed to the post yet."""
        return int(self._http.get("/_health").json()["whatsapp"]["waiting"])

    def sent(self) -> Sequence[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self.control("whatsapp", "sent")
        return found


def message(account: str, phone: str, text: str, url: str, clock: Clock) -> tuple[str, Delivery]:
    """A signed delivery of one message, to be posted by the test itself; and its id."""
    shop = Account(phone_number_id=account, app_secret=SECRET, callback_url=url)
    wamid = f"wamid.{secrets.token_hex(12)}"
    told = {
        "contacts": [{"wa_id": phone, "profile": {"name": "Doğrudan"}}],
        "messages": [
            {
                "from": phone,
                "id": wamid,
                "timestamp": seconds(clock.now()),
                "type": "text",
                "text": {"body": text},
            }
        ],
    }
    return wamid, signed(shop, change(shop, "messages", told))


@dataclass(frozen=True, slots=True)
class Shop:
    """A tenant with its connections."""

    api: Api
    account: str
    seller: str
    carrier: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A house with everything around it."""

    house: House
    vendors: Vendors
    post: Post
    shops: Sequence[Shop]

    @property
    def carried(self) -> bool:
        """Whether everything that WhatsApp owes us is taken."""
        return self.post.waiting == 0 and self.vendors.waiting() == 0


@contextmanager
def stage(house: House, shops: int) -> Iterator[Stage]:
    """The app-wide door of WhatsApp, and that many tenants behind it."""
    app = {"app_secret": SECRET, "verify_token": VERIFY}
    with ExitStack() as stack:
        post = stack.enter_context(Post(f"{house.url}{WEBHOOK}"))
        vendors = stack.enter_context(closing(Vendors(house)))
        operator = stack.enter_context(closing(Api(house, house.operator_key)))
        operator("POST", "/integrations/whatsapp/app", {"settings": app})
        opened = [_open_shop(house, vendors, post, operator, i) for i in range(shops)]
        for shop in opened:
            stack.callback(shop.api.close)
        eventually("the agents can read", house.reads, 90)
        yield Stage(house, vendors, post, opened)


def _open_shop(house: House, vendors: Vendors, post: Post, operator: Api, number: int) -> Shop:
    email = f"sahibi{number}@deneme.example"
    opened = {"name": f"Deneme Mağazası {number}", "owner": email}
    made = operator("POST", "/operator/tenants", opened)
    api = Api(house, made["api_key"]["secret"])
    owner = Owner(api, house.data / "mail", email, lambda: datetime.now(UTC))
    owner.make_ready(owner.come_in())
    account, seller, carrier = f"5501002003{number:05}", f"7{number:05}", f"10000000{number:05}"
    waba = f"5509008007{number:05}"
    vendors.control(
        "whatsapp",
        "account",
        phone_number_id=account,
        waba_id=waba,
        access_token=TOKEN,
        app_secret=SECRET,
        callback_url=post.url,
    )
    vendors.control("trendyol", "seller", seller_id=seller, api_key="key", api_secret="secret")
    login = {"username": "user", "password": "password"}
    vendors.control("aras", "account", customer_code=carrier, **login)
    settings: Mapping[str, Mapping[str, str]] = {
        "whatsapp": {"phone_number_id": account, "waba_id": waba, "access_token": TOKEN},
        "trendyol": {"seller_id": seller, "api_key": "key", "api_secret": "secret"},
        "aras": {
            "query_username": "user",
            "query_password": "password",
            "customer_code": carrier,
        },
    }
    for plugin, told in settings.items():
        api("POST", f"/integrations/{plugin}/connect", {"settings": told})
    for intent in api("GET", "/ai/intents")["items"]:
        api("PUT", f"/ai/intents/{intent['name']}", {"autonomous": True})
    return Shop(api, account, seller, carrier)
