"""Replaying the journal: the same events again, with the same result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from core.audit.events import AuditEvent
from core.inbox.journal import EntryFilter, EntryState
from core.shared.actor import Actor, allow
from core.shared.errors import NotFound
from core.shared.work import Work, Works

LIMIT = 1000
"""At most so many entries a call."""


def replay(id: UUID, actor: Actor, *, works: Works, now: datetime) -> None:
    """Let one entry be read again."""
    allow(actor, "journal.write")
    with works(actor.tenant) as work:
        if work.inbox.get(id) is None:
            raise NotFound("there is no such entry")
        _again(work, [id], now)
        work.audit.add(AuditEvent("webhook.replayed", actor, "webhook", str(id), now))
        work.commit()


def replay_window(
    only: EntryFilter, actor: Actor, *, works: Works, now: datetime
) -> Sequence[UUID]:
    """Let the matching entries be read again, oldest first, at most LIMIT; answers which."""
    allow(actor, "journal.write")
    with works(actor.tenant) as work:
        ids = work.inbox.ids(only, LIMIT)
        _again(work, ids, now)
        work.audit.add(
            AuditEvent(
                "webhook.replayed",
                actor,
                "webhooks",
                f"{len(ids)} entries",
                now,
                after={
                    "since": _iso(only.since),
                    "until": _iso(only.until),
                    "state": only.state,
                    "plugin": only.plugin_id,
                },
            )
        )
        work.commit()
    return ids


def _again(work: Work, ids: Sequence[UUID], now: datetime) -> None:
    for id in ids:
        entry = work.inbox.get(id)
        if entry is not None:
            work.inbox.save(
                replace(
                    entry,
                    state=EntryState.RECEIVED,
                    reason=None,
                    attempts=0,
                    due_at=now,
                    processed_at=None,
                    replays=entry.replays + 1,
                )
            )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
