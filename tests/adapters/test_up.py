"""The supervisor, with real children: order, readiness, log lines, restarts, and the end."""

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from entrypoints.up import NeverReady, Process, Supervisor

ROOT = Path(__file__).parents[2]
SOON = 15.0
WAITS = "import time; time.sleep(600)"


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


def child(name: str, code: str = WAITS, ready: Callable[[], bool] | None = None) -> Process:
    return Process(name, [sys.executable, "-S", "-c", code], ready=ready)


class Fixed:
    """A server in memory whose life the test decides."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lives = self.answers = False
        self.launches = 0

    def launch(self) -> None:
        self.lives = True
        self.launches += 1

    def ready(self) -> bool:
        return self.lives and self.answers

    def alive(self) -> bool:
        return self.lives

    def stop(self) -> None:
        self.lives = False

    def tail(self) -> str:
        return "the log of a server"


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def supervisor(out: io.StringIO) -> Iterator[Supervisor]:
    supervisor = Supervisor(out)
    yield supervisor
    supervisor.stop()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that every user may walk to, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def rounds(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    """What ``run`` does between its start and its end, until something comes true."""

    def once() -> bool:
        supervisor._look_after()
        supervisor._hear(0.01)
        return condition()

    until(once)


def test_each_starts_when_the_one_before_is_ready(
    supervisor: Supervisor, out: io.StringIO, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    make = f"import pathlib, time; time.sleep(.1); pathlib.Path({str(flag)!r}).touch(); {WAITS}"
    look = f"import pathlib; print('made', pathlib.Path({str(flag)!r}).exists()); {WAITS}"
    supervisor.add(child("maker", make, flag.exists))
    supervisor.add(child("looker", look, lambda: "made" in out.getvalue()))
    supervisor.start()
    assert "looker  | made True\n" in out.getvalue()
    assert out.getvalue().index("maker is ready") < out.getvalue().index("made True")


def test_every_line_carries_its_padded_name(
    supervisor: Supervisor, out: io.StringIO, tmp_path: Path
) -> None:
    done = tmp_path / "done"
    code = (
        "import os, sys, time; print('one\\n\\ntwo', 'ş'); print('three', file=sys.stderr, end='')"
    )
    code += "; sys.stdout.buffer.write(b'\\xff\\n'); sys.stdout.flush()"
    code += f"\nwhile not os.path.exists({str(done)!r}): time.sleep(0.01)"
    supervisor.add(child("a", code))
    supervisor.add(child("a-long-name"))
    supervisor.start()
    done.touch()
    rounds(supervisor, lambda: "a died" in out.getvalue())
    lines = out.getvalue().splitlines()
    said = [line.removeprefix("a           | ") for line in lines if line.startswith("a  ")]
    assert {"one", "two ş", "three"} <= set("\n".join(said).replace("\ufffd", "\n").split("\n"))
    assert "(ended: exit status 0)" in said
    assert all(re.match(r"(a|a-long-name|invekto) *\| ", line) for line in lines)
    assert len({line.index("|") for line in lines}) == 1


def test_names_are_coloured_on_a_terminal_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    supervisor = Supervisor(terminal)
    supervisor.add(child("a"))
    supervisor.start()
    supervisor.stop()
    assert "\x1b[36minvekto |\x1b[0m a is ready\n" in terminal.getvalue()
    assert "\x1b[33ma       |\x1b[0m (ended: killed by SIGTERM)\n" in terminal.getvalue()


def test_what_never_gets_ready_is_reported_and_all_is_stopped(
    supervisor: Supervisor, out: io.StringIO
) -> None:
    supervisor.add(child("first"))
    supervisor.add(child("second", "print('no such table'); raise SystemExit(3)", lambda: False))
    with pytest.raises(NeverReady, match=r"(?s)second died before it was ready.*no such table"):
        supervisor.start()
    assert "first stopped" in out.getvalue()
    assert "second | (ended: exit status 3)" in out.getvalue().replace("  ", " ")


def test_a_program_that_does_not_exist_is_reported(supervisor: Supervisor) -> None:
    supervisor.add(Process("ghost", ["/no/such/program"]))
    with pytest.raises(NeverReady, match=r"ghost could not be started.*No such file"):
        supervisor.start()


def test_a_child_that_dies_comes_back_with_growing_patience(
    supervisor: Supervisor, out: io.StringIO
) -> None:
    supervisor.add(child("frail", "pass"))
    rounds(supervisor, lambda: "again in 0.8 s" in out.getvalue())
    assert re.findall(r"again in (\S+) s", out.getvalue()) == ["0.2", "0.4", "0.8"]


def test_nobody_is_restarted_while_a_server_below_is_down(
    supervisor: Supervisor, out: io.StringIO
) -> None:
    database, app = Fixed("database"), Fixed("app")
    database.answers = app.answers = True
    supervisor.add(database)
    supervisor.add(app)
    supervisor.start()
    database.lives = database.answers = app.lives = False
    rounds(supervisor, lambda: database.launches == 2)
    assert "database | the log of a server" in out.getvalue()
    for _ in range(30):
        supervisor._look_after()
    assert app.launches == 1
    database.answers = True
    rounds(supervisor, lambda: app.launches == 2)


HOUSE = """
import sys
from entrypoints.up import Process, Supervisor
waits = "import time; print('up', flush=True); time.sleep(600)"
deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + waits
forks = "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); print(p.pid); p.wait()"
supervisor = Supervisor()
for name, code in zip(sys.argv[1::2], sys.argv[2::2]):
    supervisor.add(Process(name, [sys.executable, "-S", "-c", globals()[code]]))
