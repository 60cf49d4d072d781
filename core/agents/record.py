"""The record of a turn: what it read, decided, asked, found and said, and what that cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.agents.answers import VERSION, joined
from core.agents.draft import PROMPT_VERSION
from core.agents.gather import as_record
from core.agents.intents import rule_for
from core.agents.situation import Situation
from core.agents.think import Thought

FORMAT = 1


def record(thought: Thought, situation: Situation, *, millis: int) -> Mapping[str, Any]:
    """A JSON-able account of the thought; evidence keeps its digest, to be checked again."""
    drafted = thought.draft.completion if thought.draft else None
    return {
        "format": FORMAT,
        "messages": [str(m.id) for m in situation.messages],
        "language": thought.language,
        "reading": {
            "model": thought.reading.model,
            "language": thought.reading.language,
            "guesses": [
                {"intent": g.intent, "confidence": round(g.confidence, 4)}
                for g in thought.reading.guesses[:5]
            ],
        },
        "plan": {
            "way": thought.plan.way,
            "intents": [*thought.plan.intents],
            "reason": thought.plan.reason,
            "autonomous": thought.plan.autonomous,
            "thresholds": {i: rule_for(i, situation.rules).threshold for i in thought.plan.intents},
            "failures_before": situation.conversation.failures,
        },
        "tools": [as_record(call) for call in thought.book.calls],
        "evidence": [
            {
                "id": e.id,
                "source": e.source,
                "value": e.value,
                "shown": e.shown,
                "observed_at": e.observed_at.isoformat(),
                "digest": e.digest,
            }
            for e in thought.book.evidence
        ],
        "sentences": [{"text": s.text, "evidence": [*s.evidence]} for s in thought.sentences],
        "choices": [{"id": c.id, "title": c.title} for c in thought.choices],
        "text": joined(thought.sentences),
        "guards": [{"name": g.name, "ok": g.ok, "detail": g.detail} for g in thought.guards],
        "outcome": thought.outcome,
        "hand_over": thought.hand_over,
        "missing": [*thought.missing],
        "awaits": dict(thought.awaits),
        "model": {
            "name": drafted.model if drafted else None,
            "prompt": PROMPT_VERSION if drafted else None,
            "templates": VERSION,
            "input_tokens": drafted.usage.input_tokens if drafted else 0,
            "output_tokens": drafted.usage.output_tokens if drafted else 0,
            "not_used": thought.no_draft,
        },
        "millis": millis,
    }
