"""Start a server as our own child, as its user, bound to our life."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from adapters.embedded.failure import ServerFailed
from adapters.embedded.ground import Runner

PR_SET_PDEATHSIG = 1
RUN_WITHIN = 120.0
# Nothing of the caller's environment (PGOPTIONS, LANG ...) may bend a server of ours.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
_C = ctypes.CDLL(None)


def tether(word: signal.Signals) -> Callable[[], None] | None:
    """For the child, just before its program: have the kernel send it this when we die (Linux).

    It runs after the change of user, which would forget it, and takes no lock, so that it may run
    between fork and exec.
    """
    if sys.platform != "linux":
        return None
    parent = os.getpid()

    def bind() -> None:
        _C.prctl(PR_SET_PDEATHSIG, int(word), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return bind


def spawn(
    argv: Sequence[str], *, who: Runner, folder: Path, log: IO[bytes], last_word: signal.Signals
) -> "subprocess.Popen[bytes]":
    """The running program: own session (Ctrl-C is ours alone), own folder, all output to the log.

    The kernel sends ``last_word`` when the *thread* that called this ends; call it from one that
    lives as long as the server should.
    """
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            **_circumstances(who, folder, last_word),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerFailed(f"Cannot run {argv[0]} as user {who.uid}: {error}") from error


def run(argv: Sequence[str], *, who: Runner, folder: Path, says: str = "") -> None:
    """Run a program to its end, ``says`` on its input; what it complains of becomes the failure."""
    try:
        done = subprocess.run(
            argv,
            input=says,
            capture_output=True,
            text=True,
            timeout=RUN_WITHIN,
            check=False,
            **_circumstances(who, folder, signal.SIGKILL),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerFailed(f"Cannot run {argv[0]} as user {who.uid}: {error}") from error
    if done.returncode != 0:
        raise ServerFailed(f"{argv[0]} failed:\n{(done.stdout + done.stderr).strip()}")


def _circumstances(who: Runner, folder: Path, last_word: signal.Signals) -> dict[str, Any]:
    lent = {"user": who.uid, "group": who.gid, "extra_groups": []} if who.borrowed else {}
    return {
        "cwd": folder,
        "env": ENVIRONMENT,
        "start_new_session": True,
        "umask": 0o077,
        "preexec_fn": tether(last_word),
        **lent,
    }
