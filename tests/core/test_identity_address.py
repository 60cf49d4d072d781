"""The address: it counts once its mailbox is proven, and finds one person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from core.identity.steps import Entered
from core.shared.errors import (
    Conflict,
    NotFound,
    ProofNeeded,
    SignInRefused,
)
from tests.core.fakes.door import HOME, Door, connection, identity
from tests.core.fakes.world import TENANT

AYSE = "ayse@deniz.example"
NEW = "yeni bir sabah oldu"


def forgotten(door: Door, person: UUID) -> str:
    """The token of a link for a forgotten password."""
    door.passwords.forgot(AYSE, HOME)
    return door.link(person)


def test_a_new_address_counts_once_its_mailbox_is_proven(door: Door) -> None:
    person = door.person()
    actor = door.actor(door.enters())
    door.email.ask("Ayse@New.example", actor)
    assert door.read(person)["to"] == "ayse@new.example"
    with pytest.raises(SignInRefused):
        door.tries("ayse@new.example")
    door.email.confirm(door.link(person))
    assert door.enters("ayse@new.example")
    with pytest.raises(SignInRefused):
        door.tries(AYSE)
    [told] = [e for e in door.letters(person) if e.kind == "email_changed"]
    assert door.vault.open(person, told.id, told.sealed)["to"] == AYSE
    [event] = [e for e in door.world.tables(person).audit if e.event_type == "email.changed"]
    assert (event.before, event.after) == ({"email": AYSE}, {"email": "ayse@new.example"})


def test_nobody_takes_an_address_that_is_somebody_elses(door: Door) -> None:
    person, other = door.person("ayse"), door.person("bora")
    door.email.ask("bora@deniz.example", door.actor(door.enters()))
    with pytest.raises(Conflict):
        door.email.confirm(door.link(person))
    assert door.world.emails["bora@deniz.example"] == other
    assert door.account(person).email == AYSE


def test_links_that_went_to_the_old_address_are_over(door: Door) -> None:
    person = door.person()
    actor = door.actor(door.enters())
    link = forgotten(door, person)
    door.email.ask("ayse@new.example", actor)
    door.email.confirm(door.link(person))
    with pytest.raises(NotFound):
        door.passwords.reset(link, NEW, HOME)


def test_changing_the_address_needs_a_proof_of_late(door: Door) -> None:
    door.person()
    entered = door.enters()
    door.clock.forward(minutes=10)
    with pytest.raises(ProofNeeded):
        door.email.ask("ayse@new.example", door.actor(entered))


def test_whoever_came_by_a_directory_gets_credentials_by_proving_the_mailbox(door: Door) -> None:
    person = door.person(password=None, email_verified_at=None)
    more: dict[str, Any] = {"remember": False, "client": HOME}
    entered = door.sign_in.vouched(person, TENANT, identity(), connection(), **more)
    assert isinstance(entered, Entered)
    door.passwords.forgot(AYSE, HOME)
    assert door.letters(person) == [], "the address finds nobody yet"
    with pytest.raises(ProofNeeded):
        door.email.ask("else@where.example", door.actor(entered))
    door.email.ask(AYSE, door.actor(entered))
    door.email.confirm(door.link(person))
    door.passwords.reset(forgotten(door, person), NEW, HOME)
    assert door.enters(password=NEW)


def test_asking_for_the_address_one_has_writes_nothing(door: Door) -> None:
    person = door.person()
    door.email.ask(AYSE, door.actor(door.enters()))
    assert door.letters(person) == []
