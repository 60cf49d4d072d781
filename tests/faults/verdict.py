"""The promises, each judged from the evidence alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from tests.faults.evidence import Evidence, Move, Turned

RANKS = ("queued", "unknown", "accepted", "sent", "delivered", "read")
"""States of a message that goes out, as they may follow each other."""
ENDS = {
    "turns": ("done", "failed"),
    "outbox": ("sent", "dead"),
    "inbox": ("processed", "ignored"),
}
"""States that nothing of a table may leave."""
ACTED = ("answered", "asked", "clarified", "handed_over")


@dataclass(frozen=True, slots=True)
class Violation:
    promise: str
    detail: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.detail}"


Promise = Callable[[Evidence], Iterable[str]]


def judge(evidence: Evidence) -> list[Violation]:
    """Every violation of every promise; an empty list is the proof."""
    return [
        Violation(_name(promise), detail) for promise in PROMISES for detail in promise(evidence)
    ]


def each_message_is_stored_once(evidence: Evidence) -> Iterator[str]:
    stored = Counter((h.account, h.external_id) for h in evidence.heard)
    written = {(w.account, w.wamid) for w in evidence.written}
    for message in sorted(written):
        if stored[message] != 1:
            yield f"{message[1]} is stored {stored[message]} times"
    for strange in sorted(stored.keys() - written, key=str):
        yield f"{strange[1]} was never written"


def each_delivery_is_read(evidence: Evidence) -> Iterator[str]:
    for state, count in evidence.inbox.items():
        if state not in ENDS["inbox"]:
            yield f"{count} deliveries are {state}"


def each_person_is_one_contact(evidence: Evidence) -> Iterator[str]:
    heard = {(h.account, h.external_id): h for h in evidence.heard}
    contacts, people = defaultdict(set), defaultdict(set)
    for written in evidence.written:
        found = heard.get((written.account, written.wamid))
        if found:
            person = (written.account, written.person)
            contacts[person].add(found.contact)
            people[found.contact].add(person)
    yield from (f"{p[1]} is {len(c)} contacts" for p, c in contacts.items() if len(c) > 1)
    yield from (f"contact {c} is {len(p)} people" for c, p in people.items() if len(p) > 1)
    if evidence.contacts != len(people):
        yield f"{evidence.contacts} contacts for {len(people)} people"


def each_contact_has_one_conversation(evidence: Evidence) -> Iterator[str]:
    """Nobody resolves one in the story, so a second one is a fork."""
    threads = Counter((t.account, t.contact) for t in evidence.threads)
    for (_, contact), count in threads.items():
        if count > 1:
            yield f"contact {contact} has {count} conversations"
    homes = {t.id for t in evidence.threads}
    for heard in evidence.heard:
        if heard.conversation not in homes:
            yield f"message {heard.id} is in no conversation"


def each_message_is_answered_once(evidence: Evidence) -> Iterator[str]:
    """Where a person took over, what the agent left unanswered is theirs."""
    answered = Counter(m for t in evidence.turns if _acted(t) for m in t.messages)
    agents = {t.id for t in evidence.threads if t.handler == "agent"}
    for heard in evidence.heard:
        count = answered[heard.id]
        if count > 1:
            yield f"message {heard.id} is answered by {count} turns"
        if count == 0 and heard.conversation in agents:
            yield f"message {heard.id} in {heard.conversation} is answered by no turn"


def each_turn_is_over(evidence: Evidence) -> Iterator[str]:
    persons = {t.id for t in evidence.threads if t.handler == "person"}
    for turn in evidence.turns:
        if turn.state not in ENDS["turns"]:
            yield f"turn {turn.id} is {turn.state}"
        elif turn.state == "failed" and turn.conversation not in persons:
            yield f"turn {turn.id} failed and nobody was told"


def each_answer_says_one_message(evidence: Evidence) -> Iterator[str]:
    said = Counter(s.turn for s in evidence.said)
    turns = {t.id: t for t in evidence.turns}
    for turn in filter(_acted, evidence.turns):
        if said[turn.id] != 1:
            yield f"turn {turn.id} {turn.outcome} with {said[turn.id]} messages"
    for id, count in said.items():
        if id is None or id not in turns or not _acted(turns[id]):
            yield f"{count} messages come from turn {id}, which says nothing of it"


def each_message_of_ours_is_sent_once(evidence: Evidence) -> Iterator[str]:
    """One outbox row a message, and at the vendor one message under its key."""
    rows = defaultdict(list)
    for row in evidence.sendings:
        rows[row.message].append(row)
    taken = Counter(a.key for a in evidence.accepted)
    for said in evidence.said:
        if len(rows[said.id]) != 1:
            yield f"message {said.id} has {len(rows[said.id])} rows in the outbox"
    for row in evidence.sendings:
        if row.state != "sent":
            yield f"send {row.id} is {row.state}"
        if taken[str(row.id)] != 1:
            yield f"send {row.id} ({row.state}) was taken {taken[str(row.id)]} times"
    ours = {str(row.id) for row in evidence.sendings}
    yield from (f"the vendor took a strange key {key}" for key in taken.keys() - ours)
    yield from (f"key {a.key} counts {a.times} times" for a in evidence.accepted if a.times != 1)


def each_state_ends_at_the_last_report(evidence: Evidence) -> Iterator[str]:
    """The sandbox reports sent, delivered and read, or failed alone."""
    keys = {row.message: str(row.id) for row in evidence.sendings}
    ends = {a.key: "failed" if a.failed else "read" for a in evidence.accepted}
    for said in evidence.said:
        expected = ends.get(keys.get(said.id, ""))
        if expected and said.state != expected:
            yield f"message {said.id} is {said.state}, but the vendor reported {expected}"


def no_state_goes_back(evidence: Evidence) -> Iterator[str]:
    for move in evidence.moves:
        if _goes_back(move):
            yield f"{move.what} {move.id} went from {move.before} to {move.after}"


def each_answer_is_audited_once(evidence: Evidence) -> Iterator[str]:
    answered = {t.id for t in evidence.turns if _acted(t)}
    for turn in answered:
        if evidence.answers.get(turn, 0) != 1:
            yield f"turn {turn} has {evidence.answers.get(turn, 0)} audit events"
    yield from (
        f"an answer of turn {t} is audited that was not given"
        for t in sorted(evidence.answers.keys() - answered, key=UUID.__str__)
    )


PROMISES: tuple[Promise, ...] = (
    each_message_is_stored_once,
    each_delivery_is_read,
    each_person_is_one_contact,
    each_contact_has_one_conversation,
    each_message_is_answered_once,
    each_turn_is_over,
    each_answer_says_one_message,
    each_message_of_ours_is_sent_once,
    each_state_ends_at_the_last_report,
    no_state_goes_back,
    each_answer_is_audited_once,
)


def _acted(turn: Turned) -> bool:
    return turn.state == "done" and turn.outcome in ACTED


def _goes_back(move: Move) -> bool:
    if move.what in ENDS:
        return move.before in ENDS[move.what]
    if move.before not in RANKS or move.after not in RANKS:
        return move.before == "failed" and move.after not in ("delivered", "read")
    return RANKS.index(move.after) < RANKS.index(move.before)


def _name(promise: Promise) -> str:
    return promise.__name__.replace("_", " ")
