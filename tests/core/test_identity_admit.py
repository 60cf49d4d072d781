"""Who may act is asked at every request, and nothing is remembered from the one before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.identity.admit import FRESH, ONCE, Admit
from core.identity.attempts import Refusal
from core.identity.client import Client
from core.identity.means import Claims
from core.identity.policy import Fence, KeptPolicy, SignInPolicy
from core.identity.sessions import Ended, Session, ended
from core.shared.actor import Actor
from core.shared.errors import NotFromHere
from core.shared.ids import OPERATOR
from core.tenancy.api_keys import ApiKey, digest
from core.tenancy.members import Member, MemberState, Role
from tests.core.fakes.identity import Access
from tests.core.fakes.world import NOW, TENANT, CountingIds, FakeClock, World

PERSON, DEVICE = uuid4(), uuid4()
HERE = Client("203.0.113.9", user_agent="Firefox", correlation_id="r-1")
SECRET = "ivk_abc"


class Atlas:
    def country(self, ip: str) -> str | None:
        return "TR" if ip.startswith("203.0.113.") else None


@dataclass
class Door:
    world: World = field(default_factory=World)
    clock: FakeClock = field(default_factory=FakeClock)
    session: UUID = field(default_factory=uuid4)
    key_id: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        self.admit = Admit(self.world, Atlas(), self.clock, CountingIds())
        member = Member(PERSON, "a@b.example", "A", MemberState.ACTIVE, ("agent",), NOW, NOW)
        opened = Session(self.session, PERSON, DEVICE, ("password",), NOW, NOW, b"d", proven_at=NOW)
        key = ApiKey(self.key_id, "k", "ivk_ab", digest(SECRET), ("inbox.read",), NOW)
        with self.world(TENANT) as work:
            work.members.add(member)
            work.sessions.add(opened)
            work.api_keys.add(key)
            work.commit()

    def policy(self, **asked: Any) -> None:
        version = self.tables.policy["self"].version + 1 if self.tables.policy else 1
        self.tables.policy["self"] = KeptPolicy(SignInPolicy(**asked), version)

    @property
    def tables(self) -> Any:
        return self.world.tables()

    def person(self, client: Client = HERE, **claimed: UUID) -> Actor | None:
        told = {"person": PERSON, "tenant": TENANT, "session": self.session} | claimed
        return self.admit.person(Claims(**told, expires_at=NOW), client)

    def key(self, client: Client = HERE, secret: str = SECRET) -> Actor | None:
        return self.admit.key(TENANT, self.key_id, digest(secret), client)

    def change(self, table: str, id: UUID, **to: Any) -> None:
        rows = getattr(self.tables, table)
        rows[id] = replace(rows[id], **to)


@pytest.fixture
def door() -> Door:
    return Door()


def test_a_person_acts_with_the_permissions_of_their_roles(door: Door) -> None:
    assert door.person() == Actor(
        TENANT,
        "person",
        str(PERSON),
        frozenset({"inbox.read", "inbox.write", "inbox.all", "agents.read"}),
        "203.0.113.9",
        "Firefox",
        "r-1",
        door.session,
        NOW,
    )


def test_a_role_that_is_changed_counts_at_the_next_request(door: Door) -> None:
    door.tables.roles["night"] = Role("night", "Night", ("journal.read",))
    door.change("members", PERSON, roles=("night",))
    found = door.person()
    assert found
    assert found.scopes == {"journal.read"}


@pytest.mark.parametrize(
    "over",
    [
        lambda d: d.tables.sessions.update({d.session: ended(_of(d), Ended.REVOKED, NOW)}),
        lambda d: d.change("members", PERSON, state=MemberState.SUSPENDED),
        lambda d: d.change("members", PERSON, state=MemberState.INVITED),
        lambda d: d.tables.members.clear(),
        lambda d: d.clock.forward(minutes=60),
        lambda d: d.policy(idle_minutes=5) or d.clock.forward(minutes=5),
        lambda d: (
            d.change("sessions", d.session, last_seen_at=NOW + timedelta(hours=12))
            or d.clock.forward(hours=12)
        ),
    ],
    ids=["ended", "suspended", "invited", "removed", "idle", "policy", "absolute"],
)
def test_what_is_over_is_over_at_once(door: Door, over: Callable[[Door], object]) -> None:
    assert door.person()
    over(door)
    assert door.person() is None


def _of(door: Door) -> Session:
    found: Session = door.tables.sessions[door.session]
    return found


def test_a_token_of_another_session_or_person_opens_nothing(door: Door) -> None:
    assert door.person(session=uuid4()) is None
    assert door.person(person=uuid4()) is None
    assert door.person(tenant=uuid4()) is None


def test_a_session_is_seen_once_a_minute_and_lives_on_by_it(door: Door) -> None:
    door.clock.forward(FRESH - timedelta(seconds=1))
    door.person()
    assert _of(door).last_seen_at == NOW
    door.clock.forward(seconds=1)
    door.person()
    assert _of(door).last_seen_at == NOW + FRESH
    door.clock.forward(minutes=59)
    assert door.person()


def test_a_key_acts_with_its_scopes_and_its_use_is_noted(door: Door) -> None:
    found = door.key()
    assert found
    assert (found.kind, found.id, found.scopes) == ("api_key", str(door.key_id), {"inbox.read"})
    assert door.tables.api_keys[door.key_id].last_used_at == NOW
    assert door.key(secret="ivk_other") is None
    door.change("api_keys", door.key_id, revoked_at=NOW)
    assert door.key() is None


def test_what_happens_meanwhile_is_not_undone(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token is exchanged, and a key revoked, after they were read and before it is noted."""
    session, key = Access.session, Access.key

    def exchanged(access: Any, id: UUID) -> Any:
        found = session(access, id)
        access.t.sessions[id] = replace(access.t.sessions[id], generation=7)
        return found

    def revoked(access: Any, id: UUID) -> Any:
        found = key(access, id)
        access.t.api_keys[id] = replace(access.t.api_keys[id], revoked_at=NOW)
        return found

    monkeypatch.setattr(Access, "session", exchanged)
    monkeypatch.setattr(Access, "key", revoked)
    door.clock.forward(FRESH)
    assert door.person()
    assert door.key()
    assert (_of(door).generation, _of(door).last_seen_at) == (7, NOW + FRESH)
    assert door.tables.api_keys[door.key_id].revoked_at == NOW


