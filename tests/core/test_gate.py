"""Nobody hears about an order before proving that it is theirs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commerce.gate import (
    CONTACT_SPAN,
    CONTACT_TRIES,
    TENANT_SPAN,
    TENANT_TRIES,
    Admission,
    admit,
    facts_in,
    theirs,
)
from core.commerce.orders import StoredOrder
from ports.families.marketplace import Package, PackageState
from ports.values import Money
from tests.core.fakes.house import PERSON, PHONE
from tests.core.fakes.laws import law
from tests.core.fakes.samples import NUMBER, order, package
from tests.core.fakes.world import NOW, TENANT, World

ALI, SHOP = UUID(int=1), UUID(int=2)
CANCELLED, SUPERSEDED = PackageState.CANCELLED, PackageState.SUPERSEDED


@dataclass
class Gatekeeper:
    """A shop's orders and a gate in front of them."""

    world: World = field(default_factory=World)
    now: datetime = NOW

    def holds(self, *packages: Package, number: str = NUMBER, phone: str | None = None) -> None:
        with self.world(TENANT) as work:
            work.orders.upsert(SHOP, order(*packages, number=number, phone=phone), None, NOW)
            work.commit()

    def asked(self, text: str, contact: UUID = ALI, *phones: str) -> Admission:
        facts = facts_in(text)
        with self.world(TENANT) as work:
            named = [s for n in facts.numbers for s in work.orders.by_number(n)]
            admission = admit(named, facts, contact, phones, work, PERSON, now=self.now)
            work.commit()
        return admission

    @property
    def guesses(self) -> int:
        return len(self.world.tables().guesses)

    def audited(self) -> list[str]:
        return [e.event_type for e in self.world.tables().audit]


@pytest.fixture
def gate() -> Gatekeeper:
    keeper = Gatekeeper()
    keeper.holds(package(total="1079.80"))
    return keeper


def numbers(admission: Admission) -> list[str]:
    return [s.order.number for s in admission.orders]


def test_the_verified_phone_of_the_order_proves_it(gate: Gatekeeper) -> None:
    gate.holds(number="2000001", phone=PHONE)
    assert numbers(gate.asked("2000001", ALI, PHONE)) == ["2000001"]
    assert numbers(gate.asked("2000001", ALI, "+905550000000")) == []
    assert numbers(gate.asked("2000001")) == []
    assert gate.guesses == 0


def test_an_order_without_a_phone_matches_no_phone(gate: Gatekeeper) -> None:
    assert numbers(gate.asked(NUMBER, ALI, PHONE)) == []


@pytest.mark.parametrize("total", ["1079,80", "1.079,80 TL", "1079 TL", "1079"])
def test_number_and_total_prove_an_order(gate: Gatekeeper, total: str) -> None:
    assert numbers(gate.asked(f"{NUMBER} {total}")) == [NUMBER]
    assert gate.audited() == ["order.proven"]
    assert gate.world.tables().orders[SHOP, NUMBER].contact_id == ALI


@pytest.mark.parametrize("total", ["1079,79", "1079,81", "1080", "1078", "10798", "0", "9999,99"])
def test_a_total_that_is_a_little_wrong_is_wrong(gate: Gatekeeper, total: str) -> None:
    assert numbers(gate.asked(f"{NUMBER} {total}")) == []
    assert gate.guesses == 1


def test_a_proof_is_remembered_for_its_contact_alone(gate: Gatekeeper) -> None:
    gate.asked(f"{NUMBER} 1079,80")
    assert numbers(gate.asked(NUMBER)) == [NUMBER]
    assert numbers(gate.asked(NUMBER, UUID(int=9))) == []
    with gate.world(TENANT) as work:
        stored = work.orders.by_number(NUMBER)
        assert [s.order.number for s in theirs(stored, ALI, (), work)] == [NUMBER]
        assert theirs(stored, UUID(int=9), (), work) == ()


PACKAGES: list[tuple[str, tuple[Package, ...], list[str]]] = [
    ("two parcels", (package("a", total="100"), package("b", total="50.50")), ["150,50", "150"]),
    (
        "one cancelled: what is left, or all of it",
        (package("a", total="100"), package("b", CANCELLED, total="50")),
        ["100", "150"],
    ),
    (
        "split: the parts and not the whole twice",
        (
            package("a", SUPERSEDED, total="150"),
            package("b", total="100", replaces=("a",)),
            package("c", total="50", replaces=("a",)),
        ),
        ["150"],
    ),
    ("all cancelled", (package("a", CANCELLED, total="80"),), ["80"]),
]


@pytest.mark.parametrize(("why", "packages", "right"), PACKAGES)
def test_the_total_is_what_the_buyer_saw(
    why: str, packages: tuple[Package, ...], right: list[str]
) -> None:
    for total in ("100", "150", "150,50", "50", "80", "300"):
        gate = Gatekeeper()
        gate.holds(*packages)
        assert bool(gate.asked(f"{NUMBER} {total}").orders) is (total in right), (why, total)


