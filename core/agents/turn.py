"""Making turns: claimed, thought through, and concluded in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.agents.handover import notes
from core.agents.record import record
from core.agents.situation import BURST, Situation, look_around
from core.agents.think import Think, Thought
from core.agents.turns import Outcome, Turn, TurnState
from core.audit.events import AuditEvent
from core.conversations.conversation import Conversation, ConversationState, Handler, Handover
from core.conversations.write import Reply, Write
from core.shared.actor import Actor
from core.shared.errors import Conflict, NotFound
from core.shared.ids import Ids
from core.shared.watch import Began, unwatched
from core.shared.work import Work, Works
from core.tenancy.vendors import Vendors
from ports.clock import Clock

LEASE = timedelta(seconds=90)
WAITS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
"""Between tries of a turn that failed; after the last a person takes over."""


@dataclass(frozen=True, slots=True)
class TakeTurn:
    works: Works
    vendors: Vendors
    think: Think
    write: Write
    clock: Clock
    ids: Ids
    failed: Callable[[Exception], None]
    """Told of every error that stopped a turn, for logs and metrics."""
    lease: timedelta = LEASE
    """How long a turn may take before its worker counts as dead."""
    began: Began = unwatched

    def __call__(self, tenant: UUID, id: UUID) -> Outcome | None:
        """Make a turn that is due; None when there is nothing to do. Twice does no harm."""
        with self.works(tenant) as work:
            now = self.clock.now()
            turn = work.turns.claim(id, now, now + self.lease)
            if turn is None:
                return None
            work.commit()
        self.began(turn.correlation_id)
        try:
            return self.make(tenant, turn, autonomy=True).outcome
        except Exception as error:
            self.failed(error)
            self._postpone(tenant, turn, error)
            return None

    def at_once(
        self, tenant: UUID, conversation_id: UUID, *, autonomy: bool, correlation_id: str | None
    ) -> Turn:
        """A turn that a person asked for; Conflict when one is under way."""
        now = self.clock.now()
        turn = Turn(
            self.ids(),
            conversation_id,
            now,
            now,
            TurnState.RUNNING,
            attempts=1,
            lease_until=now + self.lease,
            correlation_id=correlation_id,
        )
        with self.works(tenant) as work:
            if work.conversations.get(conversation_id) is None:
                raise NotFound("there is no such conversation")
            work.turns.add(turn)
            work.commit()
        try:
            return self.make(tenant, turn, autonomy=autonomy)
        except Exception as error:
            self._give_up(tenant, turn, error)
            raise

    def make(self, tenant: UUID, turn: Turn, *, autonomy: bool) -> Turn:
        """Think and conclude a claimed turn. Without autonomy the result is a suggestion."""
        began = self.clock.now()
        actor = Actor(tenant, "agent", "agent", correlation_id=turn.correlation_id)
        with self.works(tenant) as work:
            conversation = work.conversations.get(turn.conversation_id)
            assert conversation is not None, "a turn belongs to a conversation that exists"
            situation = look_around(conversation, work, self.vendors)
        if not situation.messages or (autonomy and not _is_the_agents(conversation)):
            return self._conclude_nothing(tenant, turn)
        thought = self.think(situation, actor)
        millis = int((self.clock.now() - began).total_seconds() * 1000)
        with self.works(tenant) as work:
            current = _ours(turn, work)
            if current is None:
                return turn
            free = autonomy and thought.plan.autonomous and situation.flags["agent.send"]
            done = replace(
                current,
                state=TurnState.DONE,
                finished_at=self.clock.now(),
                lease_until=None,
                outcome=thought.outcome if free else Outcome.SUGGESTED,
                record=record(thought, situation, millis=millis),
            )
            if free:
                done = self._act(work, done, thought, situation, actor)
            else:
                self._audit(work, "suggestion.made", done, actor)
            self._remember_language(work, thought, situation)
            work.turns.save(done)
            self._owe_the_rest(work, done, situation)
            work.commit()
        return done

    def _owe_the_rest(self, work: Work, turn: Turn, situation: Situation) -> None:
        """A burst longer than what one turn reads gets another turn at once."""
        if len(situation.messages) < BURST or turn.outcome is Outcome.SUGGESTED:
            return
        if work.messages.unanswered(turn.conversation_id, 1):
            now = self.clock.now()
            rest = Turn(self.ids(), turn.conversation_id, now, now)
            work.turns.owe(replace(rest, correlation_id=turn.correlation_id))

    def _act(
        self, work: Work, turn: Turn, thought: Thought, situation: Situation, actor: Actor
    ) -> Turn:
        """Send and hand over as thought, all in the turn's own transaction."""
        conversation = work.conversations.get(turn.conversation_id, lock=True)
        assert conversation is not None, "a turn belongs to a conversation that exists"
        read = [m.id for m in situation.messages]
        waiting = {m.id for m in work.messages.unanswered(conversation.id, 2 * BURST)}
        if not _is_the_agents(conversation) or waiting.isdisjoint(read):
            return replace(turn, outcome=Outcome.SUGGESTED)  # a person was quicker
        changed = self._changed(conversation, turn, thought, situation)
        message_id = self.ids()
        sent = False
        if thought.sentences:
            try:
                self.write.post(
                    work,
                    conversation,
                    message_id,
                    Reply(conversation.id, thought.body),
                    author="agent",
                    actor=actor,
                    turn_id=turn.id,
                    change=changed,
                    answers=read,
                )
                sent = True
            except Conflict as refusal:
                turn = replace(turn, outcome=Outcome.HANDED_OVER)
                changed = self._changed(
                    conversation, turn, replace(thought, hand_over=str(refusal)), situation
                )
        if not sent:
            work.conversations.save(replace(changed, version=conversation.version + 1))
        if changed.handler is Handler.PERSON:
            self._audit_handover(work, changed, actor)
        self._audit(work, "answer.sent" if sent else "suggestion.made", turn, actor)
        return turn

    def _changed(
        self, conversation: Conversation, turn: Turn, thought: Thought, situation: Situation
    ) -> Conversation:
        failures = 0 if thought.helped else conversation.failures + 1
        changed = replace(conversation, failures=failures, awaits=dict(thought.awaits))
        if thought.hand_over is None:
            return changed
        handover = notes(
            situation,
            thought.plan.intents,
            thought.book,
            thought.news,
            reason=thought.hand_over,
            missing=thought.missing,
            turn_id=turn.id,
            now=self.clock.now(),
        )
        return replace(changed, handler=Handler.PERSON, handover=handover)

    def _remember_language(self, work: Work, thought: Thought, situation: Situation) -> None:
        contact = situation.contact
        if thought.reading.language in ("tr", "en") and (
            contact.language != thought.reading.language
        ):
            current = work.contacts.get(contact.id)
            if current:
                work.contacts.save(replace(current, language=thought.reading.language))

    def _conclude_nothing(self, tenant: UUID, turn: Turn) -> Turn:
        done = replace(
            turn,
            state=TurnState.DONE,
            outcome=Outcome.NOTHING,
            finished_at=self.clock.now(),
            lease_until=None,
        )
        with self.works(tenant) as work:
            if _ours(turn, work):
                work.turns.save(done)
                work.commit()
        return done

    def _postpone(self, tenant: UUID, turn: Turn, error: Exception) -> None:
        if turn.attempts > len(WAITS):
            self._give_up(tenant, turn, error)
            return
        with self.works(tenant) as work:
            current = _ours(turn, work)
            if current is not None:
                again = self.clock.now() + WAITS[turn.attempts - 1]
                work.turns.save(replace(current, lease_until=again, record=_failure(error)))
                work.commit()

    def _give_up(self, tenant: UUID, turn: Turn, error: Exception) -> None:
        now = self.clock.now()
        with self.works(tenant) as work:
            current = _ours(turn, work)
            if current is None:
                return
            failed = replace(
                current,
                state=TurnState.FAILED,
                finished_at=now,
                lease_until=None,
                record=_failure(error),
            )
            work.turns.save(failed)
            conversation = work.conversations.get(turn.conversation_id, lock=True)
            if conversation and conversation.handler is Handler.AGENT:
                handover = Handover("the agent's turn failed", "", [], [], now, turn.id)
                given = replace(
                    conversation,
                    handler=Handler.PERSON,
                    handover=handover,
                    version=conversation.version + 1,
                )
                work.conversations.save(given)
                actor = Actor(tenant, "agent", "agent", correlation_id=turn.correlation_id)
                self._audit_handover(work, given, actor)
            work.commit()

    def _audit(self, work: Work, event: str, turn: Turn, actor: Actor) -> None:
        after = {
            "conversation": str(turn.conversation_id),
            "outcome": turn.outcome,
            "intents": _intents(turn.record),
        }
        now = self.clock.now()
        work.audit.add(AuditEvent(event, actor, "turn", str(turn.id), now, after=after))

    def _audit_handover(self, work: Work, conversation: Conversation, actor: Actor) -> None:
        reason = conversation.handover.reason if conversation.handover else ""
        work.audit.add(
            AuditEvent(
                "conversation.handed_over",
                actor,
                "conversation",
                str(conversation.id),
                self.clock.now(),
                after={"reason": reason},
            )
        )


def _ours(turn: Turn, work: Work) -> Turn | None:
    """The turn as it stands, locked; None when it has ended or another worker has it now."""
    current = work.turns.get(turn.id)
    if current is None or current.state is not TurnState.RUNNING:
        return None
    return current if current.attempts == turn.attempts else None


def _is_the_agents(conversation: Conversation) -> bool:
    resolved = conversation.state is ConversationState.RESOLVED
    return conversation.handler is Handler.AGENT and not resolved


def _failure(error: Exception) -> dict[str, Any]:
    return {"error": f"{type(error).__name__}: {error}"[:500]}


def _intents(record: Any) -> Sequence[str]:
    return list(record.get("plan", {}).get("intents", []))
