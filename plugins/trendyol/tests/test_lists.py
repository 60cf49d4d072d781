"""Claims and questions: no gap while they change, and an end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from plugins.trendyol.marketplace import TrendyolMarketplace
from plugins.trendyol.tests.conftest import everything
from ports.conformance import StillClock
from ports.families.marketplace import ClaimState, QuestionState

Happen = Callable[..., Any]


def ask_many(happen: Happen, clock: StillClock) -> tuple[list[str], Callable[[str], Any]]:
    made = []
    for _ in range(130):
        clock.advance(timedelta(seconds=1))
        made.append(happen("question")["id"])
    return made, lambda one: happen("answer", question_id=one, text="Evet, yazlıktır.")


def return_many(happen: Happen, clock: StillClock) -> tuple[list[str], Callable[[str], Any]]:
    package = happen("order")["shipmentPackageId"]
    made = []
    for _ in range(450):
        clock.advance(timedelta(seconds=1))
        made.append(happen("claim", package_id=package)["claimId"])
    return made, lambda one: happen("claim_status", claim_id=one, status="Accepted")


@pytest.mark.parametrize(
    ("many", "method"),
    [(ask_many, "questions_changed_since"), (return_many, "claims_changed_since")],
)
@pytest.mark.parametrize("touched", [slice(0, 20), slice(-20, None), slice(45, 65)])
def test_what_changes_between_two_pages_is_told_now_or_by_the_next_walk(
    marketplace: TrendyolMarketplace,
    clock: StillClock,
    happen: Happen,
    many: Callable[..., tuple[list[str], Callable[[str], Any]]],
    method: str,
    touched: slice,
) -> None:
    since = clock.now()
    made, touch = many(happen, clock)
    walk = getattr(marketplace, method)
    until, seen, page = clock.now(), set(), walk(since)
    changed = iter(made[touched])
    while True:
        seen |= {item.id for item in page.items}
        if page.cursor is None:
            break
        for id, _ in zip(changed, range(7), strict=False):
            clock.advance(timedelta(milliseconds=3))
            touch(id)
        page = walk(since, page.cursor)
    assert set(made) - seen <= set(made[touched])
    assert set(made[touched]) <= {item.id for item in everything(lambda c: walk(until, c))}


def test_a_claim_is_told_again_when_it_moves_on(
    marketplace: TrendyolMarketplace, clock: StillClock, happen: Happen
) -> None:
    claim = happen("claim", package_id=happen("order")["shipmentPackageId"])
    clock.advance(timedelta(days=12))
    happen("claim_status", claim_id=claim["claimId"], status="WaitingInAction")
    [told] = everything(lambda c: marketplace.claims_changed_since(clock.now(), c))
    assert (told.id, told.order_number) == (claim["claimId"], claim["orderNumber"])
    assert told.items[0].state is ClaimState.AWAITS_SELLER
    assert told.modified_at - told.opened_at == timedelta(days=12)


def test_a_question_is_told_again_when_it_is_answered(
    marketplace: TrendyolMarketplace, clock: StillClock, happen: Happen
) -> None:
    asked = happen("question", text="Astarı var mı?")
    clock.advance(timedelta(days=2))
    happen("answer", question_id=asked["id"], text="Evet, pamuk astarlıdır.")
    [told] = everything(lambda c: marketplace.questions_changed_since(clock.now(), c))
    assert (told.text, told.state) == ("Astarı var mı?", QuestionState.ANSWERED)
    assert told.answer == "Evet, pamuk astarlıdır."


@pytest.mark.parametrize("method", ["claims_changed_since", "questions_changed_since"])
def test_a_walk_of_months_keeps_the_vendors_windows(
    marketplace: TrendyolMarketplace, clock: StillClock, happen: Happen, method: str
) -> None:
    """The sandbox refuses windows longer than 14 days."""
    happen("claim", package_id=happen("order")["shipmentPackageId"])
    happen("question")
    clock.advance(timedelta(days=80))
    walk = getattr(marketplace, method)
    assert len(everything(lambda c: walk(clock.now() - timedelta(days=85), c))) == 1
