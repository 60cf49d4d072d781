"""What Meta's side knows in the sandbox: accounts, people, templates, files, accepted messages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ports.clock import Clock
from ports.sandbox import Delivery

Command = Callable[..., Any]

WINDOW = timedelta(hours=24)
ADDRESS_LIVES = timedelta(minutes=5)
FILE_LIVES = timedelta(days=7)
MEDIA_HOST = "lookaside.fbsbx.com"


class Refused(Exception):
    """The sandbox answers with this Graph error."""

    def __init__(self, code: int, details: str, status: int = 400) -> None:
        super().__init__(details)
        self.code = code
        self.details = details
        self.status = status


@dataclass(slots=True)
class Account:
    phone_number_id: str = "550100200300401"
    access_token: str = "sandbox-access-token"  # noqa: S105 - opens nothing
    waba_id: str = "550900800700601"
    app_secret: str = "sandbox-app-secret"  # noqa: S105 - opens nothing
    callback_url: str = "http://127.0.0.1:8000/api/v1/integrations/whatsapp/webhook"
    display: str = "+90 850 555 01 01"
    name: str = "Deneme Mağazası"


@dataclass(slots=True)
class Person:
    user_id: str
    phone: str | None = None
    name: str | None = None
    wrote_at: dict[str, datetime] = field(default_factory=dict)
    """The last message to each phone number id: it opens the window."""
    stopped: set[str] = field(default_factory=set)
    """Phone number ids whose marketing they do not want."""
    sent_at: dict[str, list[datetime]] = field(default_factory=dict)
    """Our messages from each phone number id, for the pair rate."""


@dataclass(slots=True)
class Template:
    name: str
    language: str
    body: str
    category: str = "UTILITY"
    status: str = "APPROVED"
    parameter_format: str = "POSITIONAL"
    header: str | None = None
    """`IMAGE` and the like where the header wants a file."""

    def shown(self) -> dict[str, Any]:
        header = {"type": "HEADER", "format": self.header}
        parts = [{"type": "BODY", "text": self.body}, {"type": "FOOTER", "text": "Invekto"}]
        return {
            "id": str(int(_digest(self.name, self.language)[:12], 16)),
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "parameter_format": self.parameter_format,
            "components": [header, *parts] if self.header else parts,
        }


@dataclass(slots=True)
class File:
    data: bytes
    mime: str
    stored_at: datetime


@dataclass(slots=True)
class Sent:
    id: str
    account: Account
    person: Person
    to: str
    by_phone: bool
    kind: str
    text: str
    key: str | None
    at: datetime
    fate: int | None
    """The error code that it will fail with; None when it arrives."""


def _templates() -> list[Template]:
    return [
        Template("siparis_kargoda", "tr", "Merhaba {{1}}, {{2}} numaralı siparişiniz yola çıktı."),
        Template("order_shipped", "en", "Hello {{1}}, your order {{2}} is on its way."),
        Template("sohbete_devam", "tr", "Size yardımcı olmak için buradayız. Devam edelim mi?"),
        Template("hafta_sonu", "tr", "{{1}}, hafta sonuna özel indirim başladı.", "MARKETING"),
        Template("bekleyen_kayit", "tr", "Merhaba {{1}}.", status="PENDING"),
        Template("isimli_kayit", "tr", "Merhaba {{ad}}.", parameter_format="NAMED"),
        Template("resimli_kayit", "tr", "Yeni sezon geldi.", header="IMAGE"),
    ]


@dataclass(slots=True)
class World:
    clock: Clock
    accounts: dict[str, Account] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    templates: list[Template] = field(default_factory=_templates)
    files: dict[str, File] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    received: set[str] = field(default_factory=set)
    marked_read: list[str] = field(default_factory=list)
    stale_addresses: int = 0
    """So many media addresses, from the next one on, are born dead."""
    failures: deque[int] = field(default_factory=deque)
    """Codes with which the next accepted messages fail."""
    refuses_at_once: bool = False
    """A closed window is refused in the answer, not by a later `failed`."""
    _born: str = ""
    _minted: int = 0

    def __post_init__(self) -> None:
        first = Account()
        self.accounts[first.phone_number_id] = first
        self._born = self.clock.now().isoformat()

    def account(self, phone_number_id: str | None) -> Account:
        """The named account, or the first one; an unknown name is a ValueError."""
        if phone_number_id is None:
            return next(iter(self.accounts.values()))
        if phone_number_id not in self.accounts:
            raise ValueError(f"there is no phone_number_id {phone_number_id}")
        return self.accounts[phone_number_id]

    def mint(self, number: str) -> str:
        """A message id: the same story on the same clock mints the same ids."""
        self._minted += 1
        digest = bytes.fromhex(_digest(self._born, number, str(self._minted)))
        return f"wamid.{base64.b64encode(digest[:27]).decode()}"

    def person(self, phone: str | None, user_id: str | None, name: str | None = None) -> Person:
        """Whoever has one of the identities, completed by the other; a stranger is made up."""
        phone = phone.lstrip("+") if phone else None
        if not (phone or user_id):
            raise ValueError("a person needs from_phone or user_id")
        found = self.known(phone, user_id)
        if found is None:
            found = Person(user_id or user_id_of(phone or ""), phone)
            self.people.append(found)
        found.phone = found.phone or phone
        found.user_id = user_id or found.user_id
        found.name = name or found.name
        return found

    def known(self, phone: str | None, user_id: str | None) -> Person | None:
        for person in self.people:
            if (user_id and person.user_id == user_id) or (phone and person.phone == phone):
                return person
        return None

    def store(self, data: bytes, mime: str) -> str:
        media_id = str(1_400_000_000_000_000 + len(self.files) + 1)
        self.files[media_id] = File(data, mime, self.clock.now())
        return media_id

    def hear(self, account: Account, person: Person, wamid: str, at: datetime) -> None:
        """A person wrote: their window opens, and a late message does not shorten it."""
        number = account.phone_number_id
        self.received.add(wamid)
        person.wrote_at[number] = max(at, person.wrote_at.get(number, at))

    def window_open(self, account: Account, person: Person) -> bool:
        wrote_at = person.wrote_at.get(account.phone_number_id)
        return wrote_at is not None and self.clock.now() - wrote_at < WINDOW

    def address_of(self, media_id: str) -> str:
        """A media address that says itself when it dies; a changed one is not Meta's."""
        dies = self.clock.now() + ADDRESS_LIVES
        if self.stale_addresses > 0:
            self.stale_addresses -= 1
            dies = self.clock.now()
        ext = str(int(dies.timestamp()))
        query = f"mid={media_id}&ext={ext}&hash={_digest(media_id, ext)[:16]}"
        return f"https://{MEDIA_HOST}/whatsapp_business/attachments/?{query}"

    def file_at(self, query: Mapping[str, str]) -> File | None:
        media_id, ext = query.get("mid", ""), query.get("ext", "")
        genuine = query.get("hash") == _digest(media_id, ext)[:16]
        if not genuine or int(ext) <= self.clock.now().timestamp():
            return None
        return self.files.get(media_id)


def user_id_of(phone: str) -> str:
    """The business-scoped user id of a phone; made up, but always the same."""
    country = "TR" if phone.startswith("90") else "US"
    return f"{country}.{int(_digest(phone)[:14], 16)}"


def seconds(moment: datetime) -> str:
    """Moments of messages and statuses are unix seconds as text."""
    return str(int(moment.timestamp()))


def change(account: Account, field_name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """A delivery's envelope around one change."""
    metadata = {
        "display_phone_number": "".join(c for c in account.display if c.isdigit()),
        "phone_number_id": account.phone_number_id,
    }
    whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    changes = [{"field": field_name, "value": whole}]
    entry = {"id": account.waba_id, "changes": changes}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def signed(account: Account, payload: Mapping[str, Any]) -> Delivery:
    """Written and signed as Meta does: ASCII, with `\\/` and `\\u0040`."""
    body = _escaped(json.dumps(payload, separators=(",", ":"))).encode()
    digest = hmac.new(account.app_secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"}
    return Delivery(account.callback_url, headers, body)


def _escaped(text: str) -> str:
    return text.replace("/", "\\/").replace("@", "\\u0040")


def _digest(*words: str) -> str:
    return hashlib.sha256("|".join(words).encode()).hexdigest()
