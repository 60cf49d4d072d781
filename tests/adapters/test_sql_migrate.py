"""The schema's history: it leads to the tables we speak of, whoever runs it and how often."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, make_url, text

from adapters.sql import tables
from adapters.sql.engine import assert_harmless, make_engine
from adapters.sql.lookups import Lookups
from adapters.sql.migrate import database_login, head, migrate, pending
from adapters.sql.work import SqlWorks
from core.shared.errors import Unavailable
from core.tenancy.tenant import TenantKind

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SHAPE = """
    select c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod),
        a.attnotnull::text || a.attidentity::text
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = '{schema}'::regnamespace and c.relkind = 'r' and a.attnum > 0
    union all
    select conname, pg_get_constraintdef(oid), '' from pg_constraint
    where connamespace = '{schema}'::regnamespace and contype <> 'n'
    union all
    select indexname, regexp_replace(indexdef, ' ON \\w+\\.', ' ON '), '' from pg_indexes
    where schemaname = '{schema}'
    order by 1, 2
"""


@pytest.fixture
def empty(database_admin_url: str) -> Iterator[str]:
    """The address of a database that has never heard of us."""
    name = f"invekto_{uuid4().hex[:12]}"
    with psycopg.connect(database_admin_url, autocommit=True) as admin:
        admin.execute(f"create database {name} template template0")
        yield make_url(database_admin_url).set(database=name).render_as_string(hide_password=False)
        admin.execute(f"drop database {name} with (force)")


def shape(connection: Connection, schema: str) -> set[tuple[str, ...]]:
    rows = connection.execute(text(SHAPE.replace("{schema}", schema).replace(":", "\\:")))
    return {tuple(row) for row in rows}


def test_the_history_leads_to_the_tables_that_the_stores_speak_of(database_url: str) -> None:
    with database_login(database_url).connect() as connection:
        migrated = shape(connection, "public")
        connection.execute(text("create schema fresh"))
        there = connection.execution_options(schema_translate_map={None: "fresh"})
        ours = [table for table in tables.metadata.sorted_tables if table.schema is None]
        tables.metadata.create_all(there, ours)
        fresh = {
            tuple(part.replace("fresh.", "") for part in row) for row in shape(connection, "fresh")
        }
    assert len(fresh) > 300
    assert migrated ^ fresh == set()


def test_an_empty_database_is_brought_up_to_date(empty: str) -> None:
    assert pending(empty)
    migrate(empty)
    assert not pending(empty)
    migrate(empty)
    with database_login(empty).connect() as connection:
        known = connection.scalar(text("select version_num from directory.alembic_version"))
    assert known == head()


def migrate_to(step: str, url: str) -> None:
    """As a version of the house did that knew no later step."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "adapters" / "sql" / "migrations"))
    config.set_main_option("path_separator", "os")
    with database_login(url).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, step)


def founded(url: str, tenant: UUID, digest: bytes) -> UUID:
    """A seller with a key, in the words of the first version."""
    key = uuid4()
    with psycopg.connect(url) as owner:
        owner.execute(
            "insert into tenants (tenant_id, name, timezone, currency, language, created_at)"
            " values (%s, 'Eski', 'Europe/Istanbul', 'TRY', 'tr', %s)",
            (tenant, NOW),
        )
        owner.execute(
            "insert into api_keys (tenant_id, id, name, hint, digest, scopes, created_at)"
            " values (%s, %s, 'k', 'ivk_abc', %s, '[\"inbox.read\"]', %s)",
            (tenant, key, digest, NOW),
        )
        owner.execute(
            "insert into directory.routes values ('whatsapp', %s, %s, %s)", (str(key), tenant, key)
        )
    return key


def test_a_database_of_the_beginning_keeps_what_it_holds(empty: str) -> None:
    """And takes what the first version of the house writes while it still runs beside the next."""
    migrate_to("0001", empty)
    assert pending(empty)
    old, beside = uuid4(), uuid4()
    keys = {old: founded(empty, old, b"old")}
    migrate(empty)
    keys[beside] = founded(empty, beside, b"beside")
    engine = make_engine(empty, null_pool=True)
    lookups = Lookups(engine)
    assert set(lookups.tenants()) == {old, beside}
    for tenant, digest in ((old, b"old"), (beside, b"beside")):
        assert lookups.find_api_key(digest) == (tenant, keys[tenant])
        with SqlWorks(engine, lambda: None)(tenant) as work:
            assert work.tenants.get().kind is TenantKind.SELLER
            [key] = work.api_keys.all()
            assert (key.digest, key.scopes) == (digest, ("inbox.read",))
            assert key.opens(digest, NOW)
            assert not key.fence.networks
            route = work.inbox.route("whatsapp", str(key.id))
            assert route is not None
            assert route.tenant_id == tenant


def test_many_migrators_at_once_do_it_once(empty: str) -> None:
    program = "import sys; from adapters.sql.migrate import migrate; migrate(sys.argv[1])"
    running = [subprocess.Popen([sys.executable, "-c", program, empty], cwd=ROOT) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert not pending(empty)


def test_a_later_versions_database_is_left_alone(empty: str) -> None:
    migrate(empty)
    with psycopg.connect(empty) as owner:
        owner.execute("update directory.alembic_version set version_num = '9999'")
    assert not pending(empty)
    migrate(empty)


def test_a_migrator_need_not_be_a_superuser(empty: str, database_admin_url: str) -> None:
    """As at a hoster: a login that owns the database and may grant our roles."""
    name, password = f"invekto_{uuid4().hex[:12]}", uuid4().hex
    with psycopg.connect(database_admin_url, autocommit=True) as admin:
        migrate(empty)  # the roles are there, whoever made them
        admin.execute(f"create role {name} login password '{password}' createrole")
        admin.execute(f"grant invekto_app, invekto_lookup to {name} with admin option")
        database = f"{name}_db"
        admin.execute(f"create database {database} owner {name} template template0")
        url = make_url(empty).set(database=database, username=name, password=password)
        address = url.render_as_string(hide_password=False)
        try:
            migrate(address)
            engine = make_engine(address, null_pool=True)
            assert_harmless(engine)
            assert Lookups(engine).tenants() == []
        finally:
            admin.execute(f"drop database {database} with (force)")
            admin.execute(f"drop role {name}")


def test_a_database_that_is_away_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        migrate("postgresql://nobody@127.0.0.1:1/none")
