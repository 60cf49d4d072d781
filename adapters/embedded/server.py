"""The life of one embedded server, whatever its kind."""

import fcntl
import os
import secrets
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import IO
from weakref import WeakSet

from adapters.embedded import address, ground, kin
from adapters.embedded.failure import ServerFailed
from adapters.embedded.spawn import spawn

READY_WITHIN = 120.0  # a crash recovery with a lot of log to replay takes its time
LARGEST_LOG = 4 * 1024 * 1024
TAIL = 20
_locks: WeakSet[IO[str]] = WeakSet()
"""Closed in a fork of ours: it would keep the folder locked beyond our end."""


def _let_go() -> None:
    for lock in _locks:
        lock.close()


os.register_at_fork(after_in_child=_let_go)


class EmbeddedServer(ABC):
    """A server that keeps its port and password, and that a kill -9 of anybody cannot wedge.

    One living object at a time owns the server of a folder; a second one is refused, also in
    another process. What an owner that was killed has left behind is ended by the next one.
    On Linux the server ends, cleanly, when the thread that launched it ends.
    """

    name: str
    farewells: Sequence[tuple[signal.Signals, float]]  # signals and their seconds, politest first

    def __init__(self, folder: Path) -> None:
        """``folder`` is the state folder that all embedded servers of one house share."""
        self._wanted = folder
        self._child: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None
        self._log_starts = 0

    @property
    @abstractmethod
    def url(self) -> str:
        """Where to connect, password included; the same for the life of this object."""

    @abstractmethod
    def _prepare(self) -> Sequence[str]:
        """Make ready whatever the server needs, and say how to run it. No other one is alive."""

    @abstractmethod
    def _is_head(self, argv: Sequence[str]) -> bool:
        """Whether this is the command line of this folder's server."""

    def _is_kin(self, argv: Sequence[str]) -> bool:
        """Whether it is that of the server or of a helper process of its."""
        return self._is_head(argv)

    @abstractmethod
    def _answers(self) -> bool:
        """Whether the server now does what clients ask of it."""

    def start(self) -> None:
        """Return when the server is ready; nothing happens if it already is."""
        self.launch()
        deadline = time.monotonic() + READY_WITHIN
        while not self.ready():
            if not self.alive():
                self.stop()
                raise self._failed("ended before it was ready")
            if time.monotonic() > deadline:
                self.stop()
                raise self._failed(f"was not ready within {READY_WITHIN:.0f} s")
            time.sleep(0.02)

    def launch(self) -> None:
        """Begin to start; ``ready`` tells when it is done. Nothing happens if it is alive."""
        if self.alive():
            return
        try:
            self._own()
            self._end_earlier()
            ground.claim(self._data, self._who.uid, ground.PRIVATE)
            argv = self._prepare()
            with self._open_log() as log:
                self._child = spawn(
                    argv, who=self._who, folder=self._data, log=log, last_word=self.farewells[0][0]
                )
        except BaseException as error:
            self._disown()
            if isinstance(error, OSError):
                raise self._failed(f"cannot use its folder: {error}") from error
            raise

    def alive(self) -> bool:
        """Whether our child runs; a dead one is reaped here, so no zombie is taken for living."""
        return self._child is not None and self._child.poll() is None

    def ready(self) -> bool:
        """Whether our own server runs and answers its clients."""
        return self.alive() and self._answers()

    def stop(self) -> None:
        """Shut down cleanly, then more firmly; nothing happens if it was not launched here."""
        if self._lock is None:
            return
        for word, seconds in self.farewells:
            if self._child is None or not self.alive():
                break
            self._child.send_signal(word)
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
        self._child = None
        self._end_earlier()
        self._disown()

    def tail(self) -> str:
        """The last lines that the latest run of the server wrote to its log."""
        try:
            with self._log_path.open("rb") as log:
                end = log.seek(0, os.SEEK_END)
                log.seek(max(self._log_starts, end - 8192))
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-TAIL:])

    @cached_property
    def _who(self) -> ground.Runner:
        return ground.runner()

    @cached_property
    def _home(self) -> Path:
        """The state folder, where it really is."""
        return ground.settle(self._wanted, self._who)

    @cached_property
    def _folder(self) -> Path:
        """The server's own folder in it, made if missing."""
        mode = ground.PASSAGE if self._who.borrowed else ground.PRIVATE
        try:
            return ground.claim(self._home / self.name, os.geteuid(), mode)
        except OSError as error:
            raise ServerFailed(f"Cannot use {self._wanted} for {self.name}: {error}") from error

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _log_path(self) -> Path:
        return self._folder / "server.log"

    @cached_property
    def _password_file(self) -> Path:
        kept = self._folder / "password"
        if not kept.exists():
            ground.write_private(kept, secrets.token_urlsafe(24), self._who.uid)
        return kept

    @cached_property
    def _password(self) -> str:
        return self._password_file.read_text()

    @cached_property
    def _port(self) -> int:
        """The kept port; another one if a stranger sits on it when we first ask."""
        kept = self._folder / "port"
        text = kept.read_text() if kept.exists() else ""
        if text.isdigit():
            port = int(text)
            if address.is_free(port) or kin.find(self._who.uid, self._is_kin):
                return port
        port = address.free_port()
        ground.write_private(kept, str(port), os.geteuid())
        return port

    def _own(self) -> None:
        """Take the folder's lock, which the kernel takes back from us however we end."""
        if self._lock is not None:
            return
        self._lock = open(  # noqa: SIM115 - held until _disown
            self._folder / "lock", "a+", opener=_private
        )
        _locks.add(self._lock)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            raise ServerFailed(
                f"{self.name} in {self._folder} is run by process {self._lock.read()} already. "
                "Stop that one, or name another INVEKTO_DATA."
            ) from None
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()

    def _end_earlier(self) -> None:
        """A server without owner is shut down cleanly; helpers without server cannot be."""
        kin.end(self._who.uid, self._is_head, self.farewells)
        if not kin.end(self._who.uid, self._is_kin, self.farewells[-1:]):
            raise self._failed("of an earlier start does not end")

    def _disown(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _open_log(self) -> IO[bytes]:
        if self._log_path.exists() and self._log_path.stat().st_size > LARGEST_LOG:
            self._log_path.replace(self._log_path.with_suffix(".log.old"))
        log = open(self._log_path, "ab", opener=_private)  # noqa: SIM115 - the caller closes it
        self._log_starts = log.tell()
        return log

    def _failed(self, what: str) -> ServerFailed:
        return ServerFailed(f"{self.name} {what}. See {self._log_path}:\n{self.tail()}")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