def test_of_two_shops_with_the_same_number_the_right_one_answers(gate: Gatekeeper) -> None:
    other = UUID(int=3)
    with gate.world(TENANT) as work:
        work.orders.upsert(other, order(package(total="55")), None, NOW)
        work.commit()
    assert [s.installation_id for s in gate.asked(f"{NUMBER} 55 TL").orders] == [other]


def test_a_guess_at_an_order_that_does_not_exist_counts_like_any_other(gate: Gatekeeper) -> None:
    real, unreal = gate.asked(f"{NUMBER} 5 TL"), gate.asked("9999999999 5 TL")
    assert real == unreal
    assert gate.guesses == 2


def test_a_number_without_a_total_is_no_guess(gate: Gatekeeper) -> None:
    for _ in range(20):
        assert gate.asked(NUMBER) == Admission(())
    assert gate.guesses == 0


def test_after_too_many_wrong_guesses_even_the_right_one_waits_for_a_person(
    gate: Gatekeeper,
) -> None:
    for n in range(CONTACT_TRIES):
        assert gate.asked(f"{NUMBER} {n + 1} TL") == Admission(())
    assert gate.asked(f"{NUMBER} 1079,80") == Admission((), locked=True)
    assert gate.audited() == ["gate.locked"]
    assert gate.asked(f"{NUMBER} 1079,80", UUID(int=9)).orders, "others are not locked out"
    gate.now += CONTACT_SPAN + timedelta(seconds=1)
    assert numbers(gate.asked(f"{NUMBER} 1079,80")) == [NUMBER]


def test_a_proven_order_is_told_even_to_a_locked_contact(gate: Gatekeeper) -> None:
    gate.asked(f"{NUMBER} 1079,80")
    for n in range(CONTACT_TRIES + 1):
        gate.asked(f"200000{n} 1 TL")
    assert numbers(gate.asked(NUMBER)) == [NUMBER]


def test_many_contacts_together_are_limited_too(gate: Gatekeeper) -> None:
    for n in range(TENANT_TRIES):
        gate.asked(f"{NUMBER} 1 TL", UUID(int=100 + n))
    assert gate.asked(f"{NUMBER} 1079,80").locked
    gate.now += TENANT_SPAN + timedelta(seconds=1)
    assert numbers(gate.asked(f"{NUMBER} 1079,80")) == [NUMBER]


def test_many_amounts_in_one_message_are_one_try_at_two_of_them(gate: Gatekeeper) -> None:
    sweep = " ".join(f"{n} TL" for n in range(1000, 1100))
    assert numbers(gate.asked(f"{NUMBER} {sweep}")) == []
    assert gate.guesses == 1


def test_ten_thousand_guesses_at_real_orders_disclose_nothing() -> None:
    """Totals nearby, totals of other orders, totals in every spelling: none is let in."""
    gate, random = Gatekeeper(), Random(11)
    totals = {str(5_000_000 + n): random.randrange(1_000, 500_000) for n in range(50)}
    for number, minor in totals.items():
        gate.holds(replace(package(), total=Money(minor, "TRY")), number=number)
    tried = 0
    with gate.world(TENANT) as work:
        while tried < 10_000:
            number, other = random.choice(list(totals)), random.choice(list(totals.values()))
            near = totals[number] + random.choice([-100, -1, 1, 99, 100, 101])
            guess = random.choice([other, near, random.randrange(500_000)])
            if guess in (totals[number], totals[number] // 100 * 100):
                continue
            tried += 1
            facts = facts_in(f"{number} {guess // 100},{guess % 100:02d} TL")
            asked, now = work.orders.by_number(number), NOW + timedelta(minutes=2 * tried)
            answer = admit(asked, facts, UUID(int=tried), (), work, PERSON, now=now)
            assert answer == Admission(()), (number, guess)
            assert facts.is_guess
            del work.gate.t.guesses[:-40]  # older ones count no more


@law
@given(st.lists(st.tuples(st.integers(1, 10**6), st.sampled_from(PackageState)), max_size=5))
def test_the_total_counts_no_package_that_was_replaced(
    parts: list[tuple[int, PackageState]],
) -> None:
    packages = [
        replace(package(str(n), state), total=Money(minor, "TRY"))
        for n, (minor, state) in enumerate(parts)
    ]
    stored = StoredOrder(SHOP, replace(order(), packages=tuple(packages)), None, NOW)
    gone = (SUPERSEDED, CANCELLED)
    going = [p for p in packages if p.state not in gone]
    standing = going or [p for p in packages if p.state is CANCELLED]
    assert list(stored.live_packages) == standing
    minor = sum(p.total.minor for p in standing)
    assert stored.total == (Money(minor, "TRY") if standing else None)


def test_totals_of_two_currencies_are_no_total() -> None:
    mixed = (package("a"), package("b", total="5"))
    foreign = replace(mixed[1], total=Money.parse("5", "EUR"))
    stored = StoredOrder(SHOP, order(mixed[0], foreign), None, NOW)
    assert stored.total is None
