"""The short form: one house, one storm, and each way to die by itself."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psycopg
import pytest

from adapters.embedded import Postgres
from tests.faults.__main__ import FIXED, SHOPS
from tests.faults.house import VISIBILITY, House, Victim, eventually, house
from tests.faults.loads import Load, answers, count, letter, post, post_many, stored, taken_in
from tests.faults.storm import SHORT, storm
from tests.faults.watch import watch
from tests.faults.world import Shop, Stage, stage

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("faults")]
SOON = 30.0
_WAITING = """
    select count(*) from pg_stat_activity
    where wait_event_type = 'Lock' and application_name = 'invekto'
"""


@pytest.fixture(scope="module")
def home() -> Iterator[House]:
    with house() as made:
        yield made


@pytest.fixture(scope="module")
def on(home: House) -> Iterator[Stage]:
    with stage(home, SHOPS) as made:
        watch(home.database)
        yield made


@pytest.fixture
def shop(on: Stage) -> Shop:
    return on.shops[0]


def test_nothing_is_lost_and_nothing_is_done_twice_whatever_dies(on: Stage) -> None:
    outcome = storm(on, SHOPS, SHORT, FIXED)
    print(f"\n{outcome.table()}")
    assert not outcome.violations, "\n".join(map(str, outcome.violations))
    assert outcome.deaths.total() == SHORT.kills
    assert outcome.rest.settled["send_again"] >= 1
    assert len(outcome.evidence.accepted) > len(outcome.evidence.written) / 4


@pytest.mark.parametrize(
    ("victim", "table", "within"),
    [(Victim.WORKER, "messages", VISIBILITY + 10), (Victim.AGENTS, "audit_events", 10 + 10)],
)
def test_a_job_whose_worker_is_killed_half_way_is_done_again(
    home: House, shop: Shop, victim: Victim, table: str, within: float
) -> None:
    """Half way is made sure of by a lock that the job waits for."""
    id, delivery = letter(shop, home.url, "905420000001" if table == "messages" else "905420000002")
    with psycopg.connect(home.database) as holder:
        holder.execute(f"lock table {table} in exclusive mode")
        with httpx.Client() as http:
            assert post(http, delivery).status == 200
        eventually("the job is half way", lambda: count(home.database, _WAITING) > 0, SOON)
        assert home.kill(victim)
    answered = "select count(*) from messages m join messages q using (conversation_id)"
    answered += " where q.external_id = %s and m.author = 'agent'"
    seconds = eventually("it is done", lambda: count(home.database, answered, id) == 1, within)
    print(f"\n  {victim} killed half way: done {seconds:.1f} s later")
    assert stored(home.database, [id]) == 1


def test_redis_may_forget_everything(home: House, shop: Shop) -> None:
    with Load(shop, home.url) as load:
        eventually("there is load", lambda: len(load.acked) > 20, SOON)
        home.forget_for_ever()
        behind = len(load.acked)
        eventually("it goes on", lambda: len(load.acked) > behind + 20, SOON)
    all_there = answers(lambda: stored(home.database, load.acked))
    seconds = eventually("all is read", lambda: all_there() == len(load.acked), SOON)
    print(f"\n  Redis forgot: {len(load.acked)} messages read {seconds:.1f} s after the last")


def test_a_killed_postgres_is_back_soon(home: House, shop: Shop) -> None:
    assert home.kill(Victim.POSTGRES)
    back = eventually("it answers", home.database_answers, 5)
    id, delivery = letter(shop, home.url, "905430000001")
    with httpx.Client(timeout=5) as http:
        taken = back + eventually("it takes", lambda: post(http, delivery).status == 200, 10 - back)
    eventually("it is read", lambda: stored(home.database, [id]) == 1, SOON)
    print(f"\n  PostgreSQL killed: answers after {back:.1f} s, takes a webhook after {taken:.1f} s")


@pytest.mark.parametrize("away", ["without_database", "with_frozen_database"])
def test_without_a_database_no_vendor_hears_that_it_was_taken(
    home: House, shop: Shop, away: str
) -> None:
    web = home.pids(Victim.WEB)
    letters = [letter(shop, home.url, f"90544000000{i}") for i in range(8)]
    with getattr(home, away)():
        heard = post_many([delivery for _, delivery in letters], 4)
    assert {answer.status for answer in heard} == {503}
    assert all(answer.retry_after for answer in heard)
    slowest = max(answer.seconds for answer in heard)
    assert slowest < 2.0
    with httpx.Client(timeout=5) as http:
        back = eventually(
            "all are taken", lambda: all(post(http, d).status == 200 for _, d in letters), SOON
        )
    ids = [id for id, _ in letters]
    eventually("all are read", lambda: stored(home.database, ids) == len(ids), SOON)
    assert home.pids(Victim.WEB) == web, "it recovered without a restart"
    print(f"\n  {away}: 503 within {slowest:.2f} s; taken again after {back:.1f} s")


def test_the_same_event_a_thousand_times_is_one_row_and_one_effect(home: House, shop: Shop) -> None:
    id, delivery = letter(shop, home.url, "905450000001")
    heard = post_many([delivery] * 1000, 64)
    assert {(answer.status, answer.body) for answer in heard} == {(200, heard[0].body)}
    rows = "select count(*) from inbox b join installations i on (i.tenant_id, i.id) ="
    rows += " (b.tenant_id, b.installation_id) where i.app = %s and position(%s in body) > 0"
    eventually("it is read", lambda: stored(home.database, [id]) == 1, SOON)
    assert count(home.database, rows, True, id.encode()) == 1
    assert count(home.database, rows, False, id.encode()) == 1
    owed = "select count(*) from turns t join messages m using (conversation_id)"
    assert count(home.database, f"{owed} where external_id = %s", id) == 1


def test_asked_to_stop_under_load_it_loses_nothing_that_it_took(home: House, shop: Shop) -> None:
    """The last test: nothing runs after it."""
    with Load(shop, home.url, every=0.005) as load:
        eventually("there is load", lambda: len(load.acked) > 50, SOON)
        assert home.stop() == 0
    assert load.statuses <= {200, 503, 0}
    server = Postgres(home.data)
    server.start()
    try:
        assert taken_in(server.url, load.acked) == len(load.acked)
    finally:
        server.stop()
