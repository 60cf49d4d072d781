"""Bringing a database up to date, and asking whether it is."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, NullPool, create_engine

from adapters.sql.engine import PATIENCE, database
from adapters.sql.failures import translated

_HOME = Path(__file__).parent / "migrations"


def migrate(url: str) -> None:
    """Run every step that is missing, as the login of the address; nothing to do is fine.

    The login must own the database's tables, or be about to. Several at once wait for each other.
    """
    engine = database_login(url)
    try:
        with translated(), engine.connect() as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def head() -> str:
    """The last step that this version of the house knows."""
    last = ScriptDirectory.from_config(_config()).get_current_head()
    assert last is not None, "there is at least one migration"
    return last


def pending(url: str) -> bool:
    """Whether the database lacks a step."""
    engine = database_login(url)
    try:
        with translated(), engine.connect() as connection:
            options = {"version_table_schema": "directory"}
            return (
                MigrationContext.configure(connection, opts=options).get_current_revision()
                != head()
            )
    finally:
        engine.dispose()


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
