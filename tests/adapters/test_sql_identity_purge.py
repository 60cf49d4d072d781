"""What sign-in keeps is forgotten when its time is over, and not before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from adapters.sql.lookups import Lookups
from adapters.sql.work import SqlWorks
from core.identity.attempts import AttemptFilter
from core.identity.letters import LetterState
from core.identity.lockout import ACCOUNT, NETWORK, Lockout, failed
from core.identity.policy import ABSOLUTE_MINUTES, REMEMBER_DAYS
from core.identity.sessions import Ended
from core.identity.tickets import LIFETIMES, Purpose
from tests.adapters.realms import MINUTE, NOW, attempt, connection, issued, letter, session

DAY = timedelta(days=1)
Kept = Callable[[Any], bool]


def ticket(work: Any) -> Kept:
    _, kept = issued(work.tenant_id)
    work.tickets.add(kept)
    return lambda w: w.tickets.look(kept.id, kept.digest, Purpose.RESET, NOW) is not None


def one_time_word(work: Any) -> Kept:
    provider = connection()
    work.sso.add(provider)
    work.sso.used(provider.id, "jti", NOW, NOW + MINUTE)
    return lambda w: not w.sso.used(provider.id, "jti", NOW, NOW + MINUTE)


def lockout(rule: Any, failures: int) -> Callable[[Any], Kept]:
    def added(work: Any) -> Kept:
        kept = Lockout(f"account:{uuid4()}", locks=20)
        for _ in range(failures):
            kept = failed(kept, rule, NOW)
        work.lockouts.save(kept)
        return lambda w: w.lockouts.get(kept.key) == kept

    return added


def refusal(work: Any) -> Kept:
    work.attempts.add(attempt())
    return lambda w: bool(w.attempts.list(AttemptFilter(), cursor=None, limit=1).items)


def signed(**more: Any) -> Callable[[Any], Kept]:
    def added(work: Any) -> Kept:
        kept = session(uuid4(), **more)
        work.sessions.add(kept)
        return lambda w: w.sessions.get(kept.id) is not None

    return added


def sent(state: LetterState) -> Callable[[Any], Kept]:
    def added(work: Any) -> Kept:
        kept = letter(state=state, lease_until=NOW + MINUTE)
        work.letters.add(kept)
        return lambda w: w.letters.get(kept.id) is not None

    return added


OVER = {"ended_at": NOW, "ended_why": Ended.SIGNED_OUT}
CASES = {
    "ticket": (ticket, LIFETIMES[Purpose.RESET]),
    "one-time word": (one_time_word, MINUTE),
    "failure": (lockout(ACCOUNT, 1), ACCOUNT.forgets),
    "locked account": (lockout(ACCOUNT, ACCOUNT.tries), ACCOUNT.forgets),
    "banned network": (lockout(NETWORK, NETWORK.tries), NETWORK.longest),
    "refusal": (refusal, 180 * DAY),
    "session that ended": (signed(**OVER), 90 * DAY),
    "session that ended late": (signed(**OVER, created_at=NOW - 80 * DAY), 90 * DAY),
    "session that was left": (signed(), 180 * DAY),
    "letter that was sent": (sent(LetterState.SENT), 30 * DAY),
    "letter that is dead": (sent(LetterState.DEAD), 30 * DAY),
}


@pytest.mark.parametrize(("add", "time"), CASES.values(), ids=CASES)
def test_it_is_kept_for_its_time_and_then_forgotten(
    engine: Engine, works: SqlWorks, tenant: UUID, add: Any, time: timedelta
) -> None:
    purge = Lookups(engine).purge_identity
    purge(NOW + 365 * DAY)  # what other tests have left
    with works(tenant) as work:
        is_kept = add(work)
        work.commit()
    assert purge(NOW + time - timedelta(seconds=1)) == 0
    with works(tenant) as work:
        assert is_kept(work)
    assert purge(NOW + time) == 1
    with works(tenant) as work:
        assert not is_kept(work)


@pytest.mark.parametrize("state", [LetterState.READY, LetterState.SENDING])
def test_a_letter_that_is_owed_is_never_forgotten(
    engine: Engine, works: SqlWorks, tenant: UUID, state: LetterState
) -> None:
    with works(tenant) as work:
        is_kept = sent(state)(work)
        work.commit()
    Lookups(engine).purge_identity(NOW + 365 * DAY)
    with works(tenant) as work:
        assert is_kept(work)


def test_so_many_of_each_kind_go_at_once(engine: Engine, works: SqlWorks, tenant: UUID) -> None:
    purge = Lookups(engine).purge_identity
    purge(NOW + 365 * DAY)
    with works(tenant) as work:
        for _ in range(5):
            ticket(work)
            work.attempts.add(replace(attempt(), id=uuid4()))
        work.commit()
    assert [purge(NOW + 365 * DAY, 2) for _ in range(4)] == [4, 4, 2, 0]


def test_no_session_that_still_lives_is_forgotten() -> None:
    """The purge does not know the policies; it waits for longer than any of them allows."""
    longest = max(REMEMBER_DAYS) * DAY, max(ABSOLUTE_MINUTES) * MINUTE
    assert max(longest) <= 180 * DAY
