"""Whose message it is: one contact a person, joined and parted without loss."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest

from core.conversations.contacts import EVERYWHERE, Known
from core.conversations.people import MergeContacts, address, merge, unmerge
from core.shared.errors import Conflict, Invalid, NotFound
from ports.families.channel import Identity, IdentityKind, SenderChanged
from tests.core.fakes import samples
from tests.core.fakes.house import PERSON, PHONE, House, phone, vendor_id
from tests.core.fakes.world import NOW, TENANT, Tables

OLD, NEW = Identity(IdentityKind.PHONE, PHONE), Identity(IdentityKind.PHONE, "+905559876543")


def standing(house: House) -> list[str]:
    return [c.name for c in house.tables.contacts.values() if c.merged_into is None]


def test_a_phone_is_the_same_person_on_every_channel(house: House) -> None:
    other = house.install("talk", account_id="talk-2")
    house.says("bir")
    house.heard(house.says("iki"), on=other)
    assert len(house.tables.contacts) == 1
    assert len(house.tables.conversations) == 2


def test_a_vendors_id_is_a_person_on_its_own_connection_only(house: House) -> None:
    other = house.install("talk", account_id="talk-2")
    house.says("bir", vendor_id("u1", name="Ece"))
    house.heard(house.says("iki", vendor_id("u1", name="Ece")), on=other)
    assert len(house.tables.contacts) == 2


def test_a_name_is_learned_once_and_never_overwritten(house: House) -> None:
    for name in (None, "Ali", "Veli"):
        house.says("x", phone(name=name))
    assert standing(house) == ["Ali"]


def test_a_name_is_kept_short_and_without_characters_no_database_takes(house: House) -> None:
    house.says("x", phone(name="A\x00" + "b" * 500))
    [name] = standing(house)
    assert name == "A" + "b" * 199


@pytest.fixture
def two(house: House) -> House:
    """Two contacts, each with an open conversation, an order and a proof of it."""
    house.says("bir", phone(name="Ali"))
    house.says("iki", vendor_id("u1", name="Ece"))
    with house.world(TENANT) as work:
        for contact, number in zip(house.tables.contacts, ("1000001", "1000002"), strict=True):
            work.orders.upsert(house.market.id, samples.order(number=number), contact, NOW)
            work.gate.add_proof(contact, house.market.id, number, "number and total", NOW)
        work.commit()
    return house


def test_identities_that_a_channel_joins_join_their_contacts(two: House) -> None:
    two.says("üç", vendor_id("u1", PHONE))
    assert standing(two) == ["Ali"], "the older one is kept"
    kept = next(iter(two.tables.contacts))
    assert set(two.tables.identities.values()) == {kept}
    assert two.audited() == ["contact.merged"]
    assert two.tables.proofs == {
        (kept, two.market.id, "1000001"),
        (kept, two.market.id, "1000002"),
    }
    assert [m.text for m in two.messages] == ["bir", "iki", "üç"]
    assert len({m.conversation_id for m in two.messages}) == 1


def test_taking_a_merge_back_restores_everything(two: House) -> None:
    before = two.tables
    ali, ece = two.tables.contacts
    id = two.ids()
    merge(id, MergeContacts(ali, ece, "same"), PERSON, works=two.world, now=NOW)
    assert standing(two) == ["Ali"]
    unmerge(id, PERSON, works=two.world, now=before.contacts[ece].updated_at)
    for shelf in (f.name for f in fields(Tables) if f.name not in ("audit", "merges")):
        assert getattr(two.tables, shelf) == getattr(before, shelf), shelf
    assert two.audited() == ["contact.merged", "contact.unmerged"]


def test_a_merge_is_taken_back_once(two: House) -> None:
    ali, ece = two.tables.contacts
    id = two.ids()
    merge(id, MergeContacts(ali, ece), PERSON, works=two.world, now=NOW)
    unmerge(id, PERSON, works=two.world, now=NOW)
    with pytest.raises(Conflict):
        unmerge(id, PERSON, works=two.world, now=NOW)
    with pytest.raises(NotFound):
        unmerge(two.ids(), PERSON, works=two.world, now=NOW)


def test_nobody_is_merged_with_themselves_or_with_nobody_or_twice(two: House) -> None:
    ali, ece = two.tables.contacts
    with pytest.raises(Invalid):
        merge(two.ids(), MergeContacts(ali, ali), PERSON, works=two.world, now=NOW)
    with pytest.raises(NotFound):
        merge(two.ids(), MergeContacts(ali, two.ids()), PERSON, works=two.world, now=NOW)
    merge(two.ids(), MergeContacts(ali, ece), PERSON, works=two.world, now=NOW)
    with pytest.raises(NotFound):
        merge(two.ids(), MergeContacts(ali, ece), PERSON, works=two.world, now=NOW)


# --- new numbers ------------------------------------------------------------------------------


def test_a_new_number_reaches_the_same_contact_and_the_old_one_is_let_go(house: House) -> None:
    house.says("bir")
    house.heard(SenderChanged((OLD,), (NEW,), house.clock.now()))
    house.says("iki", phone(NEW.value))
    assert len(house.tables.contacts) == 1
    assert list(house.tables.identities) == [Known(EVERYWHERE, "phone", NEW.value)]


def test_a_change_heard_again_never_touches_the_stranger_with_the_old_number(
    house: House,
) -> None:
    house.says("bir")
    change = SenderChanged((OLD,), (NEW,), house.clock.now())
    house.heard(change)
    house.clock.forward(timedelta(days=90))
    house.says("merhaba", phone(PHONE, "Yeni Sahip"))
    before = house.tables
    house.heard(change)
    assert standing(house) == ["Ali", "Yeni Sahip"]
    assert house.tables.identities == before.identities


def test_the_address_is_the_phone_where_there_is_one(house: House) -> None:
    house.says("bir", vendor_id("u1", PHONE))
    house.says("iki", vendor_id("u2"))
    with house.world(TENANT) as work:
        both, only_id = house.tables.contacts
        assert address(both, house.talk, work) == OLD
        assert address(only_id, house.talk, work) == Identity(IdentityKind.VENDOR, "u2")
        assert address(only_id, house.market, work) is None