sys.exit(supervisor.run())
"""


@contextmanager
def house(*children: str) -> "Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]":
    """A supervisor in a process of its own, and its children, who have all spoken."""
    with subprocess.Popen(
        [sys.executable, "-c", HOUSE, *children], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as supervisor:
        try:
            assert supervisor.stdout is not None
            waiting = set(children[::2])
            while waiting:
                name, _, said = supervisor.stdout.readline().partition("|")
                if re.match(r" (up|\d+)$", said):
                    waiting.discard(name.strip())
            yield supervisor, psutil.Process(supervisor.pid).children(recursive=True)
        finally:
            supervisor.kill()


def gone(processes: Sequence[psutil.Process]) -> bool:
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all_in_reverse_order(word: signal.Signals) -> None:
    with house("one", "waits", "two", "waits", "three", "waits") as (supervisor, children):
        supervisor.send_signal(word)
        assert supervisor.stdout is not None
        rest = supervisor.stdout.read()
        assert supervisor.wait(SOON) == 0
        assert re.findall(r"(\w+) stopped", rest) == ["three", "two", "one"]
        assert gone(children)


def test_a_deaf_child_is_killed_after_its_grace(
    supervisor: Supervisor, out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entrypoints.child.GRACE", 0.3)
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); "
    supervisor.add(child("deaf", code + WAITS, lambda: "| deaf" in out.getvalue()))
    supervisor.start()
    supervisor.stop()
    assert "(ended: killed by SIGKILL)" in out.getvalue()


def test_what_a_child_started_goes_with_it() -> None:
    with house("parent", "forks") as (_, family):
        assert len(family) == 2
        os.kill(family[0].pid, signal.SIGKILL)
        until(lambda: gone(family))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of our death")
def test_children_do_not_outlive_a_supervisor_that_is_killed() -> None:
    with house("one", "waits", "two", "waits") as (supervisor, children):
        assert len(children) == 2
        supervisor.kill()
        until(lambda: gone(children))


BOTH = """
import sys
from pathlib import Path
from adapters.embedded import Valkey
from entrypoints.up import Process, Supervisor
supervisor = Supervisor()
valkey = Valkey(Path(sys.argv[1]))
supervisor.add(valkey)
supervisor.add(Process("app", [sys.executable, "-S", "-c", "import time; time.sleep(600)"]))
sys.exit(supervisor.run())
"""


def test_an_embedded_server_is_kept_up_like_a_process(open_folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BOTH, str(open_folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as house:
        assert house.stdout is not None
        try:
            read = iter(house.stdout.readline, "")
            assert any("app is ready" in line for line in read)
            server = psutil.Process(house.pid).children()[0]
            assert "valkey" in server.name()
            server.kill()
            assert any("valkey died; again in 0.2 s" in line for line in read)
            assert any("valkey is ready" in line for line in read)
            house.terminate()
            assert any("app stopped" in line for line in read)
            assert any("valkey stopped" in line for line in read)
            assert house.wait(SOON) == 0
        finally:
            house.kill()
