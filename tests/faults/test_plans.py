"""What a storm is made of, without one."""

from __future__ import annotations

from random import Random

from tests.faults.house import Victim
from tests.faults.reaper import fates
from tests.faults.story import script


def test_each_victim_dies_as_often_as_it_should() -> None:
    deaths = fates(Random(1), 60, 40, dict.fromkeys(Victim, 3))
    victims = [death.victim for death in deaths]
    assert len(deaths) == 40
    assert all(victims.count(victim) >= 3 for victim in Victim)
    assert [death.at for death in deaths] == sorted(death.at for death in deaths)


def test_there_are_no_more_deaths_than_asked() -> None:
    assert len(fates(Random(1), 60, 5, dict.fromkeys(Victim, 3))) == 5


def test_a_script_is_as_long_as_asked_and_the_same_for_a_seed() -> None:
    receipt = {"orderNumber": "1", "packageTotalPrice": "10.50"}
    first, again = (script(Random(5), 3, 300, 60, lambda _: receipt) for _ in range(2))
    assert first == again
    assert len(first) == 300
    assert {line.shop for line in first} == {0, 1, 2}
    at_once = [line for line in first if sum(o.at == line.at for o in first) > 1]
    assert len(at_once) > 30, "some write bursts"
    assert any(line.hides_phone for line in first)
