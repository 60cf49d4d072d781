"""A delivery of Meta's as our events, in its order. Pure.

What a message cannot do without is its id, its sender and its time. Where one of these cannot be
read, the whole delivery is Unreadable: it is kept, a person is told, and it is read again when we
know better. Where they can be read, the message arrives, if need be as Unsupported, so that one odd
message does not hold back the good ones beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from plugins.whatsapp.content import to_content, to_referral
from plugins.whatsapp.reading import needed, said, to_identities
from plugins.whatsapp.refusals import WINDOW_CLOSED, explained
from ports.errors import ContractBroken
from ports.events import Event
from ports.families.channel import (
    ConsentChanged,
    DeliveryReported,
    DeliveryState,
    MessageEchoed,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Sender,
    SenderChanged,
)
from ports.values import IdempotencyKey
from ports.wild import Wild

OBJECT = "whatsapp_business_account"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A share of a delivery that is no event of ours."""

    reason: str


Finding = Event | Skipped


def findings(delivery: Wild, number: str | None) -> Iterator[Finding]:
    """Everything inside that concerns the phone number id; of all numbers where it is None.

    Raises ContractBroken for a shape that we do not know.
    """
    if delivery["object"].text() != OBJECT:
        raise ContractBroken(f"{delivery.path}.object is not {OBJECT}")
    for entry in delivery["entry"].each():
        for change in entry["changes"].each():
            yield from _change(change, number)


def number_of(change: Wild) -> str | None:
    """The phone number id that a change is about; None where it is about the whole account."""
    value = change["value"]
    metadata = value["metadata"] if isinstance(value.raw, dict) else Wild(None)
    if not metadata.present:
        return None
    return metadata["phone_number_id"].digits_or(None)


def _change(change: Wild, number: str | None) -> Iterator[Finding]:
    field = change["field"].text()
    read = _FIELDS.get(field)
    if read is None:
        yield Skipped(f"we do not follow {field}")
        return
    about = number_of(change)
    if number is not None and about is None:
        raise ContractBroken(f"{change.path}.value.metadata.phone_number_id is missing")
    if number is not None and about != number:
        yield Skipped("it is for another phone number")
        return
    yield from read(change["value"])


def _messages(value: Wild) -> Iterator[Finding]:
    people = _people(value)
    for message in value["messages"].each_or_none():
        yield _message(message, people)
    for status in value["statuses"].each_or_none():
        yield _status(status)
    for error in value["errors"].each_or_none():
        yield Skipped(f"WhatsApp reports an error: {explained(error)}")


def _message(message: Wild, people: list[Wild]) -> Finding:
    kind = said(message, "type") or ""
    if said(message, "group_id"):
        return Skipped("groups are not served")
    if kind == "system":
        return _system(message)
    sender = _sender(said(message, "from"), said(message, "from_user_id"), people)
    received = MessageReceived(
        id=needed(message["id"]),
        sender=sender,
        sent_at=message["timestamp"].epoch_seconds(),
        content=to_content(message),
        reply_to=said(message, "context", "id"),
        referral=to_referral(message),
    )
    return _change_of_mind(kind, message, received) or received


def _change_of_mind(kind: str, message: Wild, received: MessageReceived) -> Event | None:
    """The person edited or deleted an earlier message; None where we cannot tell which."""
    original = said(message, kind, "original_message_id")
    if original and kind == "edit":
        content = to_content(message["edit"]["message"])
        return MessageEdited(original, received.sent_at, content)
    if original and kind == "revoke":
        return MessageRevoked(original, received.sent_at)
    return None


def _system(message: Wild) -> Finding:
    """WhatsApp speaks about a person; such a change lists no contacts."""
    system = message["system"]
    kind = system["type"].text()
    if kind not in ("user_changed_number", "user_changed_user_id"):
        return Skipped(f"we do not follow the system message {kind}")
    before = to_identities(said(system, "previous_user_id"), said(message, "from"))
    after = to_identities(said(system, "user_id"), said(system, "wa_id"))
    if not (before and after):
        raise ContractBroken(f"{system.path} does not say who became whom")
    return SenderChanged(before, after, message["timestamp"].epoch_seconds())


_STATES = {
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "played": DeliveryState.READ,
    "failed": DeliveryState.FAILED,
}


def _status(status: Wild) -> Finding:
    word = status["status"].text()
    if word not in _STATES:
        return Skipped(f"we do not follow the status {word}")
    key = said(status, "biz_opaque_callback_data")
    error = next(status["errors"].each_or_none(), None)
    code = error["code"].digits_or(None) if error is not None else None
    return DeliveryReported(
        message_id=needed(status["id"]),
        state=_STATES[word],
        at=status["timestamp"].epoch_seconds(),
        key=IdempotencyKey(key) if key else None,
        reason=explained(error) if error is not None else None,
        vendor_code=code,
        window_closed=code == str(WINDOW_CLOSED),
    )


_MARKETING = {"stop": False, "resume": True, "signup": True}


def _preferences(value: Wild) -> Iterator[Finding]:
    people = _people(value)
    for preference in value["user_preferences"].each():
        word = preference["value"].text()
        about = said(preference, "category") or "marketing_messages"
        if about != "marketing_messages" or word not in _MARKETING:
            yield Skipped(f"we do not follow the preference {about}: {word}")
            continue
        sender = _sender(said(preference, "wa_id"), said(preference, "user_id"), people)
        at = preference["timestamp"].epoch_seconds()
        yield ConsentChanged(sender, _MARKETING[word], at)


def _echoes(value: Wild) -> Iterator[Finding]:
    """What the owner typed into the phone app of a number that the app and the API share."""
    people = _people(value)
    for echo in value["message_echoes"].each():
        recipient = _sender(said(echo, "to"), said(echo, "to_user_id"), people)
        at = echo["timestamp"].epoch_seconds()
        yield MessageEchoed(needed(echo["id"]), recipient, at, to_content(echo))


_FIELDS: dict[str, Callable[[Wild], Iterator[Finding]]] = {
    "messages": _messages,
    "user_preferences": _preferences,
    "smb_message_echoes": _echoes,
}


def _people(value: Wild) -> list[Wild]:
    return list(value["contacts"].each_or_none())


def _sender(phone: str | None, user_id: str | None, people: list[Wild]) -> Sender:
    """The person, completed by the contact that belongs to them."""
    contact = _contact(phone, user_id, people) or Wild(None)
    identities = to_identities(user_id or said(contact, "user_id"), phone or said(contact, "wa_id"))
    if not identities:
        raise ContractBroken("a person has neither a phone nor a user id")
    return Sender(identities, said(contact, "profile", "name"))


def _contact(phone: str | None, user_id: str | None, people: list[Wild]) -> Wild | None:
    """The contact that shares an identity, or the only one there is; never one that differs."""
    fitting = [
        person
        for person in people
        if _agree(phone, said(person, "wa_id")) and _agree(user_id, said(person, "user_id"))
    ]
    for person in fitting:
        if (phone and phone == said(person, "wa_id")) or (
            user_id and user_id == said(person, "user_id")
        ):
            return person
    return fitting[0] if fitting and len(people) == 1 else None


def _agree(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other
