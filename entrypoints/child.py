"""One child process of the supervisor: a program, what it says, and its end."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TextIO

from entrypoints.forked import Forked

PR_SET_PDEATHSIG = 1
GRACE = 10.0
TAIL = 20
LONGEST_LINE = 64 * 1024
COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
_C = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Process:
    """A program of the house; ``env`` is added to our own environment.

    Without ``ready`` it counts as ready when it runs. ``main`` does what the program does, and is
    run in a fork of ours instead where forks are safe (Linux).
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    main: Callable[[], int] | None = None


class Journal:
    """Lines, each behind the padded name of who says it, coloured on a terminal."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._names: list[str] = []

    def know(self, name: str) -> None:
        """Make room for the name, so that every line lines up from the first one on."""
        if name not in self._names:
            self._names.append(name)

    def say(self, name: str, text: str) -> None:
        """Write its lines; a terminal that has gone away does not take the house down with it."""
        self.know(name)
        prefix = f"{name:<{max(map(len, self._names))}} |"
        if self._out.isatty():
            colour = COLOURS[self._names.index(name) % len(COLOURS)]
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        with suppress(OSError):
            self._out.writelines(f"{prefix} {line}\n" for line in text.splitlines())
            self._out.flush()


class Child:
    """The running program of a Process. On Linux it is asked to end when we die."""

    def __init__(self, process: Process, journal: Journal) -> None:
        self.name = process.name
        self._process = process
        self._journal = journal
        self._running: subprocess.Popen[bytes] | Forked | None = None
        self._pipe: int | None = None
        self._rest = b""
        self._lines: deque[str] = deque(maxlen=TAIL)

    @property
    def pipe(self) -> int | None:
        """What to wait on before ``drain``; None when there is nothing more to hear."""
        return self._pipe

    def launch(self) -> None:
        """Start the program in a session of its own, so that Ctrl-C reaches only us."""
        if self.alive():
            return
        self._lines.clear()
        self._running = self._fork() or self._execute()
        assert self._running.stdout is not None
        self._pipe = self._running.stdout.fileno()
        os.set_blocking(self._pipe, False)

    def _fork(self) -> Forked | None:
        main, tether = self._process.main, _tether()
        if main is None or tether is None:
            return None

        def live() -> int:
            os.environ.update(self._process.env)
            return main()

        return Forked(self.name, live, tether)

    def _execute(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._process.argv,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self._process.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_tether(),  # noqa: PLW1509 - the supervisor has one thread
        )

    def run(self) -> int:
        """The exit status of a program that ends by itself; an interrupt ends it as well."""
        self.launch()
        try:
            while self.alive():
                if not self.drain():
                    time.sleep(0.01)
        finally:
            code = self._bury()
        return code

    def alive(self) -> bool:
        """Whether the program runs; a dead one is reaped."""
        return self._running is not None and self._running.poll() is None

    def ready(self) -> bool:
        """Whether it runs and, if the process has a question for that, says yes to it."""
        try:
            return self.alive() and (self._process.ready is None or self._process.ready())
        except OSError:  # the question found nobody to ask
            return False

    def stop(self) -> None:
        """Ask to end; after ten seconds insist. Nothing of its session is left behind."""
        if self._running is None:
            return
        if self.alive():
            self._running.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while self.alive() and time.monotonic() < deadline:
            self.drain()
            time.sleep(0.01)
        self._journal.say(self.name, f"(ended: {_ending(self._bury())})")

    def tail(self) -> str:
        """The last lines that it said."""
        return "\n".join(self._lines)

    def drain(self) -> bool:
        """Pass on what it has said, without waiting; False when there was nothing."""
        if self._pipe is None:
            return False
        try:
            heard = os.read(self._pipe, LONGEST_LINE)
        except BlockingIOError:
            return False
        if not heard:
            self._pipe = None
        *lines, self._rest = (self._rest + heard).split(b"\n")
        if len(self._rest) > LONGEST_LINE or (self._rest and not heard):
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._pass_on(line)
        return bool(heard)

    def _bury(self) -> int:
        """Leave nothing of its session behind, and nothing unheard; its exit status."""
        assert self._running is not None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._running.pid, signal.SIGKILL)
        code = self._running.wait()
        self._hear_out()
        self._running = None
        return code

    def _hear_out(self) -> None:
        while self.drain():
            pass
        if self._rest:
            self._pass_on(self._rest)
        assert self._running is not None
        assert self._running.stdout is not None
        self._running.stdout.close()
        self._pipe, self._rest = None, b""

    def _pass_on(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        self._lines.append(text)
        self._journal.say(self.name, text or " ")


def _ending(code: int) -> str:
    return f"exit status {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def _tether() -> Callable[[], None] | None:
    """For the child, just before its program: SIGTERM from the kernel when we die (Linux)."""
    if sys.platform != "linux":
        return None
    parent = os.getpid()

    def bind() -> None:
        _C.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return bind
