"""Who is signed in, by whose word, who was refused, and what every request asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from adapters.sql.stores import access
from adapters.sql.transaction import begun
from adapters.sql.work import SqlWorks
from core.identity.access import KeyStands, PersonStands
from core.identity.attempts import AttemptFilter, Refusal
from core.identity.lockout import ACCOUNT, Lockout, failed, forgiven
from core.identity.policy import KeptPolicy, SignInPolicy
from core.identity.sessions import Ended, Session, SessionFilter
from core.identity.sso import Link
from core.policies.roles import BUILT_IN
from core.shared.errors import Conflict, NotFound
from core.tenancy.api_keys import ApiKey
from core.tenancy.members import Role
from tests.adapters.realms import MINUTE, NOW, attempt, connection, member, session


def test_a_session_is_kept_as_it_is(works: SqlWorks, tenant: UUID) -> None:
    bare = session(uuid4())
    full = session(
        uuid4(),
        methods=("sso", "totp"),
        generation=3,
        rotated_at=NOW,
        remembered=True,
        proven_at=NOW,
        connection=uuid4(),
        sso_subject="subject",
        sso_session="sid",
        user_agent="Firefox",
        ip="2001:db8::1",
        country="TR",
        ended_at=NOW,
        ended_why=Ended.PROVIDER,
    )
    with works(tenant) as work:
        for one in (bare, full):
            work.sessions.add(one)
            assert work.sessions.get(one.id) == work.sessions.get(one.id, lock=True) == one
            with pytest.raises(Conflict):
                work.sessions.add(one)
        work.sessions.save(replace(bare, generation=1, refresh_digest=b"next"))
        assert work.sessions.get(bare.id) == replace(bare, generation=1, refresh_digest=b"next")
        assert work.sessions.get(uuid4()) is None


def test_a_session_that_has_ended_is_never_opened_again(works: SqlWorks, tenant: UUID) -> None:
    """Also not by somebody who read it before."""
    read = session(uuid4())
    gone = replace(read, ended_at=NOW, ended_why=Ended.REUSED)
    with works(tenant) as work:
        work.sessions.add(read)
        work.sessions.save(gone)
        work.sessions.save(replace(read, last_seen_at=NOW + MINUTE))
        work.sessions.save(replace(gone, ended_why=Ended.SIGNED_OUT))
        assert work.sessions.get(read.id) == gone


@pytest.fixture
def signed_in(works: SqlWorks, tenant: UUID) -> list[Session]:
    """The same person twice, somebody else by SSO twice, and one who has gone."""
    ada, can, provider = uuid4(), uuid4(), uuid4()
    by_sso = {"connection": provider, "sso_subject": "can"}
    sessions = [
        session(ada, last_seen_at=NOW),
        session(ada, last_seen_at=NOW + MINUTE),
        session(can, sso_session="1", last_seen_at=NOW + 2 * MINUTE, **by_sso),
        session(can, sso_session="2", last_seen_at=NOW + 3 * MINUTE, **by_sso),
        session(ada, ended_at=NOW, ended_why=Ended.SIGNED_OUT),
    ]
    with works(tenant) as work:
        for one in sessions:
            work.sessions.add(one)
        work.commit()
    return sessions


@pytest.mark.parametrize(
    ("of", "found"),
    [
        (lambda _: SessionFilter(), [3, 2, 1, 0]),
        (lambda s: SessionFilter(person=s[0].person), [1, 0]),
        (lambda s: SessionFilter(person=s[0].person, other_than=s[1].id), [0]),
        (lambda s: SessionFilter(connection=s[2].connection), [3, 2]),
        (lambda s: SessionFilter(connection=s[2].connection, sso_subject="can"), [3, 2]),
        (lambda s: SessionFilter(connection=s[2].connection, sso_session="2"), [3]),
        (lambda s: SessionFilter(connection=uuid4(), sso_subject="can"), []),
    ],
)
def test_open_sessions_are_listed_and_ended_by_the_same_words(
    works: SqlWorks, tenant: UUID, signed_in: list[Session], of: Any, found: list[int]
) -> None:
    wanted, only = [signed_in[n].id for n in found], of(signed_in)
    end = (only, Ended.BY_ADMINISTRATOR, NOW + MINUTE)
    with works(tenant) as work:
        assert [s.id for s in work.sessions.open(only)] == wanted
        assert sorted(work.sessions.end(*end)) == sorted(wanted)
        assert work.sessions.open(only) == []
        assert work.sessions.end(*end) == []
        for number, before in enumerate(signed_in):
            after = work.sessions.get(before.id)
            gone = replace(before, ended_at=NOW + MINUTE, ended_why=Ended.BY_ADMINISTRATOR)
            assert after == (gone if number in found else before)


def test_a_provider_is_kept_and_changed_once_a_version(works: SqlWorks, tenant: UUID) -> None:
    first, second = connection(), connection(created_at=NOW + MINUTE)
    with works(tenant) as work:
        work.sso.add(second)
        work.sso.add(first)
        assert work.sso.all() == [first, second]
        with pytest.raises(Conflict):
            work.sso.add(first)
        changed = replace(first, enabled=False, sealed=b"", version=2)
        work.sso.save(changed)
        with pytest.raises(Conflict, match="meanwhile"):
            work.sso.save(changed)
        assert work.sso.get(first.id) == changed
        assert work.sso.get(uuid4()) is None


def test_a_subject_is_linked_once_and_goes_with_its_provider(works: SqlWorks, tenant: UUID) -> None:
    provider, other, ada = connection(), connection(), member()
    link, twin = (Link(c.id, "s", ada.id, NOW) for c in (provider, other))
    with works(tenant) as work:
        work.members.add(ada)
        work.sso.add(provider)
        work.sso.add(other)
        work.sso.add_link(link)
        work.sso.add_link(twin)
        with pytest.raises(Conflict):
            work.sso.add_link(replace(link, created_at=NOW + MINUTE))
        assert work.sso.link(provider.id, "s") == link
        assert work.sso.link(provider.id, "S") is None
        assert {one.connection for one in work.sso.links_of(ada.id)} == {provider.id, other.id}
        assert work.sso.used(provider.id, "jti", NOW, NOW + MINUTE)
        assert work.sso.remove(provider.id)
        assert not work.sso.remove(provider.id)
        assert work.sso.links_of(ada.id) == [twin]


def test_a_subject_is_linked_to_nobody_but_a_member(works: SqlWorks, tenant: UUID) -> None:
    provider = connection()
    with works(tenant) as work:
        work.sso.add(provider)
        with pytest.raises(NotFound):
            work.sso.add_link(Link(provider.id, "s", uuid4(), NOW))


def test_a_one_time_word_is_seen_once_a_provider(works: SqlWorks, tenant: UUID) -> None:
    one, other = connection(), connection()
    with works(tenant) as work:
        work.sso.add(one)
        work.sso.add(other)
        words = ("jti", "jti", "j" * 9000, "j" * 9000, "\ud800", "\ufffd")
        seen = [work.sso.used(one.id, word, NOW, NOW + MINUTE) for word in words]
        assert seen == [True, False, True, False, True, True]
        assert work.sso.used(other.id, "jti", NOW, NOW + MINUTE)
        assert not work.sso.used(one.id, "jti", NOW + 2 * MINUTE, NOW + 3 * MINUTE)


def test_refusals_are_listed_newest_first(works: SqlWorks, tenant: UUID, pages: Any) -> None:
    ada, since = uuid4(), NOW + 3 * MINUTE
    kept = [
        attempt(at=NOW + n * MINUTE, person=ada if n % 2 else None, ip=f"192.0.2.{n % 3}")
        for n in range(6)
    ]
    full = replace(kept[0], reason=Refusal.SSO, email="a@example.com", country="TR")
    kept[0] = replace(full, user_agent="curl", device=uuid4(), detail="nonce")
    with works(tenant) as work:
        for one in kept:
            work.attempts.add(one)
        for only, found in (
            (AttemptFilter(), [5, 4, 3, 2, 1, 0]),
            (AttemptFilter(person=ada), [5, 3, 1]),
            (AttemptFilter(ip="192.0.2.0"), [3, 0]),
            (AttemptFilter(reason=Refusal.SSO), [0]),
            (AttemptFilter(since=since), [5, 4, 3]),
        ):
            wanted = [kept[n] for n in found]
            assert pages(lambda c, o=only: work.attempts.list(o, cursor=c, limit=2)) == wanted


def test_failures_are_counted_until_they_are_forgiven(works: SqlWorks, tenant: UUID) -> None:
    with works(tenant) as work:
        lockout = work.lockouts.get("account:1")
        assert lockout == Lockout("account:1")
        for _ in range(ACCOUNT.tries):
            lockout = failed(lockout, ACCOUNT, NOW)
            work.lockouts.save(lockout)
            assert work.lockouts.get("account:1") == lockout
        longer = replace(lockout, key="network:1", locked_until=NOW + 20 * MINUTE)
        work.lockouts.save(longer)
        assert work.lockouts.locked(NOW) == [longer, lockout]
        assert work.lockouts.locked(NOW + 15 * MINUTE) == [longer]
        work.lockouts.save(forgiven(lockout))
        assert work.lockouts.get("account:1") == Lockout("account:1")
        assert work.lockouts.locked(NOW) == [longer]


def test_a_request_learns_all_of_a_session_at_once(
    works: SqlWorks, tenant: UUID, tenants: Any
) -> None:
    ada = member(roles=("agent", "vardiya", "gone"), last_seen_at=NOW)
    one, stranger = session(ada.id), session(uuid4())
    policy = SignInPolicy(idle_minutes=5, second_factor_roles=("owner",))
    with works(tenant) as work:
        work.members.add(ada)
        work.sessions.add(one)
        work.sessions.add(stranger)
        work.roles.save(Role("spare", "Spare", ("keys.read",)))
        plain = BUILT_IN["agent"].permissions
        expected = PersonStands(one, ada, frozenset(plain), SignInPolicy())
        assert work.access.session(one.id) == expected
        work.roles.save(Role("vardiya", "Vardiya", ("journal.read", "inbox.read")))
        work.policy.save(KeptPolicy(policy, 1))
        more = frozenset((*plain, "journal.read"))
        assert work.access.session(one.id) == PersonStands(one, ada, more, policy)
        assert work.access.session(stranger.id) is None
        assert work.access.session(uuid4()) is None
        work.commit()
    with works(tenants()) as work:
        assert work.access.session(one.id) is None


def test_a_request_learns_all_of_a_key_at_once(works: SqlWorks, tenant: UUID) -> None:
    key = ApiKey(uuid4(), "k", "ivk_", uuid4().bytes, ("inbox.read",), NOW, NOW)
    policy = SignInPolicy(idle_minutes=5)
    with works(tenant) as work:
        work.api_keys.add(key)
        assert work.access.key(key.id) == KeyStands(key, SignInPolicy())
        work.policy.save(KeptPolicy(policy, 1))
        assert work.access.key(key.id) == KeyStands(key, policy)
        assert work.access.key(uuid4()) is None


@pytest.mark.parametrize(
    ("statement", "asked_of"),
    [(access.PERSON, ["sessions", "members", "roles", "policies"]),
     (access.KEY, ["api_keys", "policies"])],
    ids=["session", "key"],
)  # fmt: skip
def test_what_every_request_asks_is_found_by_primary_keys_alone(
    engine: Engine, tenant: UUID, statement: Any, asked_of: list[str]
) -> None:
    literal = {"literal_binds": True}
    with_values = statement.params(tenant=tenant, wanted=uuid4())
    asked = with_values.compile(dialect=engine.dialect, compile_kwargs=literal)
    with begun(engine, tenant) as transaction:
        transaction.run(text("set local enable_seqscan = off"))
        connection = transaction.connection
        plan = "\n".join(connection.exec_driver_sql(f"explain {asked}").scalars())
    assert "Seq Scan" not in plan, plan
    assert plan.count("Index Cond: ") == len(asked_of), plan
    assert all(f"{table}_pkey" in plan for table in asked_of), plan
