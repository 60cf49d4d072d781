"""A connection that is off or refused: what we owe waits, and goes on when it is mended."""

from __future__ import annotations

import pytest

from core.delivery.drain import PATIENCE
from core.delivery.outbox import Cause, OwedState
from core.tenancy.installations import InstallationState
from ports.errors import AuthRejected
from tests.core.fakes.house import owing
from tests.core.fakes.vendors import LostAnswer, SettlingChannel
from tests.core.fakes.world import TENANT

READY, PARKED = OwedState.READY, OwedState.PARKED


def test_refused_credentials_wait_for_a_person_and_then_go_on() -> None:
    house = owing("bir", "iki")
    house.channel.next.append(AuthRejected("the key is old"))
    house.drains()
    assert house.states() == [PARKED, READY]
    assert house.owed[0].cause is Cause.INSTALLATION
    standing = house.tables.installations[house.talk.id]
    assert standing.state is InstallationState.NEEDS_ATTENTION
    assert standing.health.message == "the key is old"
    assert house.drains() == 0, "what stands behind it waits"
    house.switch(house.talk, InstallationState.ACTIVE)
    with house.world(TENANT) as work:
        assert work.outbox.unpark(house.talk.id, house.clock.now()) == 1
        work.commit()
    house.drains()
    assert house.channel.texts == ["bir", "iki"]


@pytest.mark.parametrize(
    "state", [s for s in InstallationState if s is not InstallationState.ACTIVE]
)
def test_nothing_goes_out_while_the_connection_is_off(state: InstallationState) -> None:
    house = owing()
    house.switch(house.talk, state)
    assert house.drains() == 0
    assert house.states() == [PARKED]
    assert house.channel.calls == []


def test_a_doubt_stays_a_doubt_when_the_connection_is_switched_off_and_on() -> None:
    house = owing(channel=SettlingChannel)
    house.channel.next.append(LostAnswer("no answer"))
    house.drains()
    house.switch(house.talk, InstallationState.DISABLED)
    house.clock.forward(PATIENCE)
    house.drains()
    house.switch(house.talk, InstallationState.ACTIVE)
    with house.world(TENANT) as work:
        work.outbox.unpark(house.talk.id, house.clock.now())
        work.commit()
    house.drains()
    assert len(house.channel.calls) == 1
