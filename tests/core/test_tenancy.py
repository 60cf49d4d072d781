"""Tenants and their flags."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.audit.events import CRITICAL, AuditEvent
from core.shared.actor import Actor, allow, system
from core.shared.errors import Invalid, NotAllowed, NotFound
from core.shared.ids import uuid7
from core.tenancy.flags import FLAGS, enabled, set_flag
from core.tenancy.tenant import Tenant, TenantDetails, create, update
from tests.core.fakes.house import PERSON, House
from tests.core.fakes.world import NOW, OTHER, TENANT

OPERATOR_ACTOR = Actor(TENANT, "operator", "op", frozenset({"operator"}))


# --- flags -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(FLAGS))
def test_a_flag_is_its_default_until_the_tenant_says_otherwise(house: House, name: str) -> None:
    default = FLAGS[name].default
    with house.world(TENANT) as work:
        assert enabled(name, work.flags) is default
    set_flag(name, not default, PERSON, works=house.world, now=NOW)
    with house.world(TENANT) as work:
        assert enabled(name, work.flags) is not default
    with house.world(OTHER) as work:
        assert enabled(name, work.flags) is default
    assert house.tables.audit[-1].before == {"enabled": default}


def test_only_flags_that_exist_are_set_and_only_by_those_who_may(house: House) -> None:
    with pytest.raises(NotFound):
        set_flag("telepathy", True, PERSON, works=house.world, now=NOW)
    with pytest.raises(NotAllowed):
        set_flag("sync", False, OPERATOR_ACTOR, works=house.world, now=NOW)


# --- the tenant itself -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"name": "  "}, "name"),
        ({"timezone": "Europe/Atlantis"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"currency": "try"}, "currency"),
        ({"currency": "TL"}, "currency"),
        ({"currency": "₺₺₺"}, "currency"),
        ({"currency": "A1B"}, "currency"),
        ({"language": "de"}, "language"),
    ],
)
def test_details_that_cannot_be_are_refused_by_field(bad: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        TenantDetails(**{"name": "Deniz", **bad})
    assert list(refused.value.problems) == [field]


def test_only_the_operator_opens_a_tenant(house: House) -> None:
    made = create(OTHER, TenantDetails("Ege"), OPERATOR_ACTOR, works=house.world, now=NOW)
    assert made == Tenant(OTHER, "Ege", "Europe/Istanbul", "TRY", "tr", NOW)
    assert house.world.tables(OTHER).tenant == {"self": made}
    with pytest.raises(NotAllowed):
        create(OTHER, TenantDetails("Ege"), PERSON, works=house.world, now=NOW)


def test_a_tenant_changes_itself_and_the_change_is_told(house: House) -> None:
    details = TenantDetails("Deniz", currency="EUR", language="en")
    assert update(details, PERSON, works=house.world, now=NOW).currency == "EUR"
    last = house.tables.audit[-1]
    assert last.before is not None
    assert (last.before["currency"], last.after["currency"]) == ("TRY", "EUR")
    with pytest.raises(NotAllowed):
        update(details, OPERATOR_ACTOR, works=house.world, now=NOW)


# --- who acts, and what is written down ------------------------------------------------------


def test_the_house_itself_holds_no_scope() -> None:
    with pytest.raises(NotAllowed, match=r"inbox\.write"):
        allow(system(TENANT, "delivery"), "inbox.write")


def test_what_is_not_in_the_catalogue_is_not_audited() -> None:
    for event in CRITICAL:
        assert AuditEvent(event, PERSON, "x", "1", NOW).event_type == event
    with pytest.raises(ValueError, match="catalogue"):
        AuditEvent("tea.made", PERSON, "x", "1", NOW)


def test_ids_sort_by_the_moment_they_were_made() -> None:
    ids = [uuid7(NOW + timedelta(milliseconds=n), b"\xff" * 10) for n in range(5)]
    late = [uuid7(NOW + timedelta(milliseconds=n), b"\x00" * 10) for n in range(5, 9)]
    assert sorted(ids + late, key=str) == ids + late
    assert {(i.version, i.variant) for i in ids} == {(7, "specified in RFC 4122")}
