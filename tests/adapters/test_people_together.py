"""Many people change who may do what in the same moment, and what must hold holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.sql.work import SqlWorks
from core.identity.client import Client
from core.identity.policy import SignInPolicy
from core.identity.set_policy import set_policy
from core.policies.roles import OWNER, PERMISSIONS
from core.shared.actor import Actor
from core.shared.errors import Conflict, DomainError, NotFound
from core.tenancy.api_keys import IssueKey, digest, issue, rotate
from core.tenancy.membering import MemberChange, Membering
from core.tenancy.members import Member, MemberFilter, MemberState
from core.tenancy.own_roles import SetRole, remove_role, set_role

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
Together = Callable[[int, Callable[[int], Any]], list[Any]]


class Clock:
    def now(self) -> datetime:
        return NOW


class Staff:
    """A seller with some owners, who act."""

    def __init__(self, works: SqlWorks, tenant: UUID, owners: int) -> None:
        self.works, self.tenant = works, tenant
        self.membering = Membering(works, Clock())
        self.owners = [self.hire(OWNER) for _ in range(owners)]

    def hire(self, *roles: str) -> UUID:
        id = uuid4()
        with self.works(self.tenant) as work:
            work.members.add(
                Member(id, f"{id}@deniz.example", "Ada", MemberState.ACTIVE, roles, NOW, NOW)
            )
            work.commit()
        return id

    def actor(self, id: UUID) -> Actor:
        return Actor(self.tenant, "person", str(id), frozenset(PERMISSIONS), proven_at=NOW)

    def member(self, id: UUID) -> Member | None:
        with self.works(self.tenant) as work:
            return work.members.get(id)

    def left(self) -> list[Member]:
        with self.works(self.tenant) as work:
            return list(work.members.with_role(OWNER))

    def lose(self, how: str, id: UUID, by: UUID) -> None:
        if how == "demote":
            member = self.member(id)
            if member is None:
                raise NotFound("they are gone")
            wanted = MemberChange(roles=("agent",))
            self.membering.change(id, wanted, member.version, self.actor(by))
        else:
            getattr(self.membering, how)(id, self.actor(by))


def passed(act: Callable[[], object]) -> bool:
    """Whether it was done; what is refused is refused in the core's own words."""
    try:
        act()
    except DomainError:
        return False
    return True


@pytest.mark.parametrize("how", ["demote", "suspend", "remove"])
def test_of_two_owners_who_dispose_of_each_other_one_stays(
    works: SqlWorks, tenants: Callable[[], UUID], together: Together, how: str
) -> None:
    for _ in range(15):
        staff = Staff(works, tenants(), 2)

        def dispose(n: int, staff: Staff = staff) -> bool:
            other = staff.owners[1 - n]
            return passed(lambda: staff.lose(how, other, staff.owners[n]))

        assert sorted(together(2, dispose)) == [False, True]
        assert len(staff.left()) == 1


def test_however_many_dispose_of_however_many_an_owner_is_left(
    works: SqlWorks, tenant: UUID, together: Together
) -> None:
    staff, ways = Staff(works, tenant, 6), ("demote", "suspend", "remove")

    def dispose(n: int) -> bool:
        by, to = staff.owners[n % 6], staff.owners[(n * 5 + 1 + n // 6) % 6]
        return passed(lambda: staff.lose(ways[n % 3], to, by))

    done = together(50, dispose)
    assert 1 <= sum(done) < 50
    assert len(staff.left()) >= 1


def test_an_owner_who_goes_and_the_policy_that_names_them_are_not_both_kept(
    works: SqlWorks, tenants: Callable[[], UUID], together: Together
) -> None:
    for _ in range(15):
        staff = Staff(works, tenants(), 2)
        glass = staff.owners[1]
        policy = SignInPolicy(local=False, break_glass=glass)

        def act(n: int, staff: Staff = staff, policy: SignInPolicy = policy) -> bool:
            author, glass = staff.owners
            if n:
                return passed(lambda: staff.lose("remove", glass, author))
            return passed(
                lambda: set_policy(
                    policy,
                    0,
                    staff.actor(author),
                    Client(),
                    force=True,
                    works=works,
                    now=NOW,
                )
            )

        assert sum(together(2, act)) == 1
        with works(staff.tenant) as work:
            kept = work.policy.get().policy
        assert kept.local or staff.member(glass) is not None


def test_a_role_that_goes_is_given_to_nobody(
    works: SqlWorks, tenants: Callable[[], UUID], together: Together
) -> None:
    for _ in range(15):
        staff = Staff(works, tenants(), 1)
        boss, ali = staff.actor(staff.owners[0]), staff.hire("agent")
        given = {"works": works, "now": NOW}
        set_role(SetRole("packing", "Packing", ("inbox.read",)), 0, boss, **given)

        def act(n: int, staff: Staff = staff, boss: Actor = boss, ali: UUID = ali) -> bool:
            if n:
                return passed(lambda: remove_role("packing", boss, works=works, now=NOW))
            wanted = MemberChange(roles=("agent", "packing"))
            return passed(lambda: staff.membering.change(ali, wanted, 1, boss))

        assert sum(together(2, act)) == 1
        with works(staff.tenant) as work:
            has = work.members.list(MemberFilter(role="packing"), cursor=None, limit=9).items
            assert bool(has) is ("packing" in work.roles.all())


def test_of_many_who_change_the_same_version_one_does(
    works: SqlWorks, tenant: UUID, together: Together
) -> None:
    staff = Staff(works, tenant, 1)
    boss, ali = staff.actor(staff.owners[0]), staff.hire("agent")

    def rename(n: int) -> bool:
        try:
            staff.membering.change(ali, MemberChange(name=f"Ali {n}"), 1, boss)
        except Conflict:
            return False
        return True

    assert sum(together(50, rename)) == 1


def test_fifty_rotations_at_once_leave_two_secrets(
    works: SqlWorks, tenant: UUID, together: Together
) -> None:
    actor, id = Actor(tenant, "api_key", "k", frozenset(PERMISSIONS)), uuid4()
    secrets = [f"ivk_secret-{n:02}" for n in range(50)]
    issue(id, "ivk_first", IssueKey("k", ("inbox.read",)), actor, works=works, now=NOW)

    def turn(n: int) -> None:
        rotate(id, secrets[n], timedelta(hours=1), actor, works=works, now=NOW)

    together(50, turn)
    with works(tenant) as work:
        key = work.api_keys.get(id)
    assert key
    assert sum(key.opens(digest(s), NOW) for s in secrets) == 2
    assert not key.opens(digest("ivk_first"), NOW)
