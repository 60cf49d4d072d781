"""Bringing a database up to date, and asking whether it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine

from adapters.sql.engine import PATIENCE, database
from adapters.sql.failures import translated

_HOME = Path(__file__).parent / "migrations"


def migrate(url: str) -> None:
    """Run every step that is missing, as the login of the address; nothing to do is fine.

    The login must own the database's tables, or be about to. Several at once wait for each other.
    """
    with _connected(url) as connection:
        if not _lacks_a_step(connection):
            return
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def head() -> str:
    """The last step that this version of the house knows."""
    last = _steps().get_current_head()
    assert last is not None, "there is at least one migration"
    return last


def pending(url: str) -> bool:
    """Whether the database lacks a step. One that a later version of the house has run does not."""
    with _connected(url) as connection:
        return _lacks_a_step(connection)


def _lacks_a_step(connection: Connection) -> bool:
    context = MigrationContext.configure(connection, opts={"version_table_schema": "directory"})
    current = context.get_current_revision()
    connection.rollback()
    known = {step.revision for step in _steps().walk_revisions()}
    return current is None or (current in known and current != head())


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = database_login(url)
    try:
        with translated(), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _steps() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HOME).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def database_login(url: str) -> Engine:
    """As the login itself, without the application's role."""
    return create_engine(
        database(url),
        poolclass=NullPool,
        connect_args={"connect_timeout": PATIENCE, "application_name": "invekto-migrate"},
    )
