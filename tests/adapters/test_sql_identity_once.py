"""Whatever may happen once happens once, under fifty who try at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from adapters.sql.engine import make_engine
from adapters.sql.lookups import Lookups
from adapters.sql.work import SqlWorks
from core.identity.lockout import ACCOUNT, failed, wait
from core.identity.policy import SignInPolicy
from core.identity.sessions import Exchange, exchange, rotated
from core.identity.tickets import Purpose
from core.shared.errors import Conflict, NotFound
from core.tenancy.members import MemberFilter, Team
from core.tenancy.tenant import Tenant
from tests.adapters.realms import (
    MINUTE,
    NOW,
    address,
    connection,
    factor,
    issued,
    member,
    passkey,
    session,
)

CROWD = 50
Together = Callable[[int, Callable[[int], Any]], list[Any]]


@pytest.fixture(scope="module")
def wide(engine: Engine) -> Iterator[Engine]:
    """A connection for everybody in the crowd."""
    wide = make_engine(engine.url.render_as_string(hide_password=False), pool_size=CROWD)
    yield wide
    wide.dispose()


@pytest.fixture
def works(wide: Engine) -> SqlWorks:
    return SqlWorks(wide, lambda: None)


def done(works: SqlWorks, realm: UUID, act: Callable[[Any], Any]) -> Any:
    with works(realm) as work:
        answer = act(work)
        work.commit()
    return answer


def crowd(works: SqlWorks, realm: UUID, together: Together, act: Callable[[Any], Any]) -> list[Any]:
    return together(CROWD, lambda _: done(works, realm, act))


def test_a_ticket_is_taken_by_one(works: SqlWorks, tenant: UUID, together: Together) -> None:
    token, kept = issued(tenant)
    done(works, tenant, lambda w: w.tickets.add(kept))
    taken = crowd(
        works,
        tenant,
        together,
        lambda w: w.tickets.take(token.id, token.digest, Purpose.RESET, NOW),
    )
    assert [t for t in taken if t is not None] == [replace(kept, used_at=NOW)]


def test_wrong_codes_are_all_counted(works: SqlWorks, tenant: UUID, together: Together) -> None:
    token, kept = issued(tenant, Purpose.CHALLENGE)
    done(works, tenant, lambda w: w.tickets.add(kept))
    counted = crowd(works, tenant, together, lambda w: w.tickets.tried(token.id, 5))
    assert sorted(counted) == [*range(1, CROWD + 1)]
    with works(tenant) as work:
        assert work.tickets.look(token.id, token.digest, Purpose.CHALLENGE, NOW) is None


def test_a_time_step_is_accepted_by_one(works: SqlWorks, tenant: UUID, together: Together) -> None:
    totp = factor(step=7)
    done(works, tenant, lambda w: w.factors.add(totp))
    accepted = crowd(works, tenant, together, lambda w: w.factors.used_step(totp.id, 8, NOW))
    assert accepted.count(True) == 1


def test_a_backup_code_is_used_by_one(works: SqlWorks, tenant: UUID, together: Together) -> None:
    done(works, tenant, lambda w: w.backup_codes.replace([b"1", b"2"], NOW))
    used = crowd(works, tenant, together, lambda w: w.backup_codes.use(b"1", NOW))
    assert used.count(True) == 1
    with works(tenant) as work:
        assert work.backup_codes.left() == 1


def test_one_set_of_backup_codes_stands(works: SqlWorks, tenant: UUID, together: Together) -> None:
    sets = [[sha256(bytes([n, code])).digest() for code in range(10)] for n in range(CROWD)]
    together(CROWD, lambda n: done(works, tenant, lambda w: w.backup_codes.replace(sets[n], NOW)))
    with works(tenant) as work:
        assert work.backup_codes.left() == 10
        standing = [codes for codes in sets if work.backup_codes.use(codes[0], NOW)]
        assert len(standing) == 1
        assert all(work.backup_codes.use(code, NOW) for code in standing[0][1:])


def test_a_providers_word_is_seen_by_one(works: SqlWorks, tenant: UUID, together: Together) -> None:
    provider = connection()
    done(works, tenant, lambda w: w.sso.add(provider))
    first = crowd(
        works, tenant, together, lambda w: w.sso.used(provider.id, "jti", NOW, NOW + MINUTE)
    )
    assert first.count(True) == 1


def test_a_word_whose_work_was_rolled_back_was_not_seen(
    works: SqlWorks, tenant: UUID, together: Together
) -> None:
    provider = connection()
    done(works, tenant, lambda w: w.sso.add(provider))

    def see(number: int) -> bool:
        with works(tenant) as work:
            seen: bool = work.sso.used(provider.id, "jti", NOW, NOW + MINUTE)
            if number % 2:
                work.commit()
        return seen and bool(number % 2)

    assert together(CROWD, see).count(True) == 1


def test_the_last_owner_stays(works: SqlWorks, tenant: UUID, together: Together) -> None:
    owners = [member(roles=("owner",)) for _ in range(CROWD)]
    done(works, tenant, lambda w: [w.members.add(owner) for owner in owners])

    def resign(number: int) -> bool:
        with works(tenant) as work:
            standing = work.members.with_role("owner")
            if len(standing) < 2:
                return False
            [me] = [m for m in standing if m.id == owners[number].id]
            work.members.save(replace(me, roles=("agent",), version=me.version + 1))
            work.commit()
        return True

    assert together(CROWD, resign).count(True) == CROWD - 1
    with works(tenant) as work:
        assert len(work.members.with_role("owner")) == 1


def test_a_refresh_token_is_exchanged_by_one(
    works: SqlWorks, tenant: UUID, together: Together
) -> None:
    one = session(uuid4(), refresh_digest=b"0")
    done(works, tenant, lambda w: w.sessions.add(one))

    def renew(number: int) -> Exchange:
        with works(tenant) as work:
            found = work.sessions.get(one.id, lock=True)
            assert found is not None
            matches = found.refresh_digest == b"0"
            step = exchange(found, 0, matches, SignInPolicy(), NOW)
            if step is Exchange.GRANTED:
                work.sessions.save(rotated(found, str(number).encode() + b"!", NOW))
            work.commit()
        return step

    assert together(CROWD, renew).count(Exchange.GRANTED) == 1
    with works(tenant) as work:
        assert work.sessions.get(one.id).generation == 1


def test_every_failure_is_counted(works: SqlWorks, tenant: UUID, together: Together) -> None:
    def fail(_: int) -> bool:
        with works(tenant) as work:
            lockout = work.lockouts.get("account:1")
            if wait(lockout, NOW) is not None:
                return False
            work.lockouts.save(failed(lockout, ACCOUNT, NOW))
            work.commit()
        return True

    assert together(CROWD, fail).count(True) == ACCOUNT.tries
    with works(tenant) as work:
        assert work.lockouts.get("account:1").locks == 1


def test_an_address_is_claimed_by_one(wide: Engine, works: SqlWorks, together: Together) -> None:
    email, rivals = address(), [realm(works) for _ in range(CROWD)]
    claimed = together(
        CROWD, lambda n: done(works, rivals[n], lambda w: w.account.claim_email(email))
    )
    assert claimed.count(True) == 1
    assert Lookups(wide).find_email(email) == rivals[claimed.index(True)]


def test_a_person_who_claims_two_addresses_has_one(
    wide: Engine, works: SqlWorks, together: Together
) -> None:
    person, addresses = realm(works), [address() for _ in range(CROWD)]
    together(CROWD, lambda n: done(works, person, lambda w: w.account.claim_email(addresses[n])))
    find = Lookups(wide).find_email
    assert [find(email) for email in addresses].count(person) == 1


def test_a_passkey_is_registered_once(works: SqlWorks, tenant: UUID, together: Together) -> None:
    def register(_: Any) -> bool:
        try:
            done(works, tenant, lambda w: w.factors.add(passkey(b"credential")))
        except Conflict:
            return False
        return True

    assert together(CROWD, register).count(True) == 1


def test_nobody_joins_a_team_while_it_is_removed(
    works: SqlWorks, tenant: UUID, together: Together
) -> None:
    team = Team(uuid4(), "Destek", NOW)
    done(works, tenant, lambda w: w.teams.add(team))

    def act(number: int) -> None:
        if number == CROWD // 2:
            assert done(works, tenant, lambda w: w.teams.remove(team.id))
            return
        with suppress(NotFound):
            done(works, tenant, lambda w: w.members.add(member(teams=(team.id,))))

    together(CROWD, act)
    with works(tenant) as work:
        listed = work.members.list(MemberFilter(team=team.id), cursor=None, limit=CROWD)
        assert listed.items == []
        assert work.teams.all() == []


def realm(works: SqlWorks) -> UUID:
    """A new realm of anybody's."""
    opened = Tenant(uuid4(), "", "Europe/Istanbul", "TRY", "tr", NOW)
    done(works, opened.id, lambda w: w.tenants.add(opened))
    return opened.id
