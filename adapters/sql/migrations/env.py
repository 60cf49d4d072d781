"""Runs the steps that are missing: one migrator at a time, and never waiting long for a table."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from adapters.sql import tables

_LOCK = 7_236_311_091
_SETTINGS = ("set lock_timeout = '10s'", "set statement_timeout = '10min'", "set timezone = 'UTC'")


def run(connection: Connection) -> None:
    connection.execute(text("set statement_timeout = '5min'"))
    connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": _LOCK})
    try:
        for setting in _SETTINGS:
            connection.execute(text(setting))
        connection.execute(text("create schema if not exists directory"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=tables.metadata,
            version_table_schema="directory",
            include_schemas=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": _LOCK})
        connection.commit()


run(context.config.attributes["connection"])
