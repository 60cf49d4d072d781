"""The reaper: kills what its seed tells it to, when its seed tells it to."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tests.faults.house import House, Victim

REST = 0.3
"""Seconds at least between two kills."""
SEARCH = 8.0
"""Seconds for which a victim that is down is waited for."""


@dataclass(frozen=True, slots=True)
class Death:
    at: float
    """Seconds after the beginning."""
    victim: Victim


def fates(
    random: Random, seconds: float, kills: int, at_least: Mapping[Victim, int]
) -> Sequence[Death]:
    """That many deaths over those seconds, each victim as often as asked where they are enough."""
    victims = [victim for victim, times in at_least.items() for _ in range(times)]
    victims += random.choices(list(Victim), k=max(0, kills - len(victims)))
    random.shuffle(victims)
    del victims[kills:]
    slot = seconds / max(1, len(victims))
    return [Death((i + random.random()) * slot, victim) for i, victim in enumerate(victims)]


def reap(house: House, deaths: Sequence[Death], random: Random) -> Counter[Victim]:
    """Kill as told; answers who died how often. A victim that stays down is left out."""
    began, died = time.monotonic(), Counter[Victim]()
    for death in deaths:
        time.sleep(max(REST, began + death.at - time.monotonic()))
        until = time.monotonic() + SEARCH
        while not (killed := house.kill(death.victim, random.choice)):
            if time.monotonic() > until:
                break
            time.sleep(0.05)
        died[death.victim] += killed
    return died
