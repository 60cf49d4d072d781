"""Snoozed conversations come back when their time is up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from core.conversations.conversation import ConversationState
from core.shared.work import Works


def wake(tenant: UUID, id: UUID, *, works: Works, now: datetime) -> bool:
    """Open a snoozed conversation whose time is up; False when there is nothing to do."""
    with works(tenant) as work:
        conversation = work.conversations.get(id, lock=True)
        until = conversation.snoozed_until if conversation else None
        if conversation is None or until is None or until > now:
            return False
        if conversation.state is not ConversationState.SNOOZED:
            return False
        opened = replace(
            conversation,
            state=ConversationState.OPEN,
            snoozed_until=None,
            version=conversation.version + 1,
        )
        work.conversations.save(opened)
        work.commit()
    return True
