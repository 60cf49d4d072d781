"""What a seller decides of its people: members, roles, teams, the door's policy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Engine

from adapters.sql.lookups import Lookups
from adapters.sql.migrate import database_login
from adapters.sql.work import SqlWorks
from core.identity.policy import Fence, KeptPolicy, SecondFactor, SignInPolicy
from core.identity.sso import Link
from core.shared.errors import Conflict, Invalid, NotFound
from core.tenancy.api_keys import ApiKey
from core.tenancy.members import Member, MemberFilter, MemberState, Role, Team
from tests.adapters.realms import MINUTE, NOW, connection, member


def added(works: SqlWorks, tenant: UUID, *values: Member) -> None:
    with works(tenant) as work:
        for value in values:
            work.members.add(value)
        work.commit()


def test_a_member_is_found_by_person_address_and_directory_id(
    works: SqlWorks, tenant: UUID
) -> None:
    ada = member(managed=True, external_id="okta-1", last_seen_at=NOW, protected_at=NOW)
    added(works, tenant, ada, member())
    with works(tenant) as work:
        assert work.members.get(ada.id) == ada
        assert work.members.get(ada.id, lock=True) == ada
        assert work.members.by_email(ada.email) == ada
        assert work.members.by_external_id("okta-1") == ada
        assert work.members.get(uuid4()) is None
        assert work.members.by_email("nobody@example.com") is None
        assert work.members.by_external_id("okta-2") is None


def test_a_person_an_address_and_a_directory_id_are_a_member_once(
    works: SqlWorks, tenant: UUID
) -> None:
    ada = member(external_id="1")
    added(works, tenant, ada)
    for twin in (member(ada.id), member(email=ada.email), member(external_id="1")):
        with works(tenant) as work, pytest.raises(Conflict):
            work.members.add(twin)
    taken = member()
    added(works, tenant, taken)
    with works(tenant) as work, pytest.raises(Conflict):
        work.members.save(replace(taken, email=ada.email, version=2))


def test_an_address_may_be_known_to_two_sellers(works: SqlWorks, tenants: Any) -> None:
    ada = member()
    for seller in (tenants(), tenants()):
        added(works, seller, ada)


def test_a_member_that_was_changed_meanwhile_is_not_overwritten(
    works: SqlWorks, tenant: UUID
) -> None:
    ada = member()
    added(works, tenant, ada)
    changed = replace(ada, name="Ada", roles=("owner", "agent"), version=2)
    with works(tenant) as work:
        work.members.save(changed)
        with pytest.raises(Conflict, match="meanwhile"):
            work.members.save(changed)
        assert work.members.get(ada.id) == changed
    with works(tenant) as work, pytest.raises(Conflict):
        work.members.save(replace(member(), version=2))


def test_members_are_listed_by_address_page_by_page(
    works: SqlWorks, tenant: UUID, pages: Any
) -> None:
    added(works, tenant, *(member() for _ in range(7)))
    with works(tenant) as work:
        turned = pages(lambda c: work.members.list(MemberFilter(), cursor=c, limit=3))
        with pytest.raises(Invalid):
            work.members.list(MemberFilter(), cursor="WzFd", limit=3)
    addresses = [m.email for m in turned]
    assert len(set(addresses)) == 7
    assert addresses == sorted(addresses)


def test_a_list_of_members_is_narrowed(works: SqlWorks, tenant: UUID) -> None:
    team = Team(uuid4(), "Destek", NOW)
    ada = member(email="ada@example.com", name="Ada Işık", roles=("owner", "agent"))
    can = member(email="can_1@example.com", name="Can", state=MemberState.SUSPENDED)
    with works(tenant) as work:
        work.teams.add(team)
        work.members.add(replace(ada, teams=(team.id,)))
        work.members.add(can)
        for only, found in (
            (MemberFilter(state=MemberState.SUSPENDED), ["can_1@example.com"]),
            (MemberFilter(role="owner"), ["ada@example.com"]),
            (MemberFilter(role="own"), []),
            (MemberFilter(team=team.id), ["ada@example.com"]),
            (MemberFilter(text="IŞIK"), ["ada@example.com"]),
            (MemberFilter(text="n_1@"), ["can_1@example.com"]),
            (MemberFilter(text="a_a@"), []),
            (MemberFilter(role="agent", state=MemberState.ACTIVE), ["ada@example.com"]),
        ):
            listed = work.members.list(only, cursor=None, limit=9).items
            assert [m.email for m in listed] == found, only


def test_only_the_active_hold_a_role(works: SqlWorks, tenant: UUID) -> None:
    ada, can = member(roles=("owner",)), member(roles=("agent", "owner"))
    gone = member(roles=("owner",), state=MemberState.SUSPENDED)
    added(works, tenant, ada, can, gone, member())
    with works(tenant) as work:
        assert [m.id for m in work.members.with_role("owner")] == sorted([ada.id, can.id])


def test_a_member_who_is_removed_takes_the_links_along(works: SqlWorks, tenant: UUID) -> None:
    ada, provider = member(), connection()
    with works(tenant) as work:
        work.members.add(ada)
        work.sso.add(provider)
        work.sso.add_link(Link(provider.id, "s", ada.id, NOW))
        assert work.members.remove(ada.id)
        assert not work.members.remove(ada.id)
        assert work.sso.link(provider.id, "s") is None


def test_the_sellers_of_a_person_are_those_where_they_are_active(
    engine: Engine, works: SqlWorks, tenants: Any
) -> None:
    person, first, second, third = uuid4(), tenants(), tenants(), tenants()
    added(works, first, member(person))
    added(works, second, member(person))
    added(works, third, member(person, state=MemberState.INVITED))
    memberships = Lookups(engine).memberships
    assert memberships(person) == sorted([first, second])
    with works(first) as work:
        work.members.save(member(person, state=MemberState.SUSPENDED, version=2))
        work.commit()
    assert memberships(person) == [second]
    assert memberships(uuid4()) == []


def test_a_role_is_kept_once_a_version(works: SqlWorks, tenant: UUID) -> None:
    role = Role("vardiya", "Vardiya", ("inbox.read", "inbox.write"), NOW)
    again = replace(role, permissions=("inbox.read",), version=2)
    with works(tenant) as work:
        work.roles.save(role)
        with pytest.raises(Conflict):
            work.roles.save(role)
        work.roles.save(again)
        with pytest.raises(Conflict):
            work.roles.save(again)
        with pytest.raises(Conflict):
            work.roles.save(replace(again, name="other"))
        assert work.roles.all() == {"vardiya": again}
        assert work.roles.remove("vardiya")
        assert not work.roles.remove("vardiya")
        assert work.roles.all() == {}


def test_a_team_is_named_once_and_listed_by_name(works: SqlWorks, tenant: UUID) -> None:
    late, early = Team(uuid4(), "b", NOW), Team(uuid4(), "a", NOW)
    with works(tenant) as work:
        work.teams.add(late)
        work.teams.add(early)
        with pytest.raises(Conflict):
            work.teams.add(Team(uuid4(), "a", NOW))
        work.teams.save(replace(late, name="c"))
        assert [team.name for team in work.teams.all()] == ["a", "c"]
        with pytest.raises(Conflict):
            work.teams.save(replace(late, name="a"))


def test_nobody_is_in_a_team_that_is_not_there(works: SqlWorks, tenant: UUID, tenants: Any) -> None:
    elsewhere = Team(uuid4(), "Destek", NOW)
    with works(tenants()) as work:
        work.teams.add(elsewhere)
        work.commit()
    for team in (uuid4(), elsewhere.id):
        with works(tenant) as work, pytest.raises(NotFound):
            work.members.add(member(teams=(team,)))


def test_who_was_in_a_removed_team_is_in_the_others_still(works: SqlWorks, tenant: UUID) -> None:
    gone, stays = Team(uuid4(), "a", NOW), Team(uuid4(), "b", NOW)
    both, other = member(teams=(gone.id, stays.id)), member(teams=(stays.id,))
    with works(tenant) as work:
        work.teams.add(gone)
        work.teams.add(stays)
        work.members.add(both)
        work.members.add(other)
        assert work.teams.remove(gone.id)
        assert not work.teams.remove(gone.id)
        assert work.members.get(both.id) == replace(both, teams=(stays.id,), version=2)
        assert work.members.get(other.id) == other


def test_the_policy_is_the_default_until_one_is_set(works: SqlWorks, tenant: UUID) -> None:
    policy = SignInPolicy(
        local=False,
        break_glass=uuid4(),
        second_factor=SecondFactor.ROLES,
        second_factor_roles=("owner",),
        sms_channel=uuid4(),
        people=Fence(("192.0.2.0/24", "2001:db8::/32"), ("TR", "DE")),
    )
    with works(tenant) as work:
        assert work.policy.get() == KeptPolicy(SignInPolicy(), 0)
        work.policy.save(KeptPolicy(policy, 1))
        assert work.policy.get() == KeptPolicy(policy, 1)
        for version in (1, 3):
            with pytest.raises(Conflict, match="meanwhile"):
                work.policy.save(KeptPolicy(SignInPolicy(), version))
        work.policy.save(KeptPolicy(replace(policy, idle_minutes=5), 2))
        assert work.policy.get() == KeptPolicy(replace(policy, idle_minutes=5), 2)


def test_a_key_opens_with_the_secret_before_its_rotation_as_well(
    engine: Engine, works: SqlWorks, tenant: UUID
) -> None:
    old, new = uuid4().bytes, uuid4().bytes
    fence = Fence(("192.0.2.0/24",), ("TR",))
    key = ApiKey(uuid4(), "k", "ivk_", old, ("inbox.read",), NOW, fence=fence)
    rotated = replace(key, digest=new, old_digest=old, old_until=NOW + MINUTE)
    with works(tenant) as work:
        work.api_keys.add(key)
        assert work.api_keys.get(key.id, lock=True) == key
        work.api_keys.save(rotated)
        assert work.api_keys.get(key.id) == rotated
        work.commit()
    find = Lookups(engine).find_api_key
    assert find(old) == find(new) == (tenant, key.id)
    assert find(uuid4().bytes) is None


def test_the_audit_log_is_sealed_for_the_application(works: SqlWorks, tenant: UUID) -> None:
    with works(tenant) as work:
        assert work.audit.sealed()


def test_the_audit_log_is_not_sealed_for_its_owner(database_url: str, tenant: UUID) -> None:
    with SqlWorks(database_login(database_url), lambda: None)(tenant) as work:
        assert not work.audit.sealed()


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        (
            "grant update (after) on {} to invekto_app",
            "revoke update (after) on {} from invekto_app",
        ),
        ("grant delete on {} to invekto_app", "revoke delete on {} from invekto_app"),
        ("grant truncate on {} to invekto_app", "revoke truncate on {} from invekto_app"),
        ("alter table {} disable trigger user", "alter table {} enable trigger user"),
        ("alter table {} no force row level security", "alter table {} force row level security"),
        ("alter table {} disable row level security", "alter table {} enable row level security"),
    ],
)
def test_a_broken_seal_is_seen(
    works: SqlWorks, tenant: UUID, database_url: str, broken: str, mended: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(broken.format("audit_events"))
        with works(tenant) as work:
            assert not work.audit.sealed()
        owner.execute(mended.format("audit_events"))
    with works(tenant) as work:
        assert work.audit.sealed()
