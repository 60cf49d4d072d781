"""The agent: asking it, judging its suggestions, and ruling what it may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from core.agents.assist import Assist
from core.agents.intents import (
    TAXONOMY,
    IntentRule,
    all_rules,
    remove_rule,
    rule_for,
    set_rule,
)
from core.agents.turns import Outcome, Turn, TurnFilter
from core.shared.actor import Actor, allow
from core.shared.errors import NotFound
from core.shared.work import Works
from entrypoints.http import messages
from entrypoints.http.wire import (
    NOTHING,
    Answer,
    Json,
    moment,
    moment_or_none,
    page,
    to_id_or_none,
)
from ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Agent:
    works: Works
    assist: Assist
    clock: Clock

    def suggest(self, body: Mapping[str, Any], user: Actor) -> Answer:
        return present(self.assist.suggest(UUID(body["conversation_id"]), user)), 201

    def resolve(self, body: Mapping[str, Any], user: Actor) -> Answer:
        return present(self.assist.resolve(UUID(body["conversation_id"]), user)), 201

    def list(
        self,
        user: Actor,
        limit: int,
        cursor: str | None = None,
        conversation_id: str | None = None,
        outcome: str | None = None,
    ) -> Answer:
        allow(user, "agents.read")
        only = TurnFilter(to_id_or_none(conversation_id), Outcome(outcome) if outcome else None)
        with self.works(user.tenant, user.reach) as work:
            return page(work.turns.list(only, cursor=cursor, limit=limit), present)

    def get(self, id: str, user: Actor) -> Answer:
        allow(user, "agents.read")
        with self.works(user.tenant, user.reach) as work:
            found = work.turns.get(UUID(id))
        if found is None:
            raise NotFound("there is no such turn")
        return present(found)

    def accept(self, id: str, body: Mapping[str, Any], user: Actor) -> Answer:
        message = self.assist.accept(UUID(id), body.get("text"), user)
        return messages.present(message), 201

    def reject(self, id: str, body: Mapping[str, Any], user: Actor) -> Answer:
        return present(self.assist.reject(UUID(id), body["reason"], user))

    def intents(self, user: Actor) -> Answer:
        allow(user, "agents.read")
        with self.works(user.tenant) as work:
            rules = work.intents.all()
        return {"items": [_intent(rule) for rule in all_rules(rules)]}

    def set_intent(self, name: str, body: Mapping[str, Any], user: Actor) -> Answer:
        """What is left out stays as the rule has it."""
        allow(user, "agents.write")
        with self.works(user.tenant) as work:
            before = rule_for(name, work.intents.all())
        given = {f: body[f] for f in ("threshold", "autonomous", "title") if f in body}
        if "examples" in body:
            given["examples"] = tuple(body["examples"])
        rule = replace(before, **given)
        return _intent(set_rule(rule, user, works=self.works, now=self.clock.now()))

    def remove_intent(self, name: str, user: Actor) -> Answer:
        remove_rule(name, user, works=self.works, now=self.clock.now())
        return NOTHING


def present(turn: Turn) -> Json:
    return {
        "id": str(turn.id),
        "conversation_id": str(turn.conversation_id),
        "state": turn.state,
        "outcome": turn.outcome,
        "verdict": turn.verdict,
        "created_at": moment(turn.created_at),
        "finished_at": moment_or_none(turn.finished_at),
        "attempts": turn.attempts,
        "correlation_id": turn.correlation_id,
        "record": dict(turn.record),
    }


def _intent(rule: IntentRule) -> Json:
    known = TAXONOMY.get(rule.name)
    title = rule.title or rule.name
    return {
        "name": rule.name,
        "title": {"tr": known.tr, "en": known.en} if known else {"tr": title, "en": title},
        "threshold": rule.threshold,
        "autonomous": rule.autonomous,
        "own": rule.own,
        "examples": [*rule.examples],
    }
