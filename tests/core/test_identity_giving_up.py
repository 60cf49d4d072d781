"""Second factors are given up by whoever has proven all of them, and not where one is required."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core.identity.factors import FactorKind
from core.identity.policy import SecondFactor
from core.identity.steps import Entered, NeedsFactor
from core.shared.errors import Conflict, NotFound, SignInRefused
from tests.core.fakes.door import HOME, Door
from tests.core.fakes.steps import with_app, with_passkey
from tests.core.fakes.world import OTHER, TENANT

CHANNEL = uuid4()


def test_new_backup_codes_kill_the_old_ones(door: Door) -> None:
    person = door.person()
    entered = door.enters()
    _, enrolled = with_app(door, door.actor(entered))
    fresh = door.enrolment.new_backup_codes(door.actor(entered))
    assert door.enrolment.factors(door.actor(entered))[1] == len(fresh) == 10
    assert door.audited(person)[-1] == "backup_codes.replaced"
    assert door.kinds(person)[-1] == "backup_codes"
    step = door.tries()
    assert isinstance(step, NeedsFactor)
    with pytest.raises(SignInRefused):
        door.sign_in.by_code(step.ticket, "backup_code", enrolled.backup_codes[0], HOME)
    assert isinstance(door.sign_in.by_code(step.ticket, "backup_code", fresh[0], HOME), Entered)


def test_backup_codes_stand_beside_a_factor(door: Door) -> None:
    door.person()
    with pytest.raises(Conflict):
        door.enrolment.new_backup_codes(door.actor(door.enters()))


def test_with_the_last_factor_the_backup_codes_and_the_protection_go(door: Door) -> None:
    person = door.person("ayse", TENANT, OTHER)
    entered = door.enters(tenant=TENANT)
    with_app(door, door.actor(entered))
    there = door.enters_by_app(person, OTHER)
    actor = door.actor(entered)
    [factor], _ = door.enrolment.factors(actor)
    door.enrolment.remove(factor.id, actor)
    assert door.enrolment.factors(actor) == ([], 0)
    assert door.session(there).ended_why == "credentials_changed"
    for seller in (TENANT, OTHER):
        assert door.world.tables(seller).members[person].protected_at is None
    assert door.kinds(person)[-1] == "factor_removed"
    assert door.audited(person)[-1] == "factor.removed"
    with pytest.raises(NotFound):
        door.enrolment.remove(factor.id, actor)


def test_the_last_one_stays_where_any_seller_requires_one(door: Door) -> None:
    person = door.person("ayse", TENANT, OTHER)
    entered = door.enters(tenant=TENANT)
    with_app(door, door.actor(entered))
    with_passkey(door, door.actor(entered), person)
    door.asks(OTHER, second_factor=SecondFactor.REQUIRED)
    actor = door.actor(entered)
    first, second = door.enrolment.factors(actor)[0]
    door.enrolment.remove(first.id, actor)
    with pytest.raises(Conflict, match="Ada requires a second factor"):
        door.enrolment.remove(second.id, actor)


def test_a_phone_is_not_enough_where_no_codes_are_sent(door: Door) -> None:
    person = door.person("ayse", TENANT, OTHER)
    door.asks(TENANT, sms_channel=CHANNEL)
    door.asks(OTHER, second_factor=SecondFactor.REQUIRED)
    entered = door.enters(tenant=TENANT)
    with_app(door, door.actor(entered))
    door.phone(person)
    actor = door.actor(entered)
    app = next(f for f in door.enrolment.factors(actor)[0] if f.kind is FactorKind.TOTP)
    with pytest.raises(Conflict):
        door.enrolment.remove(app.id, actor)
