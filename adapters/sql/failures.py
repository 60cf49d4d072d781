"""The database's refusals in the core's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from core.shared.errors import Conflict, NotFound, Unavailable


@contextmanager
def translated() -> Iterator[None]:
    """Raise Conflict, NotFound or Unavailable where the database refused for such a reason.

    After any of them the transaction is over: the work can only be left.
    """
    try:
        yield
    except NoConnectionFree as error:
        raise Unavailable("the database has no connection free") from error
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.UniqueViolation):
            raise Conflict("there is one like it already") from error
        if isinstance(error.orig, psycopg.errors.ForeignKeyViolation):
            raise NotFound("it refers to something that is not there") from error
        if error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError):
            raise Unavailable("the database cannot answer now") from error
        raise
