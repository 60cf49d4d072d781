"""Connections on and off: what they do by themselves stops and begins with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.commerce.sync import STREAMS
from core.conversations.write import Reply
from core.delivery.outbox import OwedState
from core.shared.actor import Actor
from core.shared.errors import Invalid, NotAllowed, NotFound
from core.tenancy.installations import Installation, InstallationState
from ports.errors import AuthRejected, Transient
from ports.families.channel import OutgoingText
from tests.core.fakes.house import PERSON, House
from tests.core.fakes.vendors import FakeChannel
from tests.core.fakes.world import NOW, OTHER, TENANT

ACTIVE, ATTENTION = InstallationState.ACTIVE, InstallationState.NEEDS_ATTENTION
DISABLED, DISCONNECTED = InstallationState.DISABLED, InstallationState.DISCONNECTED
GIVEN = {"code": "TR-1", "api_key": "very secret"}


def connect(house: House, plugin: str = "shop", actor: Actor = PERSON, **more: Any) -> Installation:
    token = more.pop("token", "t0ken")
    return house.connections.connect(house.ids(), token, plugin, GIVEN, actor, now=NOW, **more)


def test_switching_off_stops_the_polls_and_on_begins_them(house: House) -> None:
    made = connect(house)
    assert house.connections.disable(made.id, PERSON, now=NOW).state is DISABLED
    assert house.tables.sync == {}
    assert house.connections.enable(made.id, PERSON, now=NOW).state is ACTIVE
    assert len(house.tables.sync) == len(STREAMS)
    assert house.audited()[1:] == ["installation.disabled", "installation.enabled"]


def test_it_is_switched_on_only_when_the_vendor_agrees(house: House) -> None:
    made = connect(house)
    house.connections.disable(made.id, PERSON, now=NOW)
    house.vendors.plugins["shop"].refuses = AuthRejected("bad key")
    with pytest.raises(Invalid):
        house.connections.enable(made.id, PERSON, now=NOW)
    assert house.tables.installations[made.id].state is DISABLED


def test_disconnecting_forgets_the_settings_and_lets_the_account_come_back(house: House) -> None:
    made = connect(house)
    house.connections.disconnect(made.id, PERSON, now=NOW)
    gone = house.tables.installations[made.id]
    assert (gone.state, gone.settings, gone.hook_digest) == (DISCONNECTED, b"", None)
    with pytest.raises(NotFound):
        house.connections.get(made.id, PERSON)
    assert connect(house, token="again").state is ACTIVE


def waiting(house: House) -> Installation:
    """A channel whose credentials were refused while a message was owed."""
    made = connect(house, "talk")
    house.heard(house.says("merhaba"), on=made)
    house.write.reply(house.ids(), Reply(house.conversation.id, OutgoingText("a")), PERSON)
    channel: FakeChannel = house.channel
    channel.next.append(AuthRejected("the key is old"))
    house.drains()
    assert house.states() == [OwedState.PARKED]
    return house.tables.installations[made.id]


@pytest.mark.parametrize("way", ["check", "update", "enable"])
def test_what_waited_for_mended_credentials_goes_out(house: House, way: str) -> None:
    made = waiting(house)
    assert made.state is ATTENTION
    if way == "update":
        house.connections.update(made.id, GIVEN, PERSON, now=NOW)
    else:
        getattr(house.connections, way)(made.id, PERSON, now=NOW)
    assert house.tables.installations[made.id].state is ACTIVE
    house.drains()
    assert house.channel.texts == ["a"]


@pytest.mark.parametrize(
    ("before", "error", "after"),
    [
        (ACTIVE, None, ACTIVE),
        (ACTIVE, AuthRejected("bad key"), ATTENTION),
        (ACTIVE, Transient("down"), ACTIVE),
        (ATTENTION, None, ACTIVE),
        (ATTENTION, Transient("down"), ATTENTION),
        (DISABLED, None, DISABLED),
        (DISABLED, AuthRejected("bad key"), DISABLED),
    ],
)
def test_a_check_tells_the_truth_and_switches_nothing_on(
    house: House, before: InstallationState, error: Exception | None, after: InstallationState
) -> None:
    house.switch(house.market, before)
    house.vendors.plugins["shop"].refuses = error
    checked = house.connections.check(house.market.id, PERSON, now=NOW)
    assert checked.state is after
    assert checked.health is not None
    assert checked.health.ok is (error is None)


def test_each_act_needs_its_scope_before_any_vendor_is_asked(house: House) -> None:
    nobody = Actor(TENANT, "api_key", "k", frozenset({"inbox.read"}))
    id, act = house.market.id, house.connections
    for do in (
        lambda: connect(house, actor=nobody),
        lambda: act.update(id, GIVEN, nobody, now=NOW),
        lambda: act.check(id, nobody, now=NOW),
        lambda: act.enable(id, nobody, now=NOW),
        lambda: act.disable(id, nobody, now=NOW),
        lambda: act.disconnect(id, nobody, now=NOW),
        lambda: act.rotate_hook(id, "x", nobody, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            do()
    assert house.vendors.plugins["shop"].checked == []
    assert house.tables.installations[id] == house.market


def test_another_tenants_connection_is_not_found(house: House) -> None:
    elsewhere = replace(PERSON, tenant=OTHER)
    with pytest.raises(NotFound):
        house.connections.get(house.market.id, elsewhere)
