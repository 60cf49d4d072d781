"""How much a run measures, and how sides take turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.bench.servers import Servers

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sizes:
    pairs: int
    """Rounds in which each side is measured once."""
    seconds: float
    """How long one side is under load in a round."""
    conversations: int
    tenants: int
    """Among whom the conversations are shared out, by Zipf's law."""
    jobs: int
    """In a round of the pipeline."""
    answers: int
    """Webhooks that are followed to their answer, one at a time."""
    turns: int
    """Of each kind of conversation."""
    guesses: int
    """Passwords that are tried, of each kind."""
    starts: int
    """Of the whole house, cold and warm."""


FULL = Sizes(5, 3.0, 1_000_000, 200, 600, 30, 100, 200, 5)
QUICK = Sizes(5, 1.0, 50_000, 200, 200, 10, 30, 100, 2)
TINY = Sizes(1, 0.2, 2_000, 5, 40, 2, 4, 3, 1)
"""Shows that everything runs, and measures nothing."""


@dataclass(frozen=True, slots=True)
class Run:
    servers: Servers
    sizes: Sizes


def in_turns(rounds: int, *sides: Callable[[], T]) -> list[Sequence[T]]:
    """What each side answers in each round, in the order of the sides.

    Every other round goes backwards, so that no side always comes first.
    """
    order = list(enumerate(sides))
    answers: list[Sequence[T]] = []
    for number in range(rounds):
        found = {i: side() for i, side in (order if number % 2 == 0 else reversed(order))}
        answers.append([found[i] for i, _ in order])
    return answers