def test_the_operators_keys_act_for_the_operator(door: Door) -> None:
    door.world.tenants[OPERATOR] = door.tables
    found = door.admit.key(OPERATOR, door.key_id, digest(SECRET), HERE)
    assert found
    assert found.kind == "operator"


AWAY = Client("198.51.100.7")
FENCES = [
    (Fence(networks=("203.0.113.0/24",)), Refusal.NETWORK),
    (Fence(countries=("TR",)), Refusal.COUNTRY),
]


@pytest.mark.parametrize(("fence", "why"), FENCES)
def test_the_fence_stands_at_every_request(door: Door, fence: Fence, why: Refusal) -> None:
    door.policy(people=fence)
    assert door.person()
    with pytest.raises(NotFromHere):
        door.person(AWAY)
    [attempt] = door.tables.attempts.values()
    assert (attempt.reason, attempt.person, attempt.ip) == (why, PERSON, "198.51.100.7")
    [told] = door.tables.audit
    assert (told.event_type, told.resource_id) == ("access.fenced", str(door.session))
    assert door.key(AWAY), "people and keys have fences of their own"


@pytest.mark.parametrize("fence", [fence for fence, _ in FENCES])
@pytest.mark.parametrize("own", [True, False])
def test_a_keys_own_fence_and_the_sellers_both_stand(door: Door, fence: Fence, own: bool) -> None:
    if own:
        door.change("api_keys", door.key_id, fence=fence)
    else:
        door.policy(keys=fence)
    assert door.key()
    with pytest.raises(NotFromHere):
        door.key(AWAY)
    [attempt] = door.tables.attempts.values()
    assert (attempt.reason, attempt.person) == (Refusal.KEY, None)
    assert str(door.key_id) in (attempt.detail or "")


def test_nobody_fills_the_log_by_trying(door: Door) -> None:
    door.policy(people=Fence(networks=("203.0.113.0/24",)))
    for _ in range(3):
        with pytest.raises(NotFromHere):
            door.person(AWAY)
    with pytest.raises(NotFromHere):
        door.person(Client("198.51.100.8"))
    assert len(door.tables.attempts) == len(door.tables.audit) == 2
    door.clock.forward(ONCE)
    with pytest.raises(NotFromHere):
        door.person(AWAY)
    assert len(door.tables.attempts) == 3


def test_an_address_that_nobody_can_tell_is_outside_every_fence(door: Door) -> None:
    door.policy(people=Fence(countries=("TR",)))
    with pytest.raises(NotFromHere):
        door.person(Client(None))
