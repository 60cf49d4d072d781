"""No agent acts alone in a tenant until its sign-in policy, audit and guardrails are in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.agents import guard
from core.agents.intents import TAXONOMY, IntentRule, remove_rule, set_rule
from core.identity.policy import SecondFactor, SignInPolicy
from core.policies.readiness import Item, readiness
from core.policies.roles import OWNER
from core.shared.errors import Invalid, NotReady
from core.tenancy.members import MemberState, Role
from tests.core.fakes.house import PERSON, House
from tests.core.fakes.people import hire, make_ready, set_up
from tests.core.fakes.world import NOW, TENANT

EVERY = [
    "owner_protected", "policy_set", "second_factor", "timeouts", "audit_sealed",
    "evidence_check", "thresholds", "hand_over",
]  # fmt: skip


def items(house: House) -> dict[str, Item]:
    with house.world(TENANT) as work:
        return {item.id: item for item in readiness(work)}


def lacking(house: House) -> list[str]:
    return [item.id for item in items(house).values() if not item.ok]


def rule(house: House, name: str = "invoice", **more: Any) -> IntentRule:
    return set_rule(IntentRule(name, **more), PERSON, works=house.world, now=NOW)


def stands(house: House) -> SignInPolicy:
    with house.world(TENANT) as work:
        return work.policy.get().policy


def changed(house: House, **fields: Any) -> None:
    set_up(house, replace(stands(house), **fields))


def moved(house: House, **fields: Any) -> None:
    """Everybody who works here."""
    for member in list(house.tables.members.values()):
        house.tables.members[member.id] = replace(member, **fields)


def test_a_tenant_that_was_just_opened_lacks_people_and_a_policy(house: House) -> None:
    lacks = ["owner_protected", "policy_set", "second_factor", "hand_over"]
    assert lacking(house) == lacks
    with pytest.raises(NotReady) as refused:
        rule(house, autonomous=True)
    assert list(refused.value.lacks) == lacks
    assert house.tables.intents == {}
    assert house.audited() == []


def test_every_item_says_what_was_found_and_how_to_mend_it(house: House) -> None:
    make_ready(house)
    found = items(house)
    assert list(found) == EVERY
    assert all(item.reason and item.mend for item in found.values())


def test_where_all_stands_the_agent_may_be_let_act_alone(house: House) -> None:
    make_ready(house)
    assert lacking(house) == []
    assert rule(house, autonomous=True, threshold=0.8).autonomous
    assert house.audited() == ["intent.changed"]


TAKEN: dict[str, tuple[str, Callable[[House], None]]] = {
    "the owner has a password alone": ("owner_protected", lambda h: moved(h, protected_at=None)),
    "owners are asked for a password alone": (
        "second_factor",
        lambda h: changed(h, second_factor=SecondFactor.OPTIONAL),
    ),
    "a second factor is asked of others": (
        "second_factor",
        lambda h: changed(h, second_factor_roles=("agent",)),
    ),
    "sessions idle for long": ("timeouts", lambda h: changed(h, idle_minutes=8 * 60 + 1)),
    "sessions last long": ("timeouts", lambda h: changed(h, absolute_minutes=7 * 24 * 60 + 1)),
    "sessions are remembered for long": ("timeouts", lambda h: changed(h, remember_days=8)),
    "the log could be changed": ("audit_sealed", lambda h: setattr(h.world, "open_papers", True)),
    "an intent is acted on below the line": (
        "thresholds",
        lambda h: h.tables.intents.update(stock=IntentRule("stock_query", 0.49, autonomous=True)),
    ),
    "nobody can take over": (
        "hand_over",
        lambda h: [
            moved(h, roles=(OWNER,), state=MemberState.SUSPENDED),
            hire(h, "auditor", "auditor"),
            hire(h, "guest", "agent", state=MemberState.INVITED),
        ],
    ),
}


@pytest.mark.parametrize("what", TAKEN)
def test_what_is_taken_away_is_found_named_and_keeps_autonomy_off(house: House, what: str) -> None:
    make_ready(house)
    lacks, take = TAKEN[what]
    take(house)
    assert lacks in lacking(house)
    with pytest.raises(NotReady) as refused:
        rule(house, autonomous=True)
    assert items(house)[lacks].mend in refused.value.lacks[lacks]


def test_the_limits_themselves_are_allowed(house: House) -> None:
    make_ready(house)
    changed(house, idle_minutes=8 * 60, absolute_minutes=7 * 24 * 60, remember_days=7)
    house.tables.intents["stock_query"] = IntentRule("stock_query", 0.5, autonomous=True)
    house.tables.intents["invoice"] = IntentRule("invoice", 0.1)
    assert lacking(house) == []


def test_an_owner_who_is_suspended_protects_nothing(house: House) -> None:
    owner = make_ready(house)
    hire(house, "can", OWNER)
    house.tables.members[owner.id] = replace(owner, state=MemberState.SUSPENDED)
    assert lacking(house) == ["owner_protected"]


def test_whoever_may_write_in_the_inbox_can_take_over(house: House) -> None:
    owner = make_ready(house)
    house.tables.members[owner.id] = replace(owner, roles=(OWNER,))
    house.tables.roles["desk"] = Role("desk", "Desk", ("inbox.write",))
    for n in range(120):
        hire(house, f"a{n:03}", "auditor")
    house.tables.members[owner.id] = replace(owner, state=MemberState.SUSPENDED)
    assert "hand_over" in lacking(house)
    hire(house, "zeynep", "desk")
    assert "hand_over" not in lacking(house), "she is on the second page"


def test_the_evidence_check_is_tried_and_not_believed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_ready(house)
    assert "evidence_check" not in lacking(house)
    monkeypatch.setattr(guard, "unsupported", lambda *_: [])
    assert lacking(house) == ["evidence_check"]


# --- switching on and off --------------------------------------------------------------------


def test_autonomy_is_taken_back_at_any_time(house: House) -> None:
    make_ready(house)
    rule(house, autonomous=True)
    moved(house, protected_at=None)
    assert not rule(house, autonomous=False).autonomous
    with pytest.raises(NotReady):
        rule(house, autonomous=True)


def test_a_rule_that_is_autonomous_already_is_edited(house: House) -> None:
    make_ready(house)
    rule(house, autonomous=True, threshold=0.6)
    moved(house, protected_at=None)
    assert rule(house, autonomous=True, threshold=0.9).threshold == 0.9
    remove_rule("invoice", PERSON, works=house.world, now=NOW)
    with pytest.raises(NotReady):
        rule(house, autonomous=True)


@pytest.mark.parametrize("name", sorted(TAXONOMY))
def test_a_rule_that_is_not_autonomous_needs_nothing(house: House, name: str) -> None:
    assert rule(house, name, threshold=0.1).threshold == 0.1


def test_nothing_is_acted_on_alone_below_the_line(house: House) -> None:
    make_ready(house)
    with pytest.raises(Invalid, match="threshold"):
        rule(house, autonomous=True, threshold=0.49)
    assert rule(house, autonomous=True, threshold=0.5)
    with pytest.raises(Invalid, match="threshold"):
        rule(house, autonomous=True, threshold=0.2)
