"""The supervisor behind ``invekto up``: start the house in order, keep it up, stop it in reverse.

It has one thread, on purpose: the kernel ties the life of a child to the *thread* that started it,
and preparing a child between fork and exec is only safe when no other thread holds a lock.
"""

import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol, TextIO

from entrypoints.child import Child, Journal, Process

__all__ = ["NeverReady", "Process", "Server", "Supervisor"]

READY_WITHIN = 120.0
FIRST_WAIT = 0.2
LONGEST_WAIT = 30.0
LONGEST_WAIT_FOR_A_SERVER = 1.0  # nobody works without it, and it is to be back within 5 s
STEADY = 5.0  # seconds up after which an end is a new mishap, not the same one again
TICK = 0.1
EAGER_TICK = 0.02  # while somebody waits for the house to come up
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OURS = "invekto"


class Server(Protocol):
    """Something that runs beside us; the embedded servers are such, and so is a Child."""

    @property
    def name(self) -> str:
        """What its lines are headed with."""

    def launch(self) -> None:
        """Begin to start, and return soon; nothing happens if it is alive."""

    def ready(self) -> bool:
        """Whether it does its work now."""

    def alive(self) -> bool:
        """Whether it still runs, ready or not."""

    def stop(self) -> None:
        """Return when it and all it left behind have ended; also for one that is dead."""

    def tail(self) -> str:
        """The last lines of its log."""


class NeverReady(RuntimeError):
    """Something did not come up; the text says what, and how its log ends."""


class State(Enum):
    """How far one of ours is; DOWN also means that it is wanted up."""

    DOWN = auto()
    STARTING = auto()
    UP = auto()


@dataclass(slots=True)
class Unit:
    """One of ours, and where it stands. ``since`` is when it got into its state."""

    server: Server
    state: State = State.DOWN
    since: float = 0.0
    due: float = 0.0
    mishaps: int = 0

    @property
    def up(self) -> bool:
        return self.state is State.UP

    @property
    def holds_others_up(self) -> bool:
        """A server is what the others stand on; a process of the house has only siblings."""
        return not isinstance(self.server, Child)

    def become(self, state: State) -> None:
        """Change the state now."""
        self.state, self.since = state, time.monotonic()

    def advance(self) -> str | None:
        """One step towards being up, or what went wrong; never waits long."""
        try:
            return self._advance()
        except (OSError, RuntimeError) as error:
            return f"could not be started: {error}"

    def _advance(self) -> str | None:
        now = time.monotonic()
        if self.state is State.DOWN:
            if now >= self.due:
                self.server.launch()
                self.become(State.STARTING)
        elif not self.server.alive():
            return "died" if self.state is State.UP else "died before it was ready"
        elif self.state is State.STARTING:
            if self.server.ready():
                self.become(State.UP)
            elif now - self.since > READY_WITHIN:
                return f"was not ready within {READY_WITHIN:.0f} s"
        return None

    def fall(self) -> float:
        """Clear away what is left of it; seconds until the next try, more each time."""
        with suppress(OSError, RuntimeError):  # what hinders it will hinder, and tell, the next try
            self.server.stop()
        steady = self.state is State.UP and time.monotonic() - self.since > STEADY
        self.mishaps = 1 if steady else self.mishaps + 1
        longest = LONGEST_WAIT_FOR_A_SERVER if self.holds_others_up else LONGEST_WAIT
        wait = min(FIRST_WAIT * 2.0 ** min(self.mishaps - 1, 16), longest)
        self.become(State.DOWN)
        self.due = self.since + wait
        return wait


class Supervisor:
    """Keeps servers and processes up, in the order in which they were added.

    Use it from the main thread: ``add``, ``start`` (as often as there is more to start), ``run``.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        self._journal = Journal(out or sys.stdout)
        self._journal.know(OURS)
        self._units: list[Unit] = []
        self._asked = False

    def add(self, one: Process | Server) -> None:
        """Add what is to run next after all that was added before."""
        server = Child(one, self._journal) if isinstance(one, Process) else one
        self._journal.know(server.name)
        self._units.append(Unit(server))

    def launch(self) -> None:
        """Begin to start all that is not up, and wait for nothing: there may be other work.

        Raises NeverReady as ``start`` does.
        """
        for unit in self._units:
            trouble = self._advance(unit)
            if trouble is not None:
                raise self._give_up(unit, trouble)

    def start(self) -> None:
        """Start in order what is not up yet, each when the one before is ready.

        Raises NeverReady, or SystemExit(0) when asked to stop meanwhile; all is stopped then.
        """
        with self._listening():
            self._bring_up()
            if self._asked:
                self.stop()
                raise SystemExit(0)

    def complete(self, process: Process) -> None:
        """Run to its end what the next ones build on. Raises NeverReady when it fails."""
        if code := Child(process, self._journal).run():
            raise NeverReady(f"{process.name} failed with status {code}")

    def run(self) -> int:
        """Start what is not up, keep all up until SIGINT or SIGTERM, stop; the exit status."""
        with self._listening():
            try:
                self._bring_up()
                while not self._asked:
                    self._look_after()
                    self._hear(TICK)
                self._journal.say(OURS, "stopping")
            finally:
                self.stop()
        return 0

    def stop(self) -> None:
        """Stop everything, last first; each gets ten seconds before it is killed."""
        for unit in reversed(self._units):
            unit.due = 0.0
            if unit.state is State.DOWN:
                continue
            unit.become(State.DOWN)
            try:
                unit.server.stop()
                self._journal.say(OURS, f"{unit.server.name} stopped")
            except (OSError, RuntimeError) as error:  # the others are to be stopped all the same
                self._journal.say(OURS, f"{unit.server.name} did not stop: {error}")

    def _bring_up(self) -> None:
        for unit in self._units:
            while not (unit.up or self._asked):
                trouble = self._advance(unit)
                if trouble is not None:
                    raise self._give_up(unit, trouble)
                self._hear(0.0 if unit.up else EAGER_TICK)

    def _look_after(self) -> None:
        """One round; whoever stands on a server that is down waits for it."""
        for unit in self._units:
            trouble = self._advance(unit)
            if trouble is not None:
                last_words = unit.server.tail() if unit.holds_others_up else ""
                wait = unit.fall()
                self._journal.say(unit.server.name, last_words)
                self._journal.say(OURS, f"{unit.server.name} {trouble}; again in {wait:.1f} s")
            if unit.holds_others_up and unit.state is not State.UP:
                return

    def _advance(self, unit: Unit) -> str | None:
        was = unit.state
        trouble = unit.advance()
        if unit.state is State.UP and was is not State.UP:
            self._journal.say(OURS, f"{unit.server.name} is ready")
        return trouble

    def _give_up(self, unit: Unit, trouble: str) -> NeverReady:
        tail = unit.server.tail()
        unit.fall()
        self.stop()
        told = trouble if tail in trouble else f"{trouble}. It said last:\n{tail}"
        return NeverReady(f"{unit.server.name} {told}")

    def _hear(self, seconds: float) -> None:
        """Pass on what the children say, for at most so long."""
        children = [unit.server for unit in self._units if isinstance(unit.server, Child)]
        speaking = {child.pipe: child for child in children if child.pipe is not None}
        for pipe in select.select(list(speaking), [], [], seconds)[0]:
            speaking[pipe].drain()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Take a signal as a wish to stop, which the next step sees."""

        def ask(*_: object) -> None:
            self._asked = True

        before = {number: signal.signal(number, ask) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
