"""The supervisor's forks: a life, words, signals and an end of their own, and nobody's locks."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from adapters.embedded import Valkey
from tests.adapters.test_up import ROOT, SOON, gone, open_folder, until

__all__ = ["open_folder"]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")

HOUSE = """
import os, signal, sys, time
from pathlib import Path
from adapters.embedded import Valkey
from entrypoints.up import NeverReady, Process, Supervisor

def waits():
    print("up", os.environ["WHO"], sys.stdin.read() == "", flush=True)
    time.sleep(600)

def deaf():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return waits()

def fails():
    print("no such table")
    return 3

def raises():
    raise OSError("no such file")

supervisor = Supervisor()
folder, *names = sys.argv[1:]
if folder:
    supervisor.add(Valkey(Path(folder)))
    supervisor.start()
for name in names:
    process = Process(name, ["/no/such/program"], {"WHO": name}, main=globals()[name])
    if name in ("fails", "raises"):
        try:
            supervisor.complete(process)
        except NeverReady as error:
            print(error, flush=True)
    else:
        supervisor.add(process)
sys.exit(supervisor.run())
"""


@contextmanager
def house(*names: str, folder: Path | str = "") -> "Iterator[subprocess.Popen[str]]":
    """A supervisor in a process of its own, whose children are forks of it."""
    argv = [sys.executable, "-c", HOUSE, str(folder), *names]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as supervisor:
        try:
            yield supervisor
        finally:
            supervisor.kill()


def heard(supervisor: "subprocess.Popen[str]", what: str) -> str:
    assert supervisor.stdout is not None
    return next(line for line in supervisor.stdout if what in line)


def forked(supervisor: "subprocess.Popen[str]", name: str) -> psutil.Process:
    """The child of that name, which it gives itself when it is forked."""
    found: list[psutil.Process] = []

    def named() -> bool:
        family = psutil.Process(supervisor.pid).children()
        found.extend(child for child in family if child.name() == f"invekto:{name}")
        return bool(found)

    until(named)
    return found[0]


def test_a_fork_has_its_environment_its_name_and_no_input() -> None:
    with house("waits") as supervisor:
        assert "waits   | up waits True" in heard(supervisor, "up")
        child = forked(supervisor, "waits")
        assert os.getsid(child.pid) == child.pid


def test_a_fork_that_is_killed_comes_back() -> None:
    with house("waits") as supervisor:
        heard(supervisor, "waits is ready")
        forked(supervisor, "waits").kill()
        heard(supervisor, "ended: killed by SIGKILL")
        heard(supervisor, "waits died; again in 0.2 s")
        heard(supervisor, "up waits")


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_supervisor_stops_its_forks(word: signal.Signals) -> None:
    with house("waits") as supervisor:
        heard(supervisor, "up waits")
        child = forked(supervisor, "waits")
        supervisor.send_signal(word)
        heard(supervisor, "ended: killed by SIGTERM")
        heard(supervisor, "waits stopped")
        assert supervisor.wait(SOON) == 0
        assert gone([child])


def test_forks_do_not_outlive_a_supervisor_that_is_killed() -> None:
    with house("waits") as supervisor:
        heard(supervisor, "up waits")
        child = forked(supervisor, "waits")
        supervisor.kill()
        until(lambda: gone([child]))


def test_what_runs_to_its_end_is_heard_and_its_failure_is_told() -> None:
    with house("fails", "raises", "waits") as supervisor:
        heard(supervisor, "no such table")
        heard(supervisor, "fails failed with status 3")
        heard(supervisor, "OSError: no such file")
        heard(supervisor, "raises failed with status 1")
        heard(supervisor, "up waits")


def test_a_fork_does_not_keep_a_servers_folder_locked(open_folder: Path) -> None:
    """Its supervisor was killed, and it is slow to end."""
    with house("deaf", folder=open_folder) as supervisor:
        heard(supervisor, "up deaf")
        child = forked(supervisor, "deaf")
        supervisor.kill()
        supervisor.wait(SOON)
        again = Valkey(open_folder)
        try:
            again.start()
            assert not gone([child])
        finally:
            again.stop()
            child.kill()
