"""Deciding: from a reading and the tenant's rules to what the turn will try. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.agents.intents import IntentRule, rule_for
from ports.families.understanding import Guess, Reading

ABOUT_ORDERS = frozenset({"order_status", "shipment_tracking", "shipment_delay", "refund_status"})
"""Intents that tools can answer; all others have no source yet, and no source means a person."""
TRIES = 3
"""So many tries in a row that did not help, then a person takes over."""
MOST_INTENTS = 2


class Way(StrEnum):
    GREET = "greet"
    ANSWER = "answer"
    CLARIFY = "clarify"
    HAND_OVER = "hand_over"


@dataclass(frozen=True, slots=True)
class Plan:
    way: Way
    intents: tuple[str, ...]
    """What the turn takes the message to want, surest first."""
    reason: str
    autonomous: bool
    """Whether every intent involved may be acted on without a person."""


def plan(
    reading: Reading,
    rules: Mapping[str, IntentRule],
    *,
    failures: int,
    chosen: str | None = None,
    resumed: Sequence[str] = (),
    proof: bool = False,
) -> Plan:
    """What to try.

    `chosen` is an intent that the customer tapped. `resumed` are intents that wait for proof of an
    order: a message that offers `proof`, or that says nothing clearer, goes on with them.
    """
    sure = (chosen,) if chosen else _sure(reading, rules)
    if resumed and (proof or not (set(sure) - {"greeting", "out_of_scope"})):
        sure = (*resumed, *(i for i in sure if i == "human_request"))
    wants = tuple(i for i in sure if i != "greeting") or sure
    if not wants:
        return _unsure(reading, rules, failures)
    free = all(rule_for(i, rules).autonomous for i in wants)
    if wants == ("greeting",):
        return Plan(Way.GREET, wants, "a greeting and nothing else", free)
    if "human_request" in wants:
        return Plan(Way.HAND_OVER, wants, "the customer asks for a person", free)
    beyond = [i for i in wants if i not in ABOUT_ORDERS]
    if beyond:
        return Plan(Way.HAND_OVER, wants, f"no source answers {', '.join(beyond)}", free)
    if failures >= TRIES:
        return Plan(Way.HAND_OVER, wants, f"{failures} tries did not help", free)
    return Plan(Way.ANSWER, wants, "tools can answer", free)


def _sure(reading: Reading, rules: Mapping[str, IntentRule]) -> tuple[str, ...]:
    sure = [g for g in reading.guesses if g.confidence >= rule_for(g.intent, rules).threshold]
    return tuple(g.intent for g in sure[:MOST_INTENTS])


def _unsure(reading: Reading, rules: Mapping[str, IntentRule], failures: int) -> Plan:
    top = tuple(g.intent for g in offered(reading))
    free = bool(top) and all(rule_for(i, rules).autonomous for i in top)
    if failures >= TRIES:
        return Plan(Way.HAND_OVER, top, f"{failures} tries did not help", free)
    if not top:
        return Plan(Way.HAND_OVER, (), "nothing in the message could be read", free)
    return Plan(Way.CLARIFY, top, "no intent is sure enough", free)


def offered(reading: Reading) -> list[Guess]:
    """The three that are offered when unsure."""
    ordinary = [g for g in reading.guesses if g.intent not in ("greeting", "out_of_scope")]
    return [g for g in ordinary if g.intent != "human_request"][:3]
