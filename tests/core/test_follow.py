"""Following parcels: the carrier is asked while one travels, and the customer hears of it once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.commerce.follow import EVERY, FAILURES, LEASE, SOON, TEMPLATE, asked, moved
from core.commerce.parcels import Followed
from core.conversations.conversation import ConversationState
from core.tenancy.installations import InstallationState
from ports.errors import Transient
from ports.families.carrier import ParcelState
from ports.families.channel import OutgoingTemplate
from tests.core.fakes.house import PERSON, PHONE, House
from tests.core.fakes.samples import NUMBER, TRACKED, order, parcel, shipped
from tests.core.fakes.vendors import WindowedChannel
from tests.core.fakes.world import NOW, TENANT

ON_THE_WAY, COURIER = ParcelState.IN_TRANSIT, ParcelState.OUT_FOR_DELIVERY
ENDED = (ParcelState.DELIVERED, ParcelState.RETURNED)


@pytest.fixture
def house() -> House:
    """A buyer who wrote, their parcel on its way, and news of it switched on."""
    house = House(WindowedChannel)
    house.says("merhaba")
    house.tables.flags["parcels.notify"] = True
    with house.world(TENANT) as work:
        house.trade.keep(order(shipped(), phone=PHONE), house.market, work)
        work.commit()
    return house


def asks(house: House, state: ParcelState | None = None) -> ParcelState | None:
    if state:
        house.carrier.parcels[TRACKED] = parcel(state)
    return house.follow(TENANT, house.parcels.id, TRACKED)


def followed(house: House) -> Followed:
    found: Followed = house.tables.parcels[house.parcels.id, TRACKED]
    return found


@pytest.mark.parametrize("state", list(ParcelState))
def test_when_to_ask_next_depends_on_where_the_parcel_is(state: ParcelState) -> None:
    before = Followed(PERSON.tenant, TRACKED, PERSON.tenant, NUMBER, NOW, failures=7)
    after = asked(before, parcel(state), NOW)
    wait = SOON if state is COURIER else EVERY
    assert after.due_at == (None if state in ENDED else NOW + wait)
    assert (after.checked_at, after.failures) == (NOW, 0)


def test_a_parcel_that_the_carrier_does_not_know_yet_is_asked_for_again() -> None:
    before = Followed(PERSON.tenant, TRACKED, PERSON.tenant, NUMBER, NOW, parcel=parcel())
    after = asked(before, None, NOW)
    assert (after.due_at, after.parcel) == (NOW + EVERY, before.parcel)


@pytest.mark.parametrize("before", [None, *ParcelState])
@pytest.mark.parametrize("after", list(ParcelState))
def test_only_another_state_is_a_movement(before: ParcelState | None, after: ParcelState) -> None:
    assert moved(parcel(before) if before else None, parcel(after)) is (before is not after)


def test_a_parcel_is_asked_for_when_it_is_due_and_not_before(house: House) -> None:
    assert asks(house, ON_THE_WAY) is ON_THE_WAY
    assert asks(house) is None
    house.clock.forward(EVERY)
    assert asks(house) is ON_THE_WAY


def test_the_customer_hears_of_each_movement_once(house: House) -> None:
    for state in (ON_THE_WAY, COURIER, COURIER, ParcelState.DELIVERED):
        asks(house, state)
        house.clock.forward(EVERY)
    house.drains()
    assert house.channel.texts == [
        f"{NUMBER} numaralı siparişiniz dağıtıma çıktı.",
        f"{NUMBER} numaralı siparişiniz teslim edildi.",
    ]
    assert followed(house).due_at is None
    assert house.audited() == ["message.sent"] * 2


def test_nobody_is_told_where_the_tenant_has_not_switched_it_on(house: House) -> None:
    house.tables.flags["parcels.notify"] = False
    asks(house, COURIER)
    assert house.owed == []
    assert followed(house).parcel == parcel(COURIER)


def test_nobody_is_told_of_an_order_that_nobody_proved(house: House) -> None:
    key = (house.market.id, NUMBER)
    house.tables.orders[key] = replace(house.tables.orders[key], contact_id=None)
    asks(house, COURIER)
    assert house.owed == []


@pytest.mark.parametrize("approved", [True, False])
def test_outside_the_window_only_an_approved_template_goes(house: House, approved: bool) -> None:
    if approved:
        house.channel.approved = (OutgoingTemplate(TEMPLATE, "tr", ("1", "2")),)  # type: ignore[attr-defined]
    house.clock.forward(days=2)
    asks(house, COURIER)
    house.drains()
    bodies = [m.body for _, m in house.channel.sent]
    expected = [OutgoingTemplate(TEMPLATE, "tr", (NUMBER, "dağıtıma çıktı"))]
    assert bodies == (expected if approved else [])
    assert followed(house).parcel == parcel(COURIER), "the movement is remembered either way"


def test_news_for_a_resolved_conversation_opens_a_new_one_within_the_same_window(
    house: House,
) -> None:
    house.manage.move(house.conversation.id, ConversationState.RESOLVED, PERSON, now=NOW)
    asks(house, COURIER)
    house.drains()
    assert len(house.channel.sent) == 1
    assert len(house.tables.conversations) == 2


def test_a_carrier_that_is_down_is_asked_later_and_not_for_ever(house: House) -> None:
    house.carrier.down = Transient("busy")
    for n in range(FAILURES):
        assert followed(house).failures == n
        assert asks(house) is None
        house.clock.forward(EVERY)
    assert followed(house).due_at is None


def test_a_worker_that_died_is_followed_by_another_after_the_lease(house: House) -> None:
    house.carrier.next.append(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        asks(house, ON_THE_WAY)
    assert asks(house) is None
    house.clock.forward(LEASE)
    assert asks(house) is ON_THE_WAY


@pytest.mark.parametrize("off", ["flag", "connection"])
def test_nothing_is_followed_where_it_is_switched_off(house: House, off: str) -> None:
    if off == "flag":
        house.tables.flags["parcels"] = False
    else:
        house.switch(house.parcels, InstallationState.DISABLED)
    assert asks(house, ON_THE_WAY) is None
    assert followed(house).due_at == house.clock.now()
