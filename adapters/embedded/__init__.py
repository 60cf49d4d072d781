"""The database and the Redis that a laptop gets by itself: real servers, from wheels, no setup."""

from adapters.embedded.failure import ServerFailed
from adapters.embedded.postgres import Postgres
from adapters.embedded.valkey import Valkey

__all__ = ["Postgres", "ServerFailed", "Valkey"]
