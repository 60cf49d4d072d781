"""The long form: `make faults`."""

from __future__ import annotations

import argparse
import secrets
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.faults.house import NotInTime, house
from tests.faults.storm import LONG, Weather, longer, storm
from tests.faults.watch import watch
from tests.faults.world import stage

FIXED = 20_261_124
SHOPS = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run the fixed seed and others; 1 when any promise is broken."""
    arguments = _arguments(argv)
    seeds = [FIXED, *(secrets.randbelow(10**9) for _ in range(arguments.seeds - 1))]
    if arguments.seed is not None:
        seeds = [arguments.seed]
    weather = longer(arguments.webhooks, arguments.kills)
    return max(_run(seed, weather) for seed in seeds)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many; the first one is fixed")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--webhooks", type=int, default=LONG.webhooks, help="messages that come in")
    parser.add_argument("--kills", type=int, default=LONG.kills, help="processes that are killed")
    return parser.parse_args(argv)


def _run(seed: int, weather: Weather) -> int:
    """One storm over a house of its own; 1 when a promise is broken."""
    with house() as home, stage(home, SHOPS) as on:
        watch(home.database)
        try:
            outcome = storm(on, SHOPS, weather, seed)
        except NotInTime as late:
            broken = [f"seed {seed}: {late}"]
        else:
            print(outcome.table())
            broken = [str(violation) for violation in outcome.violations]
        if not broken:
            print("PASS", flush=True)
            return 0
        kept = shutil.copy(home.log, Path(tempfile.gettempdir()) / f"faults-{seed}.log")
    for line in broken:
        print(f"  ✗ {line}")
    print(f"FAIL  what the house said: {kept}", flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
