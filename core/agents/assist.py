"""The agent at a person's side: suggestions on demand, accepted or rejected."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from core.agents.turn import TakeTurn
from core.agents.turns import Outcome, Turn, Verdict
from core.audit.events import AuditEvent
from core.conversations.conversation import Conversation, Handler
from core.conversations.message import Message
from core.conversations.write import Reply, Write
from core.shared.actor import Actor, allow
from core.shared.errors import Conflict, NotFound
from core.shared.work import Work, Works
from ports.clock import Clock
from ports.families.channel import Body, Choice, OutgoingChoices, OutgoingText


@dataclass(frozen=True, slots=True)
class Assist:
    works: Works
    turn: TakeTurn
    write: Write
    clock: Clock

    def suggest(self, conversation_id: UUID, actor: Actor) -> Turn:
        """Think about the unanswered messages and keep the result as a suggestion."""
        allow(actor, "agents.write")
        return self.turn.at_once(
            actor.tenant, conversation_id, autonomy=False, correlation_id=actor.correlation_id
        )

    def resolve(self, conversation_id: UUID, actor: Actor) -> Turn:
        """Make a turn now; it sends only what the tenant's rules let it send alone."""
        allow(actor, "agents.write")
        return self.turn.at_once(
            actor.tenant, conversation_id, autonomy=True, correlation_id=actor.correlation_id
        )

    def accept(self, turn_id: UUID, text: str | None, actor: Actor) -> Message:
        """Send a suggestion, as it is or as the person changed it. Accepting twice sends once."""
        allow(actor, "inbox.write")
        with self.works(actor.tenant, actor.reach) as work:
            turn, conversation = self._pending(turn_id, work)
            message_id = uuid5(turn.id, "accepted")
            standing = work.messages.get(message_id)
            if standing:
                return standing
            if turn.verdict:
                raise Conflict("this suggestion was rejected already")
            body = _body(turn, text)
            message = self.write.post(
                work,
                conversation,
                message_id,
                Reply(conversation.id, body),
                author=actor.id,
                actor=actor,
                turn_id=turn.id,
                change=_as_suggested(conversation, turn),
            )
            changed = text is not None and text != turn.record.get("text")
            self._decide(work, turn, Verdict.ACCEPTED, actor, {"changed": changed})
            work.commit()
        return message

    def reject(self, turn_id: UUID, reason: str, actor: Actor) -> Turn:
        """Say that a suggestion does not serve; Conflict when it was sent already."""
        allow(actor, "inbox.write")
        with self.works(actor.tenant, actor.reach) as work:
            turn, _ = self._pending(turn_id, work)
            if turn.verdict is Verdict.ACCEPTED:
                raise Conflict("this suggestion was sent already")
            if turn.verdict is None:
                turn = self._decide(work, turn, Verdict.REJECTED, actor, {"reason": reason})
                work.commit()
        return turn

    def _pending(self, turn_id: UUID, work: Work) -> tuple[Turn, Conversation]:
        turn = work.turns.get(turn_id)
        if turn is None:
            raise NotFound("there is no such turn")
        if turn.outcome is not Outcome.SUGGESTED:
            raise Conflict("this turn is no suggestion")
        conversation = work.conversations.get(turn.conversation_id, lock=True)
        assert conversation is not None, "a turn belongs to a conversation that exists"
        return turn, conversation

    def _decide(
        self, work: Work, turn: Turn, verdict: Verdict, actor: Actor, after: dict[str, object]
    ) -> Turn:
        decided = replace(turn, verdict=verdict)
        work.turns.save(decided)
        event, now = f"suggestion.{verdict}", self.clock.now()
        work.audit.add(AuditEvent(event, actor, "turn", str(turn.id), now, after=after))
        return decided


def _as_suggested(conversation: Conversation, turn: Turn) -> Conversation:
    """The agent waits for what it asked; where it wanted a person, a person has it now."""
    handler = Handler.PERSON if turn.record.get("hand_over") else conversation.handler
    return replace(conversation, awaits=turn.record.get("awaits", {}), handler=handler)


def _body(turn: Turn, text: str | None) -> Body:
    kept = turn.record
    said = text if text is not None else kept.get("text", "")
    if text is None and kept.get("choices"):
        choices = tuple(Choice(c["id"], c["title"]) for c in kept["choices"])
        return OutgoingChoices(said, choices)
    if not said.strip():
        raise Conflict("this suggestion holds no text: write one")
    return OutgoingText(said)
