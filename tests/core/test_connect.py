"""Connecting a vendor: tried before it is stored, sealed when it is, and switched off whole."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from core.commerce.sync import STREAMS
from core.shared.actor import Actor
from core.shared.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from core.shared.ids import OPERATOR
from core.tenancy.api_keys import digest
from core.tenancy.installations import Installation, InstallationState
from ports.errors import AuthRejected, ContractBroken, RateLimited, Rejected, Transient
from ports.manifest import Account
from ports.settings import MASK
from tests.core.fakes.house import PERSON, House
from tests.core.fakes.vendors import FakeShop, SplittingReader
from tests.core.fakes.world import NOW, OTHER

ACTIVE, ATTENTION = InstallationState.ACTIVE, InstallationState.NEEDS_ATTENTION
DISABLED, DISCONNECTED = InstallationState.DISABLED, InstallationState.DISCONNECTED
GIVEN = {"code": "TR-1", "api_key": "very secret"}
TOKEN = "t0ken"
DERIVED = hashlib.sha256(f"webhook secret {TOKEN}".encode()).hexdigest()
OPERATOR_ACTOR = Actor(OPERATOR, "operator", "op", PERSON.scopes | {"operator"})


def connect(house: House, plugin: str = "shop", actor: Actor = PERSON, **more: Any) -> Installation:
    given = more.pop("given", GIVEN)
    token = more.pop("token", TOKEN)
    return house.connections.connect(house.ids(), token, plugin, given, actor, now=NOW, **more)


def settings(house: House, installation: Installation) -> Any:
    return house.vendors.settings(house.tables.installations[installation.id])


# --- connecting ------------------------------------------------------------------------------


def test_settings_are_tried_at_the_vendor_and_then_sealed(house: House) -> None:
    made = connect(house)
    [tried] = house.vendors.plugins["shop"].checked
    assert tried.api_key.reveal() == "very secret"
    assert (made.account_id, made.account_name, made.state) == ("acc-1", "Deniz Butik", ACTIVE)
    assert made.health is not None
    assert made.health.ok
    assert "very secret" not in repr(house.tables)
    assert settings(house, made).api_key.reveal() == "very secret"


def test_the_token_of_the_webhook_address_is_kept_as_a_hash(house: House) -> None:
    made = connect(house)
    assert made.hook_digest == digest(TOKEN)
    assert TOKEN not in repr(house.tables)
    assert house.connections.webhook_url(TOKEN) == f"https://house.example/api/v1/hooks/{TOKEN}"


def test_the_audit_log_holds_no_secret(house: House) -> None:
    connect(house)
    [event] = house.tables.audit
    assert event.event_type == "installation.connected"
    assert event.after == {"code": "TR-1", "api_key": MASK, "webhook_secret": MASK}


def test_a_shop_is_polled_and_subscribed_to_at_once(house: House) -> None:
    made = connect(house)
    due = {s: house.tables.sync[made.id, s].due_at for s in STREAMS}
    assert due == dict.fromkeys(STREAMS, NOW)
    house.drains()
    assert house.shop.subscribed == [(house.connections.webhook_url(TOKEN), DERIVED)]
    assert settings(house, made).webhook_secret.reveal() == DERIVED


def test_the_tenants_own_webhook_secret_is_respected(house: House) -> None:
    connect(house, given={**GIVEN, "webhook_secret": "mine"})
    house.drains()
    assert house.shop.subscribed[0][1] == "mine"


def test_a_shop_that_posts_nothing_is_polled_alone(house: House) -> None:
    house.vendors.plugins["shop"].parts["marketplace"] = FakeShop(house.world)
    made = connect(house)
    assert house.owed == []
    assert len([k for k in house.tables.sync if k[0] == made.id]) == len(STREAMS)


@pytest.mark.parametrize("plugin", ["talk", "aras"])
def test_what_is_no_shop_is_neither_polled_nor_subscribed_to(house: House, plugin: str) -> None:
    made = connect(house, plugin)
    assert settings(house, made).webhook_secret.reveal() == DERIVED
    assert (house.owed, house.tables.sync) == ([], {})


@pytest.mark.parametrize(
    ("error", "refusal", "fields"),
    [
        (AuthRejected("bad key"), Invalid, {"settings": "the vendor refused: bad key"}),
        (
            AuthRejected("bad key", field="api_key"),
            Invalid,
            {"settings.api_key": "the vendor refused: bad key"},
        ),
        (
            Rejected("no such", field="code"),
            Invalid,
            {"settings.code": "the vendor refused: no such"},
        ),
        (Transient("down"), Unavailable, None),
        (RateLimited("slow", retry_after=3), Unavailable, None),
        (ContractBroken("odd"), Unavailable, None),
    ],
)
def test_what_the_vendor_refuses_is_not_stored(
    house: House, error: Exception, refusal: type[Exception], fields: dict[str, str] | None
) -> None:
    before = house.tables
    house.vendors.plugins["shop"].refuses = error
    with pytest.raises(refusal) as refused:
        connect(house)
    assert house.tables is before
    assert fields is None or getattr(refused.value, "problems") == fields  # noqa: B009


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"code": "x"}, "settings.api_key"),
        ({**GIVEN, "colour": "red"}, "settings.colour"),
        ({**GIVEN, "code": 5}, "settings.code"),
        ({"code": "x", "api_key": MASK}, "settings.api_key"),
    ],
)
def test_settings_that_do_not_fit_are_never_tried(
    house: House, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        connect(house, given=given)
    assert list(refused.value.problems) == [field]
    assert house.vendors.plugins["shop"].checked == []


def test_an_account_is_connected_once(house: House) -> None:
    connect(house)
    before = house.tables
    with pytest.raises(Conflict):
        connect(house)
    assert house.tables is before, "nothing of the second stays: no poll, no debt, no audit"


def test_an_account_behind_an_apps_door_is_connected_once_in_the_whole_house(house: House) -> None:
    house.vendors.plugins["talk"].app_reader = SplittingReader()
    connect(house, "talk")
    elsewhere = replace(PERSON, tenant=OTHER)
    with pytest.raises(Conflict):
        connect(house, "talk", elsewhere)
    connect(house)
    assert connect(house, "shop", elsewhere).tenant_id == OTHER


def test_only_the_operator_opens_an_apps_door(house: House) -> None:
    house.vendors.plugins["talk"].app_reader = SplittingReader()
    app = {"given": {"app_secret": "s"}, "app": True}
    with pytest.raises(NotAllowed):
        connect(house, "talk", **app)
    door = connect(house, "talk", OPERATOR_ACTOR, **app)
    assert door.app
    assert house.world.tables(OPERATOR).audit[0].event_type == "app.connected"
    with pytest.raises(NotFound):
        connect(house, "shop", OPERATOR_ACTOR, **app)


# --- changing --------------------------------------------------------------------------------


def test_a_secret_sent_as_the_mask_keeps_its_value(house: House) -> None:
    made = connect(house)
    new = house.connections.update(made.id, {"code": "TR-2", "api_key": MASK}, PERSON, now=NOW)
    assert new.version == 2
    kept = settings(house, made)
    assert (kept.code, kept.api_key.reveal()) == ("TR-2", "very secret")
    assert house.tables.audit[-1].before["code"] == "TR-1"
    assert house.tables.audit[-1].after["code"] == "TR-2"


@pytest.mark.parametrize("given", [GIVEN, {**GIVEN, "webhook_secret": MASK}])
def test_the_secret_that_the_vendor_was_given_survives_an_update(
    house: House, given: dict[str, Any]
) -> None:
    made = connect(house)
    house.connections.update(made.id, given, PERSON, now=NOW)
    assert settings(house, made).webhook_secret.reveal() == DERIVED


def test_settings_of_another_account_are_another_connection(house: House) -> None:
    made = connect(house)
    house.vendors.plugins["shop"].account = Account("acc-2", "Başka")
    with pytest.raises(Conflict):
        house.connections.update(made.id, GIVEN, PERSON, now=NOW)


def test_a_new_webhook_address_replaces_the_old_one(house: House) -> None:
    made = connect(house)
    new = house.connections.rotate_hook(made.id, "n3w", PERSON, now=NOW)
    assert new.hook_digest == digest("n3w")
    house.drains()
    assert house.shop.subscribed[-1] == (house.connections.webhook_url("n3w"), DERIVED)
    assert house.audited()[-1] == "installation.hook_rotated"
