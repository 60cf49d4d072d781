"""Connections to PostgreSQL as the role that owns nothing and sees one tenant at a time."""

from __future__ import annotations

from typing import Any

from psycopg import OperationalError
from psycopg.abc import Buffer
from psycopg.pq import ExecStatus
from psycopg.types.string import StrDumper
from sqlalchemy import URL, Engine, NullPool, PoolResetState, create_engine, event, make_url, text
from sqlalchemy.pool import ConnectionPoolEntry

from adapters.sql.codec import clean

__all__ = ["Engine", "Harmful", "as_application", "assert_harmless", "database", "make_engine"]

ROLE = "invekto_app"
PATIENCE = 2
"""Seconds to reach the server, or to wait for a free connection: errors come soon."""
STATEMENT_SECONDS = 30
IDLE_SECONDS = 60
"""How long a transaction may sleep between two statements."""

_HARM = text(
    """
    select r.rolname || ' is a superuser or bypasses row-level security'
    from pg_roles r where r.rolname = current_user and (r.rolsuper or r.rolbypassrls)
    union all
    select current_user || ' owns ' || c.relname
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'directory') and c.relkind in ('r', 'p')
    and pg_get_userbyid(c.relowner) = current_user
    limit 1
    """
)


class Harmful(RuntimeError):
    """The house would run as a role that row-level security does not hold."""


def database(url: str) -> URL:
    """The address for psycopg, whichever way it is spelt."""
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgres", "postgresql", "postgresql+psycopg") or not rest:
        raise ValueError("the database's address must begin with postgresql://")
    return make_url(f"postgresql+psycopg://{rest}")


def as_application(url: str) -> tuple[URL, dict[str, Any]]:
    """The address, and the arguments that make a connection act as invekto_app.

    What the address says of its own (sslmode, application_name, further options) is kept.
    """
    address = database(url)
    given = address.query.get("options", "")
    options = {
        "role": ROLE,
        "timezone": "UTC",
        "statement_timeout": f"{STATEMENT_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    }
    words = [*([given] if isinstance(given, str) else given)]
    words += [f"-c {name}={value}" for name, value in options.items()]
    arguments: dict[str, Any] = {
        "options": " ".join(words).strip(),
        "connect_timeout": PATIENCE,
        "application_name": "invekto",
    }
    address = address.difference_update_query(["options"])
    return address, {name: value for name, value in arguments.items() if name not in address.query}


def make_engine(url: str, *, pool_size: int = 5, null_pool: bool = False) -> Engine:
    """Connections that act as invekto_app whoever signs in.

    No pool for processes that fork; otherwise at most `pool_size` connections. One that died in the
    pool is found out by whoever uses it next, and all others are then replaced.
    A unit of work inside another one needs a connection of its own. Errors do not show what was
    asked for: it is customers' words.
    """
    address, arguments = as_application(url)
    pool: dict[str, Any] = (
        {"poolclass": NullPool}
        if null_pool
        else {
            "pool_size": pool_size,
            "max_overflow": 0,
            "pool_timeout": PATIENCE,
        }
    )
    engine = create_engine(address, connect_args=arguments, hide_parameters=True, **pool)
    event.listen(engine, "connect", _clean_texts)
    if not null_pool:
        event.listen(engine, "reset", _forget_tenant)
    return engine


def assert_harmless(engine: Engine) -> None:
    """Harmful unless row-level security holds the role that the engine acts as."""
    with engine.connect() as connection:
        harm = connection.scalar(_HARM)
    if harm:
        raise Harmful(f"{harm}: connect with a login that may become {ROLE}")


class _CleanText(StrDumper):
    """What customers write may hold characters that PostgreSQL cannot."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(clean(obj))


def _clean_texts(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.adapters.register_dumper(str, _CleanText)


def _forget_tenant(connection: Any, _entry: ConnectionPoolEntry, state: PoolResetState) -> None:
    """Nothing sets a tenant for longer than a transaction; if something did, it ends here."""
    if state.terminate_only:
        return
    result = connection.pgconn.exec_(b"rollback; reset invekto.tenant_id")  # in one round trip
    if result.status != ExecStatus.COMMAND_OK:
        raise OperationalError("the connection could not be cleaned")
