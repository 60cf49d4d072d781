"""The unit of work: one transaction of one tenant, and a bell after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import ResourceClosedError

from adapters.sql.engine import make_engine
from adapters.sql.work import SqlWorks
from core.agents.turns import Turn
from core.commerce.sync import SyncState
from core.delivery.outbox import Owed, OwedState
from core.inbox.journal import Entry, EntryState
from core.shared.errors import NotFound, Unavailable
from core.shared.work import Works
from ports.webhooks import RawWebhook

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_it_is_what_the_core_asks_for(works: SqlWorks) -> None:
    promised: Works = works
    assert promised


def test_leaving_is_not_agreeing(works: SqlWorks, tenant: UUID) -> None:
    with works(tenant) as work:
        work.flags.set("agent", False, NOW)
    with works(tenant) as work:
        assert work.flags.all() == {}


def test_an_error_takes_everything_back(works: SqlWorks, tenant: UUID) -> None:
    def broken() -> None:
        with works(tenant) as work:
            work.flags.set("agent", False, NOW)
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    with works(tenant) as work:
        assert work.flags.all() == {}


def test_it_is_entered_and_committed_once(works: SqlWorks, tenant: UUID) -> None:
    work = works(tenant)
    with pytest.raises(RuntimeError):
        work.commit()
    with work:
        work.flags.set("agent", False, NOW)
        work.commit()
        with pytest.raises(RuntimeError):
            work.commit()
        with pytest.raises(ResourceClosedError):
            work.flags.all()
    with pytest.raises(RuntimeError), work:
        pass
    with works(tenant) as again:
        assert again.flags.all() == {"agent": False}


def owed(seller: Any, **more: Any) -> Owed:
    return Owed(uuid4(), "m", seller.channel, "send_message", {}, False, NOW, NOW, **more)


def entry(seller: Any, **more: Any) -> Entry:
    key, webhook = str(uuid4()), RawWebhook(b"{}")
    return Entry(uuid4(), seller.channel, "whatsapp", key, webhook, NOW, due_at=NOW, **more)


def test_the_bell_rings_once_and_only_for_what_is_owed(
    works: SqlWorks, bell: Any, seller: Any
) -> None:
    thread = seller.conversation(seller.contact())
    owing = {
        "an entry": lambda work: work.inbox.add(entry(seller)),
        "a row": lambda work: work.outbox.add(owed(seller)),
        "a turn": lambda work: work.turns.owe(Turn(uuid4(), thread, NOW, NOW)),
        "a stream": lambda work: work.sync.begin(SyncState(seller.channel, "orders", NOW)),
        "a rush": lambda work: work.sync.rush(seller.channel, NOW),
    }
    for name, owe in owing.items():
        bell.rung = 0
        with works(seller.tenant) as work:
            owe(work)
            owe(work)
            assert bell.rung == 0, name
            work.commit()
        assert bell.rung == 1, name
        with works(seller.tenant) as work:
            owe(work)
        assert bell.rung == 1, f"{name} was taken back"
    with works(seller.tenant) as work:
        work.flags.set("agent", False, NOW)
        work.commit()
    assert bell.rung == 1


def test_the_bell_is_quiet_while_a_mailbox_is_drained(
    works: SqlWorks, bell: Any, seller: Any
) -> None:
    """The drain itself goes on with the next row; a settled doubt needs somebody to."""
    sending = owed(seller, state=OwedState.SENDING, lease_until=NOW)
    doubtful = owed(seller, state=OwedState.UNKNOWN)
    with works(seller.tenant) as work:
        work.outbox.add(sending)
        work.outbox.add(doubtful)
        work.commit()
    rung = []
    for row in (sending, doubtful):
        bell.rung = 0
        with works(seller.tenant) as work:
            found = work.outbox.get(row.id)
            work.outbox.save(Owed(**{**as_given(found), "state": OwedState.SENT}))
            work.commit()
        rung.append(bell.rung)
    assert rung == [0, 1]


def as_given(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def test_an_entry_that_is_done_rings_for_nobody(works: SqlWorks, bell: Any, seller: Any) -> None:
    with works(seller.tenant) as work:
        work.inbox.add(entry(seller, state=EntryState.UNROUTED))
        work.commit()
    assert bell.rung == 0


def test_a_bell_that_fails_is_no_failure(
    engine: Engine, seller: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ConnectionError("nobody hears")

    with SqlWorks(engine, broken)(seller.tenant) as work:
        work.outbox.add(owed(seller))
        work.commit()
    assert "bell" in caplog.text
    with SqlWorks(engine, broken)(seller.tenant) as work:
        assert work.outbox.head("m")


def test_a_tenant_that_is_not_there_is_not_found(works: SqlWorks) -> None:
    nobody = uuid4()
    with works(nobody) as work, pytest.raises(NotFound):
        work.tenants.get()
    with works(nobody) as work, pytest.raises(NotFound):
        work.flags.set("agent", False, NOW)


def test_a_database_that_is_away_is_unavailable(tenant: UUID) -> None:
    away = SqlWorks(make_engine("postgres://nobody@127.0.0.1:1/none"), lambda: None)
    with pytest.raises(Unavailable), away(tenant):
        pass


def test_a_statement_that_takes_too_long_is_unavailable(
    database_url: str, tenant: UUID, monkeypatch: pytest.MonkeyPatch, works: SqlWorks, seller: Any
) -> None:
    monkeypatch.setattr("adapters.sql.engine.STATEMENT_SECONDS", 1)
    hurried = SqlWorks(make_engine(database_url, null_pool=True), lambda: None)
    thread = seller.conversation(seller.contact())
    with works(seller.tenant) as holder:
        holder.conversations.get(thread, lock=True)
        with hurried(seller.tenant) as work, pytest.raises(Unavailable):
            work.conversations.get(thread, lock=True)


@pytest.mark.parametrize(
    "url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"]
)
def test_the_address_may_be_spelt_as_hosters_do(url: str) -> None:
    engine = make_engine(url)
    assert str(engine.url) == "postgresql+psycopg://u@h/d"
    assert engine.dialect.driver == "psycopg"


@pytest.mark.parametrize("url", ["mysql://u@h/d", "sqlite://", "", "postgres"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must begin with postgresql"):
        make_engine(url)


def test_options_of_the_address_are_kept(database_url: str) -> None:
    options = "?options=-c%20work_mem%3D3MB&application_name=mine"
    with make_engine(database_url + options, null_pool=True).connect() as connection:
        ask = connection.exec_driver_sql
        assert ask("show work_mem").scalar() == "3MB"
        assert ask("select current_user").scalar() == "invekto_app"
        assert ask("show timezone").scalar() == "UTC"
        assert ask("show application_name").scalar() == "mine"


def test_leases_and_due_moments_are_kept_exactly(works: SqlWorks, seller: Any) -> None:
    moment = NOW + timedelta(microseconds=1)
    row = owed(seller, lease_until=moment)
    with works(seller.tenant) as work:
        work.outbox.add(row)
        assert work.outbox.get(row.id) == row
