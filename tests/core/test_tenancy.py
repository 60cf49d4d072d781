"""Tenants, their keys and their flags."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.audit.events import CRITICAL, AuditEvent
from core.shared.actor import SCOPES, Actor, allow, system
from core.shared.errors import Invalid, NotAllowed, NotFound
from core.shared.ids import uuid7
from core.tenancy.api_keys import PREFIX, TENANT_SCOPES, IssueKey, digest, issue, revoke
from core.tenancy.flags import FLAGS, enabled, set_flag
from core.tenancy.tenant import Tenant, TenantDetails, create, update
from tests.core.fakes.house import PERSON, House
from tests.core.fakes.world import NOW, OTHER, TENANT

SECRET = f"{PREFIX}abcdefghijklmnop"
OPERATOR_ACTOR = Actor(TENANT, "operator", "op", frozenset({"operator"}))


def issued(house: House, *scopes: str, actor: Actor = PERSON, **more: Any) -> Any:
    command = IssueKey("shop floor", scopes, **more)
    return issue(house.ids(), SECRET, command, actor, works=house.world, now=NOW)


def test_a_key_is_kept_as_a_hash_and_a_hint(house: House) -> None:
    key = issued(house, "inbox.read")
    assert (key.digest, key.hint) == (digest(SECRET), SECRET[: len(PREFIX) + 6])
    assert SECRET not in repr(house.tables)
    assert house.tables.audit[-1].after == {"name": "shop floor", "scopes": ["inbox.read"]}


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_nobody_hands_out_more_than_they_hold(house: House, scope: str) -> None:
    writer = Actor(TENANT, "api_key", "k", frozenset({"tenant.write"}))
    if scope == "tenant.write":
        assert issued(house, scope, actor=writer).scopes == (scope,)
        return
    with pytest.raises(Invalid) as refused:
        issued(house, scope, actor=writer)
    assert refused.value.problems == {"scopes": f"you do not hold {scope} yourself"}
    assert house.tables.api_keys == {}


def test_a_tenant_cannot_make_an_operator(house: House) -> None:
    assert "operator" not in TENANT_SCOPES
    with pytest.raises(Invalid):
        issued(house, "operator")


@pytest.mark.parametrize(
    ("scopes", "more", "field"),
    [
        ((), {}, "scopes"),
        (("inbox.fly",), {}, "scopes"),
        (("inbox.read",), {"expires_at": NOW}, "expires_at"),
    ],
)
def test_a_key_that_opens_nothing_or_is_over_already_is_refused(
    house: House, scopes: tuple[str, ...], more: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        issued(house, *scopes, **more)
    assert list(refused.value.problems) == [field]


def test_a_key_opens_until_it_expires_or_is_revoked(house: House) -> None:
    end = NOW + timedelta(days=1)
    key = issued(house, "inbox.read", expires_at=end)
    assert key.opens(end - timedelta(seconds=1))
    assert not key.opens(end)
    for _ in range(2):
        revoke(key.id, PERSON, works=house.world, now=NOW)
    assert not house.tables.api_keys[key.id].opens(NOW)
    assert house.audited() == ["api_key.issued", "api_key.revoked"]


def test_keys_need_the_scope_and_a_key(house: House) -> None:
    reader = Actor(TENANT, "api_key", "k", frozenset({"tenant.read", "inbox.read"}))
    with pytest.raises(NotAllowed):
        issued(house, "inbox.read", actor=reader)
    with pytest.raises(NotAllowed):
        revoke(house.ids(), reader, works=house.world, now=NOW)
    with pytest.raises(NotFound):
        revoke(house.ids(), PERSON, works=house.world, now=NOW)


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
