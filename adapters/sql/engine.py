"""Connections to PostgreSQL as the role that owns nothing and sees one tenant at a time."""

from __future__ import annotations

from json import JSONDecoder
from typing import Any

from psycopg import Cursor, OperationalError
from psycopg.abc import Buffer
from psycopg.pq import ExecStatus, TransactionStatus
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

_JSON = JSONDecoder()
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

    Each statement is a transaction of its own where none was begun (`transaction.py` begins them).
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
    engine = create_engine(
        address,
        connect_args=arguments,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,  # see _forget_tenant; the driver's own forgets every plan
        json_deserializer=_from_json,
        **pool,
    )
    event.listen(engine, "connect", _ours)
    if not null_pool:
        event.listen(engine, "reset", _forget_tenant)
    return engine


def assert_harmless(engine: Engine) -> None:
    """Harmful unless row-level security holds the role that the engine acts as."""
    with engine.connect() as connection:
        harm = connection.scalar(_HARM)
    if harm:
        raise Harmful(f"{harm}: connect with a login that may become {ROLE}")


def _from_json(stored: bytes) -> Any:
    """What the server wrote: UTF-8, and nothing around the value, so neither is looked for."""
    return _JSON.raw_decode(stored.decode())[0]


class _CleanText(StrDumper):
    """What customers write may hold characters that PostgreSQL cannot."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(clean(obj))


class _PlainCursor(Cursor[Any]):
    """Says of its columns what SQLAlchemy asks: the driver describes each at length, every time."""

    @property
    def description(self) -> Any:
        found = self.pgresult
        if found is None or not found.nfields:
            return None
        return [
            ((found.fname(place) or b"").decode(), found.ftype(place), None, None, None, None, None)
            for place in range(found.nfields)
        ]


def _ours(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.cursor_factory = _PlainCursor
    connection.adapters.register_dumper(str, _CleanText)


def _forget_tenant(connection: Any, _entry: ConnectionPoolEntry, state: PoolResetState) -> None:
    """What was not committed ends here, and a tenant or reach that outlived its transaction."""
    if state.terminate_only:
        return
    begun = connection.pgconn.transaction_status != TransactionStatus.IDLE
    reset = b"reset invekto.tenant_id; reset invekto.reach"
    forget = b"rollback; " + reset if begun else reset
    result = connection.pgconn.exec_(forget)  # in one round trip
    if result.status != ExecStatus.COMMAND_OK:
        raise OperationalError("the connection could not be cleaned")
