"""A tenant sees its own rows, whoever asks and however."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from adapters.sql import tables
from adapters.sql.engine import Harmful, assert_harmless, make_engine
from adapters.sql.migrate import database_login
from adapters.sql.transaction import begun
from adapters.sql.work import SqlWorks
from core.agents.turns import Turn
from core.commerce.sync import SyncState
from core.conversations.conversation import ConversationFilter
from core.conversations.message import Attachment
from core.delivery.outbox import OwedFilter
from core.inbox.journal import EntryFilter
from core.shared.errors import NotFound, Unavailable
from tests.adapters.filling import PHONE, fill, order

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
TABLES = [table for table in tables.metadata.sorted_tables if table.schema is None]


@pytest.fixture(scope="module")
def filled() -> list[Any]:
    return []


@pytest.fixture
def theirs(filled: list[Any], sellers: Callable[[], Any], engine: Engine) -> Any:
    """A seller with a row in every table, and the ids of those rows; filled once a module."""
    if not filled:
        seller = sellers()
        filled.extend((seller, fill(seller, engine)))
    return filled


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_shows_rows_to_their_tenant_alone(
    engine: Engine, theirs: Any, tenant: UUID, table: Any
) -> None:
    seller, _ = theirs
    count = select(table.c.tenant_id)
    with begun(engine, seller.tenant) as transaction:
        assert set(transaction.run(count).scalars()) == {seller.tenant}
    with begun(engine, tenant) as transaction:
        assert set(transaction.run(count).scalars()) <= {tenant}
    with engine.connect() as connection:
        assert connection.execute(count).all() == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_no_table_takes_a_row_for_somebody_else(
    engine: Engine, theirs: Any, tenant: UUID, table: Any
) -> None:
    """Also not by copying a row that would be fine but for its tenant."""
    seller, _ = theirs
    with begun(engine, seller.tenant) as transaction:
        row = dict(transaction.run(select(table).limit(1)).one()._mapping)
    row.pop("position", None)
    for setting in (tenant, ""):
        with engine.connect() as connection:
            connection.execute(
                text("select set_config('invekto.tenant_id', :tenant, true)"),
                {"tenant": str(setting)},
            )
            with pytest.raises(DBAPIError, match="row-level security"):
                connection.execute(table.insert().values(row))


def test_ids_of_another_tenant_are_not_found(works: SqlWorks, theirs: Any, seller: Any) -> None:
    other, ids = theirs
    with works(seller.tenant) as work:
        assert work.installations.get(other.channel) is None
        assert work.api_keys.get(ids["key"]) is None
        assert work.inbox.get(ids["entry"]) is None
        assert work.inbox.claim(ids["entry"]) is None
        assert work.outbox.get(ids["owed"]) is None
        assert work.outbox.head("m") is None
        assert work.contacts.get(ids["contact"]) is None
        assert work.contacts.find([PHONE]) == {}
        assert work.contacts.merge(ids["merge"]) is None
        assert work.conversations.get(ids["conversation"], lock=True) is None
        assert work.messages.get(ids["message"]) is None
        assert work.messages.by_external(other.channel, "wamid.1") is None
        assert work.messages.attachment(ids["attachment"]) is None
        assert work.messages.take_reports(other.channel, "wamid.2") == []
        assert work.orders.get(other.channel, "1") is None
        assert work.turns.get(ids["turn"]) is None
        assert work.turns.claim(ids["turn"], NOW, NOW + timedelta(minutes=1)) is None
        nothing = {"cursor": None, "limit": 9}
        assert work.inbox.list(EntryFilter(), **nothing).items == []
        assert work.outbox.list(OwedFilter(), **nothing).items == []
        assert work.contacts.list(query="532", **nothing).items == []
        only = ConversationFilter(contact_id=ids["contact"])
        assert work.conversations.list(only, **nothing).items == []
        assert work.messages.list(ids["conversation"], **nothing).items == []
        assert work.orders.list(**nothing).items == []
        assert work.members.get(ids["person"]) is None
        assert work.sessions.get(ids["session"], lock=True) is None
        assert work.access.session(ids["session"]) is None
        assert work.access.key(ids["key"]) is None
        assert work.sso.link(ids["connection"], "subject") is None
        assert work.account.get() is None
        assert work.factors.get(ids["factor"]) is None
        assert work.letters.get(ids["letter"]) is None


def test_nothing_of_one_tenant_hangs_on_another(works: SqlWorks, theirs: Any, seller: Any) -> None:
    other, ids = theirs
    mine = seller.conversation(seller.contact())
    for hang in (
        lambda work: work.sync.begin(SyncState(other.channel, "orders", NOW)),
        lambda work: work.turns.owe(Turn(uuid4(), ids["conversation"], NOW, NOW)),
        lambda work: work.gate.add_guess(ids["contact"], NOW),
        lambda work: work.contacts.bind(PHONE, ids["contact"], NOW),
        lambda work: work.orders.upsert(seller.channel, order(), ids["contact"], NOW),
        lambda work: work.messages.add_attachment(
            Attachment(uuid4(), ids["message"], "image", "i", "r")
        ),
    ):
        with works(seller.tenant) as work, pytest.raises(NotFound):
            hang(work)
    with works(seller.tenant) as work:
        assert work.conversations.get(mine)


def test_the_same_phone_may_be_known_to_two_tenants(theirs: Any, seller: Any) -> None:
    seller.contact(PHONE)
    with seller.works(seller.tenant) as work:
        assert len(work.contacts.find([PHONE])) == 1


def test_the_application_may_neither_truncate_nor_touch_the_directory(
    engine: Engine, theirs: Any, tenant: UUID
) -> None:
    forbidden = (
        *(f"truncate {table.name} cascade" for table in TABLES),
        *("select * from directory.routes", "delete from directory.routes"),
        *("select * from directory.emails", "delete from directory.emails"),
        "select * from directory.alembic_version",
        "alter table contacts disable row level security",
        "drop policy tenant on contacts",
        "create table mine (id int)",
        "create function directory.more() returns int language sql as 'select 1'",
        "set role invekto_lookup",
    )
    for statement in forbidden:
        with begun(engine, tenant) as transaction, pytest.raises(DBAPIError) as refusal:
            transaction.run(text(statement))
        assert "permission denied" in str(refusal.value) or "must be owner" in str(refusal.value)


@pytest.mark.parametrize(
    "call",
    [
        "claim_route('p', 'a', :other, :other)",
        "release_route(:other, :other)",
        "claim_email('a@example.com', :other)",
        "release_email(:other)",
    ],
)
def test_what_is_claimed_is_claimed_for_ones_own_tenant_only(
    engine: Engine, tenant: UUID, call: str
) -> None:
    claim = text(f"select directory.{call}")
    with begun(engine, tenant) as transaction, pytest.raises(DBAPIError, match="to the tenant of"):
        transaction.run(claim, {"other": uuid4()})


@pytest.fixture
def single(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=1)
    yield engine
    engine.dispose()


def test_a_connection_forgets_its_tenant(single: Engine, tenants: Callable[[], UUID]) -> None:
    """A thousand alternating tenants on one connection, some of whose works break."""
    dice = random.Random(7)
    works = SqlWorks(single, lambda: None)
    ids = [tenants(), tenants()]
    for turn in range(1000):
        with suppress(KeyError, DBAPIError), works(ids[turn % 2]) as work:
            assert work.tenants.get().id == ids[turn % 2]
            misbehave(dice.random(), work)
            work.commit()
        with single.connect() as connection:
            assert not connection.scalar(SETTING)
            assert connection.execute(text("select tenant_id from tenants")).all() == []


SETTING = text("select current_setting('invekto.tenant_id', true)")


def misbehave(fate: float, work: Any) -> None:
    if fate < 0.2:
        raise KeyError
    if fate < 0.4:
        work.messages.get("not an id")
    if fate < 0.6:  # for longer than the transaction
        keep = text("select set_config('invekto.tenant_id', :tenant, false)")
        work._transaction.connection.execute(keep, {"tenant": str(work.tenant_id)})


def test_assert_harmless_tells_who_is_not(
    engine: Engine, single: Engine, database_url: str
) -> None:
    assert_harmless(engine)
    with pytest.raises(Harmful, match="superuser"):
        assert_harmless(database_login(database_url))


def test_a_work_is_refused_while_the_only_connection_is_taken(
    single: Engine, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single.pool, "_timeout", 0.01)
    works = SqlWorks(single, lambda: None)
    with works(tenant), pytest.raises(Unavailable), works(tenant):
        pass
