"""One person is one contact, and is found as hurried people type."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.conversations.contacts import Known
from core.conversations.conversation import ConversationFilter
from core.conversations.hear import Hear
from ports.families.channel import Identity, IdentityKind, MessageReceived, Sender, Text

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def phone(number: int = 1) -> Known:
    return Known("*", "phone", f"+90532111{number:04}")


@dataclass
class Stopped:
    def now(self) -> datetime:
        return NOW


def test_fifty_first_messages_at_once_make_one_contact_and_one_conversation(
    seller: Any, together: Any
) -> None:
    person = (Identity(IdentityKind.PHONE, "+905321110001"), Identity(IdentityKind.VENDOR, "wa-1"))
    hear = Hear(Stopped(), uuid4)

    def heard(number: int) -> None:
        sender = Sender(person[:: 1 if number % 2 else -1], "Ayşe")
        event = MessageReceived(f"wamid.{number}", sender, NOW, Text(str(number)))
        with seller.works(seller.tenant) as work:
            connection = work.installations.get(seller.channel)
            assert hear(event, connection, work, None)
            work.commit()

    together(50, heard)
    with seller.works(seller.tenant) as work:
        [contact] = work.contacts.list(query=None, cursor=None, limit=9).items
        [thread] = work.conversations.list(ConversationFilter(), cursor=None, limit=9).items
        assert (thread.contact_id, thread.unread) == (contact.id, 50)
        assert len(work.messages.list(thread.id, cursor=None, limit=99).items) == 50
        assert len(work.contacts.identities(contact.id)) == 2


def test_an_identity_is_the_last_ones_it_was_bound_to(seller: Any) -> None:
    first, second = seller.contact(phone()), seller.contact()
    with seller.works(seller.tenant) as work:
        work.contacts.bind(phone(), second, NOW)
        assert work.contacts.find([phone(), phone(2)]) == {phone(): second}
        assert work.contacts.identities(first) == []
        work.contacts.unbind(phone())
        work.contacts.unbind(phone())
        assert work.contacts.find([phone()]) == {}


def test_an_odd_identity_is_found_as_it_was_asked_for(seller: Any) -> None:
    odd = Known("*", "vendor", "a\x00b")
    contact = seller.contact(odd)
    with seller.works(seller.tenant) as work:
        assert work.contacts.find([odd]) == {odd: contact}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ibrahim", True),
        ("İBRAHİM", True),
        ("ibrahım ö", True),
        ("OZTURK", True),
        ("0532 111 00 01", True),
        ("(532) 111", True),
        ("wa-77", True),
        ("   ", True),
        ("%", False),
        ("_", False),
        ("\\", False),
        ("mehmet", False),
        ("5329", False),
    ],
)
def test_contacts_are_found_as_hurried_people_type(seller: Any, query: str, found: bool) -> None:
    contact = seller.contact(phone(), Known("x", "vendor", "wa-77"), name="İbrahim  Öztürk")
    with seller.works(seller.tenant) as work:
        items = work.contacts.list(query=query, cursor=None, limit=9).items
    assert [item.id for item in items] == ([contact] if found else [])


def test_contacts_are_listed_last_updated_first_without_merged_ones(
    seller: Any, pages: Any
) -> None:
    ids = [seller.contact(at=NOW + n // 2 * MINUTE) for n in range(7)]
    gone = seller.contact()
    with seller.works(seller.tenant) as work:
        work.contacts.save(replace(work.contacts.get(gone), merged_into=ids[0]))
        work.commit()
    with seller.works(seller.tenant) as work:
        listed = pages(lambda c: work.contacts.list(query=None, cursor=c, limit=3))
    assert {c.id for c in listed} == set(ids)
    assert listed == sorted(listed, key=lambda c: (c.updated_at, c.id), reverse=True)
