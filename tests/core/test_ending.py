"""A seller looks after its people's sessions and after those who were not let in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from core.identity.attempts import Attempt, AttemptFilter, Refusal
from core.identity.ending import end_session, end_sessions_of, refused, sessions_of
from core.identity.policy import SignInPolicy
from core.identity.sessions import Ended, Session
from core.policies.roles import BUILT_IN, OWNER
from core.shared.errors import NotAllowed, NotFound
from tests.core.fakes.house import House
from tests.core.fakes.people import acting, hire, set_up, sign_in
from tests.core.fakes.world import NOW, OTHER, TENANT


def kept(house: House, session: Session) -> Session:
    with house.world(TENANT) as work:
        found = work.sessions.get(session.id)
    assert found
    return found


def test_everybodys_sessions_are_seen_with_when_they_end(house: House) -> None:
    owner, ali = hire(house, "deniz", OWNER), hire(house, "ali", "agent")
    set_up(house, SignInPolicy(idle_minutes=30))
    first, second = sign_in(house, owner), sign_in(house, ali)
    sign_in(house, ali, tenant=OTHER)
    act = acting(house, owner)
    found = sessions_of(None, act, works=house.world, now=NOW)
    ends = NOW + timedelta(minutes=30)
    assert {(s.id, e) for s, e in found} == {(first.id, ends), (second.id, ends)}
    found = sessions_of(ali.id, act, works=house.world, now=NOW)
    assert [s for s, _ in found] == [second]


def test_a_session_that_is_over_is_not_shown(house: House) -> None:
    owner = hire(house, "deniz", OWNER)
    set_up(house, SignInPolicy(idle_minutes=30))
    sign_in(house, owner, last_seen_at=NOW - timedelta(minutes=30))
    sign_in(house, owner, ended_at=NOW, ended_why=Ended.SIGNED_OUT)
    assert sessions_of(None, acting(house, owner), works=house.world, now=NOW) == []


def test_a_session_is_ended_once_and_told_once(house: House) -> None:
    owner, ali = hire(house, "deniz", OWNER), hire(house, "ali", "agent")
    session, other, act = sign_in(house, ali), sign_in(house, ali), acting(house, owner)
    for later in (0, 1):
        end_session(session.id, act, works=house.world, now=NOW + timedelta(hours=later))
    assert (kept(house, session).ended_at, kept(house, session).ended_why) == (
        NOW,
        Ended.BY_ADMINISTRATOR,
    )
    assert kept(house, other).ended_at is None
    [told] = house.tables.audit
    assert (told.event_type, told.after["person"]) == ("session.ended", str(ali.id))


def test_all_sessions_of_a_member_end_and_no_others(house: House) -> None:
    owner, ali = hire(house, "deniz", OWNER), hire(house, "ali", "agent")
    hers, his = sign_in(house, owner), [sign_in(house, ali) for _ in range(3)]
    act = acting(house, owner)
    assert end_sessions_of(ali.id, act, works=house.world, now=NOW) == 3
    assert {kept(house, s).ended_why for s in his} == {Ended.BY_ADMINISTRATOR}
    assert kept(house, hers).ended_at is None
    assert house.tables.audit[-1].after["count"] == 3


def test_what_is_not_there_or_anothers_is_not_found(house: House) -> None:
    owner = hire(house, "deniz", OWNER)
    act, foreign = acting(house, owner), sign_in(house, owner, tenant=OTHER)
    acts: list[Callable[[], object]] = [
        lambda: sessions_of(uuid4(), act, works=house.world, now=NOW),
        lambda: end_sessions_of(uuid4(), act, works=house.world, now=NOW),
        lambda: end_session(uuid4(), act, works=house.world, now=NOW),
        lambda: end_session(foreign.id, act, works=house.world, now=NOW),
    ]
    for look in acts:
        with pytest.raises(NotFound):
            look()


def test_who_was_not_let_in_is_listed_by_what_is_asked(house: House) -> None:
    act = acting(house, hire(house, "auditor", "auditor"))
    tries = [
        Attempt(house.ids(), reason, NOW + timedelta(seconds=n), ip="192.0.2.7")
        for n, reason in enumerate((Refusal.PASSWORD, Refusal.COUNTRY, Refusal.PASSWORD))
    ]
    with house.world(TENANT) as work:
        for attempt in tries:
            work.attempts.add(attempt)
        work.commit()
    found = refused(
        AttemptFilter(reason=Refusal.PASSWORD), act, cursor=None, limit=9, works=house.world
    )
    assert [a.id for a in found.items] == [tries[2].id, tries[0].id]


@pytest.mark.parametrize("role", sorted(BUILT_IN))
def test_seeing_needs_security_read_and_ending_security_write(house: House, role: str) -> None:
    member = hire(house, "ali", role)
    session, act = sign_in(house, member), acting(house, member)
    reads: list[Callable[[], object]] = [
        lambda: sessions_of(None, act, works=house.world, now=NOW),
        lambda: refused(AttemptFilter(), act, cursor=None, limit=1, works=house.world),
    ]
    writes: list[Callable[[], object]] = [
        lambda: end_session(session.id, act, works=house.world, now=NOW),
        lambda: end_sessions_of(member.id, act, works=house.world, now=NOW),
    ]
    for acts, scope in ((reads, "security.read"), (writes, "security.write")):
        for attempt in acts:
            if scope in BUILT_IN[role].permissions:
                attempt()
                continue
            with pytest.raises(NotAllowed, match=scope):
                attempt()
