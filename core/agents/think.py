"""One turn: read what was written, decide, ask the tools, answer from evidence or hand over.

Vendors are asked with no transaction open. Everything that the turn changes is written in one last
transaction together with the turn itself, so a turn that dies half way leaves nothing behind and is
made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.agents import answers
from core.agents.answers import joined, order_answer, title
from core.agents.draft import Draft, NoDraft, draft
from core.agents.evidence import Sentence
from core.agents.gather import Gather, Notebook, OrderNews, stuck
from core.agents.guard import Guarded, guards, passes
from core.agents.plan import Plan, Way, plan
from core.agents.situation import Situation, examples
from core.agents.turns import Outcome
from core.commerce.gate import Admission, admit, besides_proof, facts_in
from core.commerce.orders import StoredOrder
from core.shared.actor import Actor
from core.shared.work import Works
from core.tenancy.vendors import Vendors
from ports.clock import Clock
from ports.families.channel import Body, Choice, OutgoingChoices, OutgoingText
from ports.families.marketplace import PackageState
from ports.families.understanding import Reading

_ENDED = frozenset(
    {PackageState.DELIVERED, PackageState.CANCELLED, PackageState.RETURNED, PackageState.SUPERSEDED}
)


@dataclass(frozen=True, slots=True)
class Thought:
    """What a turn came to, before anything is changed."""

    outcome: Outcome
    plan: Plan
    reading: Reading
    language: str
    book: Notebook
    sentences: tuple[Sentence, ...] = ()
    choices: tuple[Choice, ...] = ()
    guards: tuple[Guarded, ...] = ()
    news: OrderNews | None = None
    hand_over: str | None = None
    """Why a person must take over; None when the agent keeps the conversation."""
    missing: tuple[str, ...] = ()
    helped: bool = True
    """Whether this try brought the customer further."""
    awaits: Mapping[str, Any] = field(default_factory=dict)
    draft: Draft | None = None
    no_draft: str | None = None

    @property
    def body(self) -> Body:
        text = joined(self.sentences)
        return OutgoingChoices(text, self.choices) if self.choices else OutgoingText(text)


@dataclass(frozen=True, slots=True)
class Think:
    works: Works
    vendors: Vendors
    clock: Clock

    def __call__(self, situation: Situation, actor: Actor) -> Thought:
        """Think a situation through. Changes nothing but proofs, wrong guesses and orders seen."""
        book = Notebook(situation.tenant.zone)
        reading, said = self._read(situation), facts_in(situation.text)
        decided = plan(
            reading,
            situation.rules,
            failures=situation.conversation.failures,
            chosen=situation.chosen,
            resumed=situation.awaited or _asks_by_proof(situation.text),
            proof=bool(said.numbers or said.amounts),
        )
        language = situation.says(reading.language)
        start = Thought(Outcome.NOTHING, decided, reading, language, book)
        return self._guarded(self._go(start, situation, actor))

    def _go(self, thought: Thought, situation: Situation, actor: Actor) -> Thought:
        match thought.plan.way:
            case Way.GREET:
                hello = Sentence(answers.GREETING[thought.language])
                return replace(thought, outcome=Outcome.ANSWERED, sentences=(hello,))
            case Way.CLARIFY:
                return self._clarify(thought, situation)
            case Way.HAND_OVER:
                return self._hand_over(thought, situation)
            case Way.ANSWER:
                return self._answer(thought, situation, actor)

    def _read(self, situation: Situation) -> Reading:
        text = besides_proof(situation.text)
        if not text.strip():
            return Reading("und", (), "none")
        return self.vendors.understanding().read(text, examples(situation.rules))

    def _clarify(self, thought: Thought, situation: Situation) -> Thought:
        own = {r.name: r.title or r.name for r in situation.rules.values() if r.own}
        offered = [*thought.plan.intents, "human_request"]
        return replace(
            thought,
            outcome=Outcome.CLARIFIED,
            sentences=(Sentence(answers.UNSURE[thought.language]),),
            choices=tuple(Choice(f"intent:{i}", title(i, thought.language, own)) for i in offered),
            helped=False,
        )

    def _hand_over(self, thought: Thought, situation: Situation) -> Thought:
        """Give it to a person, with whatever the tools can tell about the customer's order."""
        news = None
        if situation.own and thought.plan.intents != ("human_request",):
            news = self._news(_latest(situation.own), situation, thought.book, follow=False)
        return _to_a_person(replace(thought, news=news), thought.plan.reason)

    def _answer(self, thought: Thought, situation: Situation, actor: Actor) -> Thought:
        facts, orders = situation.facts, tuple[StoredOrder, ...]()
        if facts.numbers:
            admission = self._admit(situation, thought.book, actor)
            if admission.locked:
                return _to_a_person(thought, "too many wrong guesses at an order")
            orders = admission.orders
        if orders:
            chosen = _latest(orders)
        elif situation.own and not facts.is_guess:  # a number that names no order says nothing
            chosen = self._fresh(_latest(situation.own), situation, thought.book)
        else:
            return self._ask_proof(thought, situation, wrong=facts.is_guess)
        news = self._news(chosen, situation, thought.book, follow=True)
        if news is None:
            return _to_a_person(thought, "the order's shop is no longer connected")
        return self._worded(replace(thought, news=news), situation, news)

    def _ask_proof(self, thought: Thought, situation: Situation, *, wrong: bool) -> Thought:
        """The same words whether the order exists or not."""
        text = (answers.NOT_PROVEN if wrong else answers.ASK_PROOF)[thought.language]
        numbers = () if wrong else situation.facts.numbers
        return replace(
            thought,
            outcome=Outcome.ASKED,
            sentences=(Sentence(text),),
            helped=not (wrong or situation.awaited),
            missing=("order number", "total paid"),
            awaits={"intents": [*thought.plan.intents], "numbers": [*numbers]},
        )

    def _admit(self, situation: Situation, book: Notebook, actor: Actor) -> Admission:
        """Ask the shops for the named orders, keep what they say, and let the gate decide."""
        facts, now = situation.facts, self.clock.now()
        found = [
            pair
            for number in facts.numbers
            for pair in Gather(self.vendors, self.clock).find(situation.shops, number, book)
        ]
        with self.works(situation.tenant.id) as work:
            for shop, order in found:
                work.orders.upsert(shop.id, order, None, now)
            named = [s for number in facts.numbers for s in work.orders.by_number(number)]
            admission = admit(
                named, facts, situation.contact.id, situation.phones, work, actor, now=now
            )
            work.commit()
        return admission

    def _fresh(self, stored: StoredOrder, situation: Situation, book: Notebook) -> StoredOrder:
        """The order as its shop tells it now; as kept where the shop cannot be asked."""
        shop = situation.shop(stored)
        if shop is None:
            return stored
        found = Gather(self.vendors, self.clock).find([shop], stored.order.number, book)
        if not found:
            return stored
        with self.works(situation.tenant.id) as work:
            work.orders.upsert(shop.id, found[0][1], None, self.clock.now())
            fresh = work.orders.get(shop.id, stored.order.number)
            work.commit()
        return replace(fresh or stored, seen_at=self.clock.now())

    def _news(
        self, stored: StoredOrder, situation: Situation, book: Notebook, *, follow: bool
    ) -> OrderNews | None:
        shop = situation.shop(stored)
        if shop is None:
            return None
        with self.works(situation.tenant.id) as work:
            claims = work.orders.claims(shop.id, stored.order.number)
        carriers = dict(situation.carriers)
        gather = Gather(self.vendors, self.clock)
        return gather.look_into(stored, claims, shop, carriers, book, follow=follow)

    def _worded(self, thought: Thought, situation: Situation, news: OrderNews) -> Thought:
        """The answer's words: the model's where there is one and the check lets it pass."""
        now, zone = self.clock.now(), situation.tenant.zone
        plain = order_answer(thought.plan.intents, news, thought.language, zone, now)
        if not plain:
            return _to_a_person(thought, "the evidence does not answer this")
        told = replace(thought, outcome=Outcome.ANSWERED, sentences=tuple(plain))
        told = self._drafted(told, situation)
        late = "shipment_delay" in thought.plan.intents
        if late and any(stuck(package, now) for package in news.packages):
            return _to_a_person(told, "the parcel is stuck and the customer complains")
        return told

    def _drafted(self, thought: Thought, situation: Situation) -> Thought:
        if situation.model is None or not situation.flags["agent.model"]:
            return thought
        try:
            made = draft(
                self.vendors.language_model(situation.model),
                situation.text,
                thought.book.evidence,
                thought.sentences,
                thought.language,
            )
        except NoDraft as reason:
            return replace(thought, no_draft=str(reason))
        results = guards(made.sentences, thought.book.evidence)
        if not passes(results):
            why = "; ".join(f"{r.name}: {r.detail}" for r in results if not r.ok)
            return replace(thought, draft=made, no_draft=f"refused by its check: {why}")
        return replace(thought, sentences=made.sentences, draft=made)

    def _guarded(self, thought: Thought) -> Thought:
        """The last word: what the guards refuse goes to a person, never to the customer."""
        if not thought.sentences:
            return thought
        results = tuple(guards(thought.sentences, thought.book.evidence))
        if passes(results):
            return replace(thought, guards=results)
        refused = replace(thought, guards=results, sentences=(), choices=())
        return replace(
            refused, outcome=Outcome.HANDED_OVER, hand_over="the guards refused the answer"
        )


def _asks_by_proof(text: str) -> tuple[str, ...]:
    """Who writes nothing but a number and a total asks about that order."""
    bare = bool(text.strip()) and not besides_proof(text).strip()
    return ("order_status",) if bare else ()


def _to_a_person(thought: Thought, why: str) -> Thought:
    goodbye = Sentence(answers.HANDED_OVER[thought.language])
    return replace(
        thought,
        outcome=Outcome.HANDED_OVER,
        sentences=(*thought.sentences, goodbye),
        hand_over=why,
        awaits={},
    )


def _latest(orders: Sequence[StoredOrder]) -> StoredOrder:
    """The newest that is still under way, else the newest."""
    newest = sorted(orders, key=lambda s: s.order.placed_at, reverse=True)
    going = [s for s in newest if any(p.state not in _ENDED for p in s.order.packages)]
    return (going or newest)[0]
