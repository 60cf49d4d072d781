"""One storm: a story, deaths meanwhile, rest, and the verdict."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from random import Random

from ports.sandbox import Fault
from tests.faults.aftermath import Rest, come_to_rest
from tests.faults.evidence import Evidence, gather
from tests.faults.house import Victim
from tests.faults.reaper import fates, reap
from tests.faults.story import Story, script
from tests.faults.verdict import Violation, judge
from tests.faults.world import Stage


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad it gets."""

    webhooks: int
    """Messages that customers write; each answer brings three reports on top."""
    seconds: float
    kills: int
    at_least: Mapping[Victim, int]
    rest_within: float
    """Seconds within which the house has to be at rest after the last message."""


CUTS = (Fault.LOST_REQUEST, Fault.LOST_ANSWER, Fault.SERVER_ERROR)
"""What the first sends meet: nobody but a person can tell the first from the second."""
SHORT = Weather(60, 12.0, 8, dict.fromkeys(Victim, 1), 150.0)
LONG = Weather(2_000, 110.0, 64, {**dict.fromkeys(Victim, 4), Victim.POSTGRES: 5}, 900.0)


def longer(webhooks: int, kills: int) -> Weather:
    """The long form with other numbers, as dense as it is."""
    seconds = LONG.seconds * max(1.0, webhooks / LONG.webhooks, kills / LONG.kills)
    return replace(LONG, webhooks=webhooks, kills=kills, seconds=seconds)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a storm came to."""

    seed: int
    deaths: Counter[Victim]
    deliveries: int
    duplicates: int
    answers: Counter[str]
    """What the house said to each try of the post."""
    evidence: Evidence
    rest: Rest
    violations: Sequence[Violation]
    seconds: float

    def table(self) -> str:
        e = self.evidence
        outcomes = Counter(t.outcome or t.state for t in e.turns)
        rows = {
            "seed": self.seed,
            "killed": f"{self.deaths.total()} ({_counted(self.deaths)})",
            "written": f"{len(e.written)} by {len({w.person for w in e.written})} customers",
            "deliveries": f"{self.deliveries}, {self.duplicates} of them again",
            "tries": _counted(self.answers),
            "kept": sum(e.inbox.values()),
            "stored messages": len(e.heard),
            "contacts / threads": f"{e.contacts} / {len(e.threads)}",
            "turns": _counted(outcomes),
            "answers": f"{len(e.said)} written, {len(e.accepted)} taken by the vendor",
            "doubts": f"{self.rest.doubts} ({_counted(self.rest.settled) or 'none'})",
            "at rest after": f"{self.rest.seconds:.1f} s",
            "seconds": f"{self.seconds:.1f}",
            "violations": len(self.violations),
        }
        return "\n".join(f"  {name:<20}{value}" for name, value in rows.items())


def storm(stage: Stage, shops: int, weather: Weather, seed: int) -> Outcome:
    """Let it happen to so many shops of a house that is watched and at rest, and judge."""
    random, began = Random(seed), time.monotonic()
    story = Story(stage.vendors, stage.shops[:shops])
    lines = script(random, shops, weather.webhooks, weather.seconds, story.order)
    for fault in CUTS:
        stage.vendors.cut(fault, max(2, weather.webhooks // 100))
    deaths = fates(random, weather.seconds, weather.kills, weather.at_least)
    with ThreadPoolExecutor(1) as side:
        writing = side.submit(story.play, lines)
        died = reap(stage.house, deaths, random)
        written = writing.result()
    rest = come_to_rest(stage, weather.rest_within)
    evidence = gather(stage.house.database, written, stage.vendors.sent())
    return Outcome(
        seed,
        died,
        stage.post.taken,
        stage.post.duplicates,
        Counter(stage.post.answers),
        evidence,
        rest,
        judge(evidence),
        time.monotonic() - began,
    )


def _counted(counts: Counter[Victim] | Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()) if count)
