"""API keys: handed out within one's reach, rotated with an overlap, closed for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identity.client import Client
from core.identity.policy import Fence
from core.policies.roles import BUILT_IN, PERMISSIONS
from core.shared.actor import RECENT, SCOPES, Actor
from core.shared.errors import Conflict, Invalid, NotAllowed, NotFound, ProofNeeded
from core.tenancy.api_keys import (
    LONGEST_OVERLAP,
    PREFIX,
    TENANT_SCOPES,
    ApiKey,
    IssueKey,
    digest,
    issue,
    revoke,
    rotate,
)
from tests.core.fakes.house import PERSON, House
from tests.core.fakes.world import NOW, TENANT, CountingIds

SECRET = f"{PREFIX}abcdefghijklmnop"
NEW = f"{PREFIX}qrstuvwxyzabcdef"
OWNER = Actor(TENANT, "person", "p", frozenset(PERMISSIONS), proven_at=NOW)


def issued(house: House, *scopes: str, actor: Actor = PERSON, **more: Any) -> ApiKey:
    command = IssueKey("shop floor", scopes, **more)
    return issue(house.ids(), SECRET, command, actor, works=house.world, now=NOW)


def rotated(house: House, key: ApiKey, hours: float, actor: Actor = PERSON, **at: Any) -> ApiKey:
    given_ = {"works": house.world, "now": NOW, **at}
    return rotate(key.id, NEW, timedelta(hours=hours), actor, **given_)


def opens(key: ApiKey, secret: str, now: datetime = NOW) -> bool:
    return key.opens(digest(secret), now)


def test_a_key_is_kept_as_a_hash_and_a_hint(house: House) -> None:
    key = issued(house, "inbox.read")
    assert (key.digest, key.hint) == (digest(SECRET), SECRET[: len(PREFIX) + 6])
    assert SECRET not in repr(house.tables)
    assert house.tables.audit[-1].after == {"name": "shop floor", "scopes": ["inbox.read"]}


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_nobody_hands_out_more_than_they_hold(house: House, scope: str) -> None:
    writer = Actor(TENANT, "api_key", "k", frozenset({"keys.write"}))
    if scope == "keys.write":
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


def test_an_owner_makes_the_directorys_key_though_no_person_holds_its_scope(house: House) -> None:
    assert issued(house, "directory.write", actor=OWNER).scopes == ("directory.write",)
    developer = replace(OWNER, scopes=frozenset(BUILT_IN["developer"].permissions))
    with pytest.raises(Invalid):
        issued(house, "directory.write", actor=developer)


@pytest.mark.parametrize(
    ("scopes", "more", "field"),
    [
        ((), {}, "scopes"),
        (("inbox.fly",), {}, "scopes"),
        (("inbox.read",), {"expires_at": NOW}, "expires_at"),
        (("inbox.read",), {"fence": Fence(("10.0.0.1/8",))}, "fence.networks"),
        (("inbox.read",), {"fence": Fence((), ("Turkey",))}, "fence.countries"),
    ],
)
def test_a_key_that_opens_nothing_or_cannot_be_is_refused(
    house: House, scopes: tuple[str, ...], more: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        issued(house, *scopes, **more)
    assert list(refused.value.problems) == [field]


def test_a_key_opens_until_it_expires_or_is_revoked(house: House) -> None:
    end = NOW + timedelta(days=1)
    key = issued(house, "inbox.read", expires_at=end)
    assert opens(key, SECRET, end - timedelta(seconds=1))
    assert not opens(key, SECRET, end)
    assert not opens(key, NEW)
    for _ in range(2):
        revoke(key.id, PERSON, works=house.world, now=NOW)
    assert not opens(house.tables.api_keys[key.id], SECRET)
    assert house.audited() == ["api_key.issued", "api_key.revoked"]


def test_a_key_has_a_fence_of_its_own(house: House) -> None:
    key = issued(house, "inbox.read", fence=Fence(("192.0.2.0/24",), ("TR",)))
    assert key.fence.admits(Client("192.0.2.7", "TR"))
    assert not key.fence.admits(Client("192.0.2.7", "DE"))
    assert not key.fence.admits(Client("198.51.100.7", "TR"))
    told = house.tables.audit[-1].after
    assert told["fence"] == {"networks": ["192.0.2.0/24"], "countries": ["TR"]}


# --- rotation --------------------------------------------------------------------------------


def test_the_secret_before_opens_until_the_overlap_is_over(house: House) -> None:
    key = rotated(house, issued(house, "inbox.read"), 24)
    over = NOW + timedelta(hours=24)
    assert opens(key, NEW)
    assert opens(key, NEW, over)
    assert opens(key, SECRET, over - timedelta(seconds=1))
    assert not opens(key, SECRET, over)
    assert key.hint == NEW[: len(PREFIX) + 6]
    assert NEW not in repr(house.tables)


def test_without_an_overlap_the_secret_before_is_dead_at_once(house: House) -> None:
    key = rotated(house, issued(house, "inbox.read"), 0)
    assert (key.old_digest, key.old_until) == (None, None), "its hash is not kept either"
    assert opens(key, NEW)
    assert not opens(key, SECRET)


def test_of_two_rotations_only_the_last_secret_before_opens(house: House) -> None:
    key = rotated(house, issued(house, "inbox.read"), 24)
    third = f"{PREFIX}third-secret-of-it"
    key = rotate(key.id, third, timedelta(hours=1), PERSON, works=house.world, now=NOW)
    assert [opens(key, s) for s in (SECRET, NEW, third)] == [False, True, True]


@given(
    issued_scopes=st.sets(st.sampled_from(TENANT_SCOPES), min_size=1),
    held=st.sets(st.sampled_from(PERMISSIONS)),
)
def test_nobody_rotates_into_more_than_they_hold(issued_scopes: set[str], held: set[str]) -> None:
    """Whoever gets the new secret holds the key."""
    house = House()
    key = issued(house, *issued_scopes)
    rotator = Actor(TENANT, "api_key", "k", frozenset(held | {"keys.write"}))
    everything = rotator.scopes >= set(PERMISSIONS)
    reach = rotator.scopes | ({"directory.write"} if everything else set())
    if issued_scopes <= reach:
        assert opens(rotated(house, key, 1, rotator), NEW)
    else:
        with pytest.raises(NotAllowed):
            rotated(house, key, 1, rotator)
        assert house.tables.api_keys[key.id] == key


@pytest.mark.parametrize("hours", [-1, LONGEST_OVERLAP / timedelta(hours=1) + 1])
def test_an_overlap_is_at_most_a_week(house: House, hours: float) -> None:
    key = issued(house, "inbox.read")
    with pytest.raises(Invalid, match="overlap_hours"):
        rotated(house, key, hours)


def test_rotating_neither_prolongs_a_key_nor_brings_one_back(house: House) -> None:
    end = NOW + timedelta(hours=1)
    key = rotated(house, issued(house, "inbox.read", expires_at=end), 24)
    assert key.expires_at == end
    assert not opens(key, SECRET, end)
    assert not opens(key, NEW, end)
    with pytest.raises(Conflict):
        rotated(house, key, 24, now=end)
    revoke(key.id, PERSON, works=house.world, now=NOW)
    with pytest.raises(Conflict):
        rotated(house, key, 24)
    assert not opens(house.tables.api_keys[key.id], SECRET)


def test_a_rotation_is_audited_without_a_secret(house: House) -> None:
    rotated(house, issued(house, "inbox.read"), 24)
    told = house.tables.audit[-1]
    assert told.event_type == "api_key.rotated"
    assert told.before == {"hint": SECRET[: len(PREFIX) + 6]}
    until = (NOW + timedelta(hours=24)).isoformat()
    assert told.after == {"hint": NEW[: len(PREFIX) + 6], "old_until": until}


# --- who may ---------------------------------------------------------------------------------


def test_keys_need_the_scope_and_a_key(house: House) -> None:
    reader = Actor(TENANT, "api_key", "k", frozenset({"tenant.write", "keys.read", "inbox.read"}))
    key = issued(house, "inbox.read")
    with pytest.raises(NotAllowed):
        issued(house, "inbox.read", actor=reader)
    with pytest.raises(NotAllowed):
        revoke(key.id, reader, works=house.world, now=NOW)
    with pytest.raises(NotAllowed):
        rotated(house, key, 1, reader)
    with pytest.raises(NotFound):
        revoke(house.ids(), PERSON, works=house.world, now=NOW)
    with pytest.raises(NotFound):
        rotate(house.ids(), NEW, timedelta(), PERSON, works=house.world, now=NOW)


@pytest.mark.parametrize("proven", [None, NOW - RECENT])
def test_a_person_proves_themselves_before_touching_keys(
    house: House, proven: datetime | None
) -> None:
    key = issued(house, "inbox.read")
    stale = replace(OWNER, proven_at=proven)
    with pytest.raises(ProofNeeded):
        issued(house, "inbox.read", actor=stale)
    with pytest.raises(ProofNeeded):
        rotated(house, key, 1, stale)
    with pytest.raises(ProofNeeded):
        revoke(key.id, stale, works=house.world, now=NOW)
    assert house.tables.api_keys == {key.id: key}


@given(
    spans=st.lists(st.integers(0, 7 * 24), min_size=1, max_size=4),
    waits=st.lists(st.integers(0, 200), min_size=4, max_size=4),
)
def test_at_any_moment_at_most_two_secrets_open_and_the_newest_always_does(
    spans: list[int], waits: list[int]
) -> None:
    house, ids, now = House(), CountingIds(), NOW
    key, secrets = issued(house, "inbox.read"), [SECRET]
    for overlap, wait in zip(spans, waits, strict=False):
        secrets.append(f"{PREFIX}{ids()}")
        span = timedelta(hours=overlap)
        key = rotate(key.id, secrets[-1], span, PERSON, works=house.world, now=now)
        now += timedelta(hours=wait)
        open_ = [s for s in secrets if opens(key, s, now)]
        before = secrets[-2:-1] if wait < overlap else []
        assert open_ == [*before, secrets[-1]]
