"""A process of the house as a fork of the supervisor: all is loaded already, and held once."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context
from typing import IO

PR_SET_NAME = 15
LONGEST_NAME = 15
FORGOTTEN = (signal.SIGTERM, signal.SIGHUP)
_C = ctypes.CDLL(None)


class Forked:
    """A function that runs in a fork of ours, as far as a Child needs of a ``Popen``.

    Fork from a process with one thread, which holds no connection of its own. What the fork says
    comes out of ``stdout``, and ``ps`` and ``top`` know it as ``invekto:name``.
    """

    def __init__(self, name: str, main: Callable[[], int], tether: Callable[[], None]) -> None:
        heard, said = os.pipe()

        def live() -> None:
            tether()
            _become(name, said)
            sys.exit(main())

        self._process = get_context("fork").Process(target=live, name=name)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, FORGOTTEN)  # until they mean the fork
        try:
            self._process.start()
        finally:
            os.close(said)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        assert self._process.pid is not None
        self.pid = self._process.pid
        self.stdout: IO[bytes] = os.fdopen(heard, "rb", buffering=0)

    def poll(self) -> int | None:
        """Its exit status, or minus the signal that killed it; None while it runs."""
        return self._process.exitcode

    def wait(self) -> int:
        """The same, when it has ended."""
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Nothing happens to one that has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


def _become(name: str, said: int) -> None:
    """In the fork: a session, output and a name of its own, and no signal handler of ours."""
    os.setsid()
    _C.prctl(PR_SET_NAME, f"invekto:{name}"[:LONGEST_NAME].encode(), 0, 0, 0)
    for number in FORGOTTEN:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORGOTTEN)
    silence = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((silence, 0), (said, 1), (said, 2)):
        os.dup2(ours, theirs)
    sys.stdout = sys.stderr = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
