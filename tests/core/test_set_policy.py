"""Changing the sign-in policy: told with before and after, and not by mistake against oneself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identity.client import Client
from core.identity.factors import Factor, FactorKind
from core.identity.policy import Fence, KeptPolicy, SecondFactor, SignInPolicy
from core.identity.set_policy import NeedsForce, harm_of, set_policy
from core.identity.sso import Connection, Link, Rules, SsoKind
from core.policies.roles import BUILT_IN, OWNER, PERMISSIONS
from core.shared.actor import RECENT, Actor
from core.shared.errors import Conflict, Invalid, NotAllowed, ProofNeeded
from core.tenancy.installations import InstallationState
from core.tenancy.members import Member
from tests.core.fakes.house import House
from tests.core.fakes.people import acting, hire, make_ready, set_up, sign_in
from tests.core.fakes.world import NOW, TENANT

HOME = Client("192.0.2.7", "TR")
KEY = Actor(TENANT, "api_key", "k", frozenset(PERMISSIONS))
SSO_ALONE = SignInPolicy(local=False)


def put(
    house: House,
    policy: SignInPolicy,
    actor: Actor,
    *,
    client: Client = HOME,
    force: bool = False,
    seen: int | None = None,
) -> KeptPolicy:
    seen = standing(house).version if seen is None else seen
    return set_policy(policy, seen, actor, client, force=force, works=house.world, now=NOW)


def standing(house: House) -> KeptPolicy:
    with house.world(TENANT) as work:
        return work.policy.get()


def harm(house: House, policy: SignInPolicy, actor: Actor, client: Client = HOME) -> set[str]:
    """By what the dry run speaks against it; setting it is refused for just the same."""
    found = harm_of(policy, actor, client, works=house.world)
    before = standing(house)
    if found:
        with pytest.raises(NeedsForce) as refused:
            put(house, policy, actor, client=client)
        assert refused.value.lacks == found
    assert standing(house) == before
    return set(found)


def with_factor(house: House, member: Member, kind: FactorKind) -> None:
    with house.world(member.id) as own:
        own.factors.add(Factor(house.ids(), kind, "mine", NOW))
        own.commit()


def connect(house: House, *linked: Member, enabled: bool = True) -> UUID:
    id, idp = house.ids(), ("https://idp.example", "client")
    made = Connection(id, SsoKind.OIDC, "IdP", enabled, *idp, {}, b"", Rules(), NOW, NOW)
    with house.world(TENANT) as work:
        work.sso.add(made)
        for member in linked:
            work.sso.add_link(Link(id, f"sub-{member.id}", member.id, NOW))
        work.commit()
    return id


@pytest.fixture
def owner(house: House) -> Member:
    return hire(house, "deniz", OWNER)


@pytest.fixture
def me(house: House, owner: Member) -> Actor:
    return acting(house, owner)


# --- setting it ------------------------------------------------------------------------------


def test_a_policy_counts_once_it_is_set_and_is_told(house: House, me: Actor) -> None:
    policy = SignInPolicy(idle_minutes=15, people=Fence(("192.0.2.0/24",), ("TR",)))
    assert put(house, policy, me) == KeptPolicy(policy, 1) == standing(house)
    told = house.tables.audit[-1]
    assert (told.event_type, told.actor) == ("sign_in_policy.changed", me)
    assert (told.before["idle_minutes"], told.after["idle_minutes"]) == (60, 15)
    assert told.after["people"] == {"networks": ("192.0.2.0/24",), "countries": ("TR",)}
    assert "forced" not in told.after


def test_nobody_overwrites_a_policy_that_they_have_not_seen(house: House, me: Actor) -> None:
    put(house, SignInPolicy(idle_minutes=15), me)
    with pytest.raises(Conflict, match="meanwhile"):
        put(house, SignInPolicy(idle_minutes=30), me, seen=0)


@pytest.mark.parametrize("proven", [None, NOW - RECENT])
def test_a_person_proves_themselves_first(house: House, me: Actor, proven: Any) -> None:
    with pytest.raises(ProofNeeded):
        put(house, SignInPolicy(), replace(me, proven_at=proven))
    assert standing(house).version == 0


@pytest.mark.parametrize("role", sorted(BUILT_IN))
def test_only_who_may_write_security_sets_or_tries_it(house: House, role: str) -> None:
    actor = acting(house, hire(house, "ali", role))
    tries: list[Callable[[], object]] = [
        lambda: put(house, SignInPolicy(), actor),
        lambda: harm_of(SignInPolicy(), actor, HOME, works=house.world),
    ]
    for act in tries:
        if role == OWNER:
            act()
            continue
        with pytest.raises(NotAllowed, match=r"security\.write"):
            act()


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        (SignInPolicy(idle_minutes=1), "idle_minutes"),
        (SignInPolicy(password_length=7), "password_length"),
        (SignInPolicy(people=Fence(("192.0.2.7/24",))), "people.networks"),
        (SignInPolicy(keys=Fence((), ("tr",))), "keys.countries"),
        (
            SignInPolicy(second_factor=SecondFactor.ROLES, second_factor_roles=("queen",)),
            "second_factor_roles",
        ),
        (SignInPolicy(break_glass=uuid4()), "break_glass"),
        (SignInPolicy(sms_channel=uuid4()), "sms_channel"),
        (SSO_ALONE, "break_glass"),
    ],
)
def test_what_cannot_be_is_not_forced_either(
    house: House, me: Actor, policy: SignInPolicy, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        put(house, policy, me, force=True)
    assert list(refused.value.problems) == [field]
    with pytest.raises(Invalid):
        harm_of(policy, me, HOME, works=house.world)


def test_only_an_owner_is_the_break_glass(house: House, me: Actor) -> None:
    ali = hire(house, "ali", "supervisor")
    with pytest.raises(Invalid, match="no active owner"):
        put(house, SignInPolicy(break_glass=ali.id), me, force=True)


def test_codes_go_through_a_connection_that_works(house: House, me: Actor) -> None:
    assert put(house, SignInPolicy(sms_channel=house.talk.id), me).version == 1
    house.switch(house.talk, InstallationState.DISABLED)
    with pytest.raises(Invalid, match="sms_channel"):
        put(house, SignInPolicy(sms_channel=house.talk.id), me)


def test_what_is_forced_is_told_so(house: House, me: Actor) -> None:
    policy = SignInPolicy(people=Fence(("198.51.100.0/24",), ("DE",)))
    with pytest.raises(NeedsForce):
        put(house, policy, me)
    assert put(house, policy, me, force=True).policy == policy
    assert house.tables.audit[-1].after["forced"] == ["people.countries", "people.networks"]


# --- one's own address and country -----------------------------------------------------------


@given(
    networks=st.lists(st.ip_addresses(v=4).map(lambda ip: f"{ip}/32"), max_size=3),
    countries=st.lists(st.sampled_from(["TR", "DE", "GR"]), max_size=2),
    ip=st.one_of(st.none(), st.ip_addresses(v=4).map(str)),
    country=st.sampled_from([None, "TR", "DE"]),
    home=st.booleans(),
)
def test_a_fence_harms_exactly_whom_it_does_not_admit(
    networks: list[str], countries: list[str], ip: str | None, country: str | None, home: bool
) -> None:
    house = House()
    me = acting(house, hire(house, "deniz", OWNER))
    if home and ip:
        networks = [*networks, f"{ip}/32"]
    fence, client = Fence(tuple(networks), tuple(countries)), Client(ip, country)
    found = harm(house, SignInPolicy(people=fence), me, client)
    assert bool(found) is not fence.admits(client)
    assert found <= {"people.networks", "people.countries"}


def test_the_fence_of_the_keys_harms_no_person_and_that_of_people_no_key(
    house: House, me: Actor
) -> None:
    outside = Fence(("198.51.100.0/24",))
    assert harm(house, SignInPolicy(keys=outside), me) == set()
    assert harm(house, SignInPolicy(people=outside), KEY) == set()
    assert harm(house, SignInPolicy(people=outside), me) == {"people.networks"}
    assert harm(house, SignInPolicy(keys=outside), KEY) == {"keys.networks"}


# --- one's own second factor -----------------------------------------------------------------


ASKED = SignInPolicy(second_factor=SecondFactor.REQUIRED)


def test_who_asks_for_a_second_factor_has_one(house: House, owner: Member, me: Actor) -> None:
    assert harm(house, ASKED, me) == {"second_factor"}
    with_factor(house, owner, FactorKind.TOTP)
    assert harm(house, ASKED, me) == set()


def test_a_phone_is_a_second_factor_where_codes_are_sent(
    house: House, owner: Member, me: Actor
) -> None:
    with_factor(house, owner, FactorKind.SMS)
    assert harm(house, ASKED, me) == {"second_factor"}
    assert harm(house, replace(ASKED, sms_channel=house.talk.id), me) == set()


def test_a_second_factor_of_other_roles_does_not_concern_the_author(
    house: House, me: Actor
) -> None:
    policy = SignInPolicy(second_factor=SecondFactor.ROLES, second_factor_roles=("agent",))
    assert harm(house, policy, me) == set()
    assert harm(house, replace(policy, second_factor_roles=(OWNER,)), me) == {"second_factor"}


def test_who_comes_by_sso_needs_a_factor_only_where_it_is_asked_for_after_sso(
    house: House, owner: Member
) -> None:
    session = sign_in(house, owner, "sso", connection=connect(house, owner))
    me = acting(house, owner, session=session.id)
    assert harm(house, ASKED, me) == set()
    assert harm(house, replace(ASKED, second_factor_after_sso=True), me) == {"second_factor"}


# --- SSO alone -------------------------------------------------------------------------------


def test_sso_alone_needs_a_connection_and_a_break_glass_that_was_tried(
    house: House, owner: Member, me: Actor
) -> None:
    policy = replace(SSO_ALONE, break_glass=owner.id)
    connect(house, enabled=False)
    assert harm(house, policy, me) == {"local", "break_glass"}
    connect(house)
    assert harm(house, policy, me) == {"break_glass"}
    sign_in(house, owner, "sso")
    assert harm(house, policy, me) == {"break_glass"}
    sign_in(house, owner, "password", "totp")
    assert harm(house, policy, me) == set()


def test_who_is_not_the_break_glass_has_come_in_by_sso(house: House, me: Actor) -> None:
    owner = house.tables.members[UUID(me.id)]
    glass = hire(house, "glass", OWNER)
    sign_in(house, glass, "passkey")
    policy = replace(SSO_ALONE, break_glass=glass.id)
    connect(house)
    connect(house, owner, enabled=False)
    assert harm(house, policy, me) == {"local"}
    connect(house, owner)
    assert harm(house, policy, me) == set()


def test_what_stands_already_is_not_asked_again(house: House, owner: Member, me: Actor) -> None:
    """A break glass is there to be left alone: its session is long over when others change."""
    set_up(house, replace(SSO_ALONE, break_glass=owner.id))
    policy = replace(SSO_ALONE, break_glass=owner.id, idle_minutes=15)
    assert harm(house, policy, me) == set()
    glass = hire(house, "glass", OWNER)
    assert "break_glass" in harm(house, replace(policy, break_glass=glass.id), me)


# --- an agent that acts alone ----------------------------------------------------------------


def test_what_let_the_agent_act_alone_is_not_taken_away_by_mistake(house: House) -> None:
    owner = make_ready(house)
    with_factor(house, owner, FactorKind.TOTP)
    me, loose = acting(house, owner), SignInPolicy(absolute_minutes=30 * 24 * 60)
    assert harm(house, loose, me) == set()
    house.trusts(["invoice"])
    assert harm(house, loose, me) == {"autonomy"}
    told = harm_of(loose, me, HOME, works=house.world)["autonomy"]
    assert "second_factor, timeouts" in told
    assert harm(house, replace(ASKED, idle_minutes=15), me) == set()
    assert put(house, loose, me, force=True).policy == loose
    assert harm(house, replace(loose, idle_minutes=30), me) == set(), "it lacks that already"
