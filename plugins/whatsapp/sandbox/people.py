"""Commands that are people: they write, stop marketing, change numbers; the owner writes too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from plugins.whatsapp.sandbox.world import (
    Account,
    Command,
    Person,
    World,
    change,
    seconds,
    signed,
    user_id_of,
)
from ports.sandbox import Deliveries


class People:
    def __init__(self, world: World, deliveries: Deliveries) -> None:
        self._world = world
        self._deliveries = deliveries

    def commands(self) -> dict[str, Command]:
        return {
            "customer_writes": self._customer_writes,
            "customer_prefers": self._customer_prefers,
            "customer_changes_number": self._customer_changes_number,
            "owner_writes": self._owner_writes,
        }

    def _customer_writes(
        self,
        *,
        phone_number_id: str | None = None,
        from_phone: str | None = None,
        user_id: str | None = None,
        name: str | None = None,
        text: str | None = None,
        message: Mapping[str, Any] | None = None,
        id: str | None = None,
        at: datetime | str | None = None,
    ) -> dict[str, str]:
        """A person writes, and the window opens; without from_phone they hide their phone."""
        if (text is None) == (message is None):
            raise ValueError("customer_writes: say text or message")
        account = self._world.account(phone_number_id)
        person = self._world.person(from_phone, user_id, name)
        wamid, moment = id or self._world.mint(account.phone_number_id), self._moment(at)
        self._world.hear(account, person, wamid, moment)
        hidden = from_phone is None
        said = message or {"type": "text", "text": {"body": text}}
        whole = {**_from(person, hidden=hidden), "id": wamid, "timestamp": seconds(moment), **said}
        contact = _contact(person, hidden=hidden)
        self._owe(account, "messages", {"contacts": [contact], "messages": [whole]})
        return {"wamid": wamid, "user_id": person.user_id}

    def _customer_prefers(
        self, *, from_phone: str, value: str, phone_number_id: str | None = None
    ) -> dict[str, str]:
        """The person stops or resumes marketing in WhatsApp's own menu."""
        account = self._world.account(phone_number_id)
        person = self._world.person(from_phone, None)
        wanted = value in ("resume", "signup")
        number = account.phone_number_id
        (person.stopped.discard if wanted else person.stopped.add)(number)
        preference = {
            "wa_id": person.phone,
            "category": "marketing_messages",
            "detail": f"The person chose {value}",
            "value": value,
            "timestamp": int(self._world.clock.now().timestamp()),
        }
        told = {"contacts": [_contact(person)], "user_preferences": [preference]}
        self._owe(account, "user_preferences", told)
        return {"user_id": person.user_id}

    def _customer_changes_number(
        self, *, from_phone: str, to_phone: str, phone_number_id: str | None = None
    ) -> dict[str, str]:
        """A new phone brings a new user id; such a webhook lists no contacts."""
        account = self._world.account(phone_number_id)
        person = self._world.person(from_phone, None)
        old_phone, old_id = person.phone or "", person.user_id
        person.phone = to_phone.lstrip("+")
        person.user_id = user_id_of(person.phone)
        system = {
            "type": "user_changed_number",
            "body": f"{person.name} changed from {old_phone} to {person.phone}",
            "wa_id": person.phone,
            "user_id": person.user_id,
            "previous_user_id": old_id,
        }
        wamid = self._world.mint(account.phone_number_id)
        told = {"from": old_phone, "id": wamid, "timestamp": seconds(self._world.clock.now()),
                "type": "system", "system": system}  # fmt: skip
        self._owe(account, "messages", {"messages": [told]})
        return {"wamid": wamid, "user_id": person.user_id}

    def _owner_writes(
        self, *, to_phone: str, text: str, phone_number_id: str | None = None
    ) -> dict[str, str]:
        """The owner types into the phone app that shares the number; no window opens."""
        account = self._world.account(phone_number_id)
        person = self._world.person(to_phone, None)
        wamid = self._world.mint(account.phone_number_id)
        echo = {
            "from": "".join(c for c in account.display if c.isdigit()),
            "to": person.phone,
            "id": wamid,
            "timestamp": seconds(self._world.clock.now()),
            "type": "text",
            "text": {"body": text},
        }
        self._owe(account, "smb_message_echoes", {"message_echoes": [echo]})
        return {"wamid": wamid}

    def _moment(self, at: datetime | str | None) -> datetime:
        """Now, or the moment given; ISO 8601 without a zone is UTC."""
        if at is None:
            return self._world.clock.now()
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _owe(self, account: Account, field: str, value: Mapping[str, Any]) -> None:
        self._deliveries.add(signed(account, change(account, field, value)))


def _from(person: Person, *, hidden: bool) -> dict[str, str]:
    shown = {"from_user_id": person.user_id}
    return shown if hidden else {"from": person.phone or "", **shown}


def _contact(person: Person, *, hidden: bool = False) -> dict[str, Any]:
    """A contact names what the person shows: the profile and the phone may be missing."""
    contact: dict[str, Any] = {"user_id": person.user_id}
    if person.name:
        contact["profile"] = {"name": person.name}
    if person.phone and not hidden:
        contact["wa_id"] = person.phone
    return contact
