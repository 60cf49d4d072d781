"""Notes for the person who takes over: what is wanted, what was tried, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from core.agents.answers import title
from core.agents.gather import Notebook, OrderNews
from core.agents.situation import Situation
from core.conversations.conversation import Handover

QUOTED = 280


def notes(
    situation: Situation,
    intents: Sequence[str],
    book: Notebook,
    news: OrderNews | None,
    *,
    reason: str,
    missing: Sequence[str],
    turn_id: UUID,
    now: datetime,
) -> Handover:
    """Written in the tenant's own language, for its people."""
    language = situation.tenant.language
    own = {r.name: r.title or r.name for r in situation.rules.values() if r.own}
    wants = ", ".join(title(i, language, own) for i in intents)
    said = " ".join(situation.text.split())
    lines = {
        "tr": [f"Müşteri istiyor: {wants or 'anlaşılamadı'}.", f"Son yazdığı: “{said[:QUOTED]}”"],
        "en": [f"The customer wants: {wants or 'unclear'}.", f"Last wrote: “{said[:QUOTED]}”"],
    }[language]
    if news:
        known = "; ".join(f"{e.source}: {e.value}" for e in book.evidence)
        lines.append({"tr": f"Bilinen: {known}", "en": f"Known: {known}"}[language])
    tried = [f"{call.name} ({call.vendor}): {call.answer}" for call in book.calls]
    return Handover(reason, "\n".join(lines), tried, [*missing], now, turn_id)
