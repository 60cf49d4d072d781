"""Bringing a database up to date, and asking whether it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine, text

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
        _upgrade(connection)


def head() -> str:
    """The last step that this version of the house knows."""
    return _steps()[-1]


def pending(url: str) -> bool:
    """Whether the database lacks a step. One that a later version of the house has run does not."""
    with _connected(url) as connection:
        return _lacks_a_step(connection)


def _lacks_a_step(connection: Connection) -> bool:
    current = None
    if connection.scalar(text("select to_regclass('directory.alembic_version')")):
        current = connection.scalar(text("select version_num from directory.alembic_version"))
    connection.rollback()
    return current is None or (current in _steps() and current != head())


def _steps() -> list[str]:
    """In their order. A step's file begins with its number, which is also its revision."""
    return sorted(file.name[:4] for file in (_HOME / "versions").glob("[0-9]*.py"))


def _upgrade(connection: Connection) -> None:
    from alembic import command  # most starts have no step to run, and need no Alembic
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HOME).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = database_login(url)
    try:
        with translated(), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def database_login(url: str) -> Engine:
    """As the login itself, without the application's role."""
    return create_engine(
        database(url),
        poolclass=NullPool,
        connect_args={"connect_timeout": PATIENCE, "application_name": "invekto-migrate"},
    )
