"""Tenants and what belongs to them: connections, keys, flags, the log; and the agent's turns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from adapters.sql.lookups import Lookups
from adapters.sql.transaction import begun
from adapters.sql.work import SqlWorks
from core.agents.intents import IntentRule
from core.agents.turns import Outcome, Turn, TurnFilter, TurnState, Verdict
from core.audit.events import AuditEvent
from core.inbox.journal import Route
from core.shared.actor import Actor
from core.shared.errors import Conflict
from core.tenancy.api_keys import ApiKey
from core.tenancy.installations import Health, Installation, InstallationState

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


# --- tenants, flags and keys ----------------------------------------------------------------


def test_a_tenant_is_added_once_and_changed(works: SqlWorks, tenant: UUID) -> None:
    with works(tenant) as work:
        found = work.tenants.get()
        with pytest.raises(Conflict):
            work.tenants.add(found)
        work.tenants.save(replace(found, name="Yeni Ad", language="en"))
        assert work.tenants.get() == replace(found, name="Yeni Ad", language="en")


def test_all_tenants_are_told_to_the_operator(engine: Engine, tenant: UUID) -> None:
    assert tenant in Lookups(engine).tenants()


def test_a_flag_is_what_it_was_set_to_last(works: SqlWorks, tenant: UUID) -> None:
    with works(tenant) as work:
        for name, on in (("agent", False), ("sync", True), ("agent", True)):
            work.flags.set(name, on, NOW)
        assert work.flags.all() == {"agent": True, "sync": True}


def test_a_key_is_found_by_its_digest_whichever_tenants(
    engine: Engine, works: SqlWorks, tenant: UUID
) -> None:
    digest = sha256(uuid4().bytes).digest()
    key = ApiKey(uuid4(), "k", "ivk_abc", digest, ("inbox.read", "inbox.write"), NOW, NOW)
    with works(tenant) as work:
        work.api_keys.add(key)
        work.commit()
    assert Lookups(engine).find_api_key(digest) == (tenant, key.id)
    assert Lookups(engine).find_api_key(b"") is None
    used = replace(key, revoked_at=NOW, last_used_at=NOW)
    with works(tenant) as work:
        work.api_keys.save(used)
        assert work.api_keys.get(key.id) == used
        assert work.api_keys.all() == [used]
        with pytest.raises(Conflict):
            work.api_keys.add(key)


# --- installations --------------------------------------------------------------------------


def connection(tenant: UUID, account: str, **more: Any) -> Installation:
    id = uuid4()
    given = {"state": InstallationState.ACTIVE, "health": Health(True, "connected", NOW), **more}
    return Installation(
        id,
        tenant,
        "whatsapp",
        account,
        "Deneme",
        settings=b"sealed",
        hook_digest=sha256(id.bytes).digest(),
        created_at=NOW,
        updated_at=NOW,
        **given,
    )


def connect(works: SqlWorks, new: Installation, *, routed: bool = True) -> Installation:
    with works(new.tenant_id) as work:
        work.installations.add(new, routed=routed)
        work.commit()
    return new


def save(works: SqlWorks, changed: Installation) -> Installation:
    changed = replace(changed, version=changed.version + 1)
    with works(changed.tenant_id) as work:
        work.installations.save(changed)
        work.commit()
    return changed


@pytest.fixture
def account() -> str:
    return str(uuid4())


def test_a_connection_is_found_by_its_hook_and_by_its_account(
    engine: Engine, works: SqlWorks, tenant: UUID, account: str
) -> None:
    new = connect(works, connection(tenant, account))
    lookups, route = Lookups(engine), Route(tenant, new.id)
    assert lookups.find_hook(new.hook_digest or b"") == route
    assert lookups.find_hook(b"another") is None
    assert lookups.find_route("whatsapp", account) == route
    assert lookups.find_route("instagram", account) is None
    with works(tenant) as work:
        assert work.inbox.route("whatsapp", account) == route
        assert work.installations.get(new.id) == new
        assert work.installations.all() == [new]


def test_an_account_is_connected_once_in_the_whole_house(
    works: SqlWorks, tenants: Callable[[], UUID], account: str
) -> None:
    one, other = tenants(), tenants()
    first = connect(works, connection(one, account))
    for tenant in (one, other):
        with pytest.raises(Conflict, match="connected already"):
            connect(works, connection(tenant, account))
    gone = save(works, replace(first, state=InstallationState.DISCONNECTED, hook_digest=None))
    connect(works, connection(other, account))
    with works(one) as work:
        assert work.installations.all() == []
        assert work.installations.get(first.id) == gone


def test_an_account_that_is_not_routed_may_be_connected_by_each_tenant(
    engine: Engine, works: SqlWorks, tenants: Callable[[], UUID], account: str
) -> None:
    one = tenants()
    for tenant in (one, tenants()):
        connect(works, connection(tenant, account), routed=False)
    assert Lookups(engine).find_route("whatsapp", account) is None
    with pytest.raises(Conflict):
        connect(works, connection(one, account), routed=False)
    connect(works, connection(one, account, app=True), routed=False)


def test_a_disabled_connection_keeps_its_account(
    works: SqlWorks, tenants: Callable[[], UUID], account: str
) -> None:
    first = connect(works, connection(tenants(), account))
    save(works, replace(first, state=InstallationState.DISABLED))
    with pytest.raises(Conflict):
        connect(works, connection(tenants(), account))


def test_of_many_who_connect_an_account_one_does(
    works: SqlWorks, tenants: Callable[[], UUID], account: str
) -> None:
    rivals = [tenants() for _ in range(8)]
    start = threading.Barrier(8)

    def attempt(tenant: UUID) -> bool:
        start.wait(30)
        try:
            connect(works, connection(tenant, account))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(attempt, rivals)) == [False] * 7 + [True]


def test_a_connection_that_was_changed_meanwhile_is_not_overwritten(
    works: SqlWorks, tenant: UUID, account: str
) -> None:
    first = connect(works, connection(tenant, account))
    save(works, first)
    with pytest.raises(Conflict, match="meanwhile"):
        save(works, first)


# --- the log --------------------------------------------------------------------------------


def audited(works: SqlWorks, tenant: UUID) -> UUID:
    actor = Actor(tenant, "api_key", "k", frozenset(), "127.0.0.1", "curl\x00", "c")
    event = AuditEvent("flag.changed", actor, "flag", "agent", NOW, None, {"at": NOW})
    with works(tenant) as work:
        id = work.audit.add(event)
        work.commit()
    return id


def test_an_event_is_written_as_it_was(engine: Engine, works: SqlWorks, tenant: UUID) -> None:
    id = audited(works, tenant)
    with begun(engine, tenant) as transaction:
        row = transaction.run(text("select * from audit_events")).mappings().one()
    told = {name: row[name] for name in row if name not in ("position", "tenant_id")}
    assert told == {
        "id": id,
        "event_type": "flag.changed",
        "actor_kind": "api_key",
        "actor_id": "k",
        "resource_type": "flag",
        "resource_id": "agent",
        "ip": "127.0.0.1",
        "user_agent": "curl\ufffd",
        "correlation_id": "c",
        "before": None,
        "after": {"at": NOW.isoformat()},
        "at": NOW,
    }


@pytest.mark.parametrize(
    "change",
    ["update audit_events set actor_id = 'x'", "delete from audit_events", "truncate audit_events"],
)
def test_what_has_happened_is_changed_by_nobody(
    engine: Engine, database_url: str, works: SqlWorks, tenant: UUID, change: str
) -> None:
    audited(works, tenant)
    with begun(engine, tenant) as transaction, pytest.raises(DBAPIError, match="permission denied"):
        transaction.run(text(change))
    with (
        psycopg.connect(database_url) as owner,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed"),
    ):
        owner.execute(change)


# --- intents and turns ----------------------------------------------------------------------


def test_a_rule_is_what_it_was_set_to_last(works: SqlWorks, tenant: UUID) -> None:
    own = IntentRule("kurulum", 0.7, True, "Kurulum", ("nasıl kurulur", "montaj"))
    with works(tenant) as work:
        work.intents.save(IntentRule("kurulum"), NOW)
        work.intents.save(own, NOW)
        work.intents.save(IntentRule("greeting", 0.1), NOW)
        assert work.intents.all() == {"greeting": IntentRule("greeting", 0.1), "kurulum": own}
        work.intents.remove("greeting")
        work.intents.remove("greeting")
        assert set(work.intents.all()) == {"kurulum"}


def owe(seller: Any, thread: UUID, **more: Any) -> UUID:
    with seller.works(seller.tenant) as work:
        id: UUID = work.turns.owe(Turn(uuid4(), thread, NOW, NOW, **more))
        work.commit()
    return id


def claim(seller: Any, id: UUID, now: datetime = NOW) -> Turn | None:
    with seller.works(seller.tenant) as work:
        turn: Turn | None = work.turns.claim(id, now, now + MINUTE)
        work.commit()
    return turn


def finish(seller: Any, turn: Turn, **more: Any) -> Turn:
    ended = replace(turn, state=TurnState.DONE, finished_at=NOW, lease_until=None, **more)
    with seller.works(seller.tenant) as work:
        work.turns.save(ended)
        work.commit()
    return ended


def test_a_turn_that_is_due_serves_for_later_messages(seller: Any) -> None:
    thread = seller.conversation(seller.contact())
    first = owe(seller, thread)
    assert owe(seller, thread) == first
    running = claim(seller, first)
    assert running is not None
    assert (running.state, running.attempts) == (TurnState.RUNNING, 1)
    assert running.lease_until == NOW + MINUTE
    second = owe(seller, thread)
    assert second != first
    assert owe(seller, thread) == second


def test_one_turn_of_a_conversation_runs_at_a_time(engine: Engine, seller: Any, bell: Any) -> None:
    thread = seller.conversation(seller.contact())
    first = claim(seller, owe(seller, thread))
    second = owe(seller, thread)
    lookups = Lookups(engine)
    assert first is not None
    assert claim(seller, second) is None
    assert (seller.tenant, second) in lookups.due_turns(NOW, 5 * MINUTE, 99)
    bell.rung = 0
    finish(seller, first, outcome=Outcome.ANSWERED)
    assert bell.rung == 1
    assert (seller.tenant, second) in lookups.due_turns(NOW, MINUTE, 99)
    assert claim(seller, second) is not None


def test_many_claim_a_turn_and_one_gets_it(seller: Any) -> None:
    id = owe(seller, seller.conversation(seller.contact()))
    start = threading.Barrier(8)

    def attempt(_: int) -> Turn | None:
        start.wait(30)
        return claim(seller, id)

    with ThreadPoolExecutor(8) as pool:
        assert sum(turn is not None for turn in pool.map(attempt, range(8))) == 1


def test_many_owe_a_turn_while_it_is_claimed_and_none_is_lost(seller: Any) -> None:
    """Whatever was owed is due or has been claimed after it was owed."""
    thread = seller.conversation(seller.contact())
    seen: list[UUID] = []

    def message(number: int) -> UUID:
        if number % 3 == 0:
            with seller.works(seller.tenant) as work:
                due = [t for t in seen if work.turns.get(t).state is TurnState.DUE]
            for id in due:
                if turn := claim(seller, id):
                    finish(seller, turn)
        seen.append(owe(seller, thread))
        return seen[-1]

    with ThreadPoolExecutor(6) as pool:
        owed = set(pool.map(message, range(30)))
    with seller.works(seller.tenant) as work:
        states = [work.turns.get(id).state for id in owed]
    assert states.count(TurnState.DUE) <= 1
    assert set(states) <= {TurnState.DUE, TurnState.DONE}


def test_a_turn_whose_worker_died_is_claimed_again(engine: Engine, seller: Any) -> None:
    id = owe(seller, seller.conversation(seller.contact()))
    claim(seller, id)
    over = NOW + MINUTE
    assert claim(seller, id, over - timedelta(seconds=1)) is None
    assert (seller.tenant, id) not in Lookups(engine).due_turns(NOW, MINUTE, 99)
    assert (seller.tenant, id) in Lookups(engine).due_turns(over, MINUTE, 99)
    again = claim(seller, id, over)
    assert again is not None
    assert again.attempts == 2


def test_a_turn_is_not_claimed_before_it_is_due(seller: Any) -> None:
    with seller.works(seller.tenant) as work:
        thread = seller.conversation(seller.contact())
        id = work.turns.owe(Turn(uuid4(), thread, NOW, NOW + MINUTE))
        assert work.turns.claim(id, NOW, NOW + MINUTE) is None
        assert work.turns.claim(uuid4(), NOW, NOW + MINUTE) is None


def test_a_turn_made_at_once_waits_for_nobody_and_nobody_for_it(seller: Any) -> None:
    thread = seller.conversation(seller.contact())
    running = Turn(uuid4(), thread, NOW, NOW, TurnState.RUNNING, 1, NOW + MINUTE)
    with seller.works(seller.tenant) as work:
        work.turns.add(running)
        work.commit()
    with seller.works(seller.tenant) as work, pytest.raises(Conflict):
        work.turns.add(replace(running, id=uuid4()))
    with seller.works(seller.tenant) as work:
        assert work.turns.get(running.id) == running


def test_turns_that_are_done_are_listed_newest_first(seller: Any) -> None:
    thread, other = (seller.conversation(seller.contact()) for _ in range(2))
    done = []
    for number in range(5):
        turn = Turn(uuid4(), thread, NOW + number // 2 * MINUTE, NOW, record={"n": number})
        with seller.works(seller.tenant) as work:
            work.turns.owe(turn)
            work.commit()
        outcome = Outcome.SUGGESTED if number == 3 else Outcome.ANSWERED
        done.append(finish(seller, turn, outcome=outcome, verdict=Verdict.ACCEPTED))
    owe(seller, thread)
    owe(seller, other)
    with seller.works(seller.tenant) as work:
        listed, cursor = [], None
        while cursor or not listed:
            page = work.turns.list(TurnFilter(), cursor=cursor, limit=2)
            listed += page.items
            cursor = page.cursor
            if cursor is None:
                break
        assert listed == sorted(done, key=lambda t: (t.created_at, t.id), reverse=True)
        only = TurnFilter(thread, Outcome.SUGGESTED)
        assert list(work.turns.list(only, cursor=None, limit=9).items) == [done[3]]
        assert work.turns.list(TurnFilter(other), cursor=None, limit=9).items == []
