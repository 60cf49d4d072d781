"""The send ledger is honest whatever happens, in whatever order (a state machine of everything)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.conversations.message import SendState, raised
from core.conversations.write import Reply
from core.delivery.drain import LEASE
from core.delivery.outbox import Cause, OwedState
from core.delivery.settle import Settlement, settle
from core.tenancy.installations import InstallationState
from ports.errors import AuthRejected, OutcomeUnknown, RateLimited, Rejected, Transient
from ports.families.channel import (
    DeliveryReported,
    DeliveryState,
    MessageRef,
    Outgoing,
    OutgoingText,
)
from ports.values import IdempotencyKey
from tests.core.fakes.house import PERSON, House
from tests.core.fakes.vendors import SettlingChannel, external
from tests.core.fakes.world import TENANT, World

ARRIVED = (SendState.DELIVERED, SendState.READ)
DID_NOTHING: dict[str, Exception] = {
    "busy": Transient("busy"),
    "early": RateLimited("slow down", retry_after=5),
    "key refused": AuthRejected("the key is old"),
    "refused": Rejected("too long"),
}
MAYBE = ("taken", "answer lost", "lost on the way", "died after", "died before")
OUTCOMES = (*DID_NOTHING, *MAYBE, *MAYBE)


class WorkerDied(BaseException):
    """Not an error that anybody catches."""


class ScriptedChannel(SettlingChannel):
    """Does what the script says; `acted` counts calls that may have reached a customer."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.script = "taken"
        self.acted: Counter[str] = Counter()

    def send(self, message: Outgoing, *, key: IdempotencyKey) -> MessageRef:
        script, self.script = self.script, "taken"
        self.calls.append(key)
        if script in MAYBE:
            self.acted[key] += 1
        if script in ("taken", "answer lost", "died after"):
            self.sent.append((key, message))
        self.called()
        if script in DID_NOTHING:
            raise DID_NOTHING[script]
        if script in ("answer lost", "lost on the way"):
            raise OutcomeUnknown(script)
        if script in ("died after", "died before"):
            raise WorkerDied(script)
        return MessageRef(external(key))


class Ledger(RuleBasedStateMachine):
    """One conversation's mailbox, a moody vendor, dying workers, reports and a person."""

    @initialize()
    def open_the_house(self) -> None:
        self.house = House(ScriptedChannel)
        self.channel: ScriptedChannel = self.house.channel  # type: ignore[assignment]
        self.house.says("merhaba")
        self.talk = self.house.conversation.id
        self.seen: dict[UUID, SendState] = {}
        self.again: Counter[str] = Counter()
        self.believed: set[str] = set()

    @rule()
    @precondition(lambda self: len(self.house.owed) < 4)
    def somebody_writes(self) -> None:
        reply = Reply(self.talk, OutgoingText(f"no {len(self.house.owed)}"))
        try:
            self.house.write.reply(self.house.ids(), reply, PERSON)
        except Exception:
            assert not self.house.tables.installations[self.house.talk.id].works

    @rule(outcome=st.sampled_from(OUTCOMES))
    def a_worker_pays(self, outcome: str) -> None:
        self.channel.script = outcome
        self._drain()

    @rule(outcome=st.sampled_from(OUTCOMES), state=st.sampled_from(DeliveryState))
    def a_report_overtakes_a_call(self, outcome: str, state: DeliveryState) -> None:
        def report() -> None:
            self.channel.during = None
            if any(k == self.channel.calls[-1] for k, _ in self.channel.sent):
                self._report(self.channel.calls[-1], state, keyed=True)

        self.channel.script, self.channel.during = outcome, report
        self._drain()

    @rule(outcome=st.sampled_from(OUTCOMES))
    def a_call_outlives_its_lease(self, outcome: str) -> None:
        def another_worker() -> None:
            self.channel.during = None
            self.house.clock.forward(LEASE + timedelta(seconds=1))
            self._drain()

        self.channel.script, self.channel.during = outcome, another_worker
        self._drain()

    @rule(span=st.sampled_from([2, 10, 61, 130, 700, 4000]))
    def time_passes(self, span: int) -> None:
        self.house.clock.forward(seconds=span)

    @rule(data=st.data(), state=st.sampled_from(DeliveryState), keyed=st.booleans())
    @precondition(lambda self: self.channel.sent)
    def the_vendor_reports(self, data: st.DataObject, state: DeliveryState, keyed: bool) -> None:
        """Early, late, twice or out of order: whatever was once sent may be reported on."""
        keys = sorted({k for k, _ in self.channel.sent})
        self._report(data.draw(st.sampled_from(keys)), state, keyed=keyed)

    @rule(data=st.data(), settlement=st.sampled_from(Settlement))
    @precondition(lambda self: self.doubts())
    def a_person_settles(self, data: st.DataObject, settlement: Settlement) -> None:
        row = data.draw(st.sampled_from(self.doubts()))
        now = self.house.clock.now()
        settle(row, settlement, PERSON, works=self.house.world, now=now)
        self.again[str(row)] += settlement is Settlement.SEND_AGAIN

    @rule(state=st.sampled_from([InstallationState.ACTIVE, InstallationState.DISABLED]))
    def the_connection_is_switched(self, state: InstallationState) -> None:
        self.house.switch(self.house.talk, state)
        if state is InstallationState.ACTIVE:
            with self.house.world(TENANT) as work:
                work.outbox.unpark(self.house.talk.id, self.house.clock.now())
                work.commit()

    def doubts(self) -> list[UUID]:
        owed = self.house.owed
        return [o.id for o in owed if o.state is OwedState.UNKNOWN or o.cause is Cause.DOUBT]

    def _drain(self) -> None:
        try:
            self.house.drains()
        except WorkerDied:
            pass
        finally:
            self.channel.script, self.channel.during = "taken", None

    def _report(self, key: str, state: DeliveryState, *, keyed: bool) -> None:
        mine = IdempotencyKey(key) if keyed else None
        now = self.house.clock.now()
        self.house.heard(DeliveryReported(external(key), state, now, mine, "unreachable"))
        known = keyed or any(m.external_id == external(key) for m in self.house.messages)
        if known and state in (DeliveryState.DELIVERED, DeliveryState.READ):
            self.believed.add(key)

    @invariant()
    def a_message_never_goes_backwards(self) -> None:
        for message in self.house.messages:
            before = self.seen.get(message.id, message.state)
            assert message.state is before or raised(before, message.state) is message.state
            self.seen[message.id] = message.state

    @invariant()
    def nobody_is_written_to_twice_unless_a_person_said_so(self) -> None:
        for key, calls in self.channel.acted.items():
            assert calls <= 1 + self.again[key], f"{key} was called {calls} times"

    @invariant()
    def a_reported_delivery_is_believed(self) -> None:
        for owed in self.house.owed:
            if str(owed.id) in self.believed:
                message = self.house.tables.messages[UUID(owed.payload["message_id"])]
                assert message.state in ARRIVED
                assert owed.state in (OwedState.SENT, OwedState.DEAD)

    @invariant()
    def no_report_waits_for_a_message_that_is_known(self) -> None:
        waiting = {r.external_id for r in self.house.tables.reports}
        assert not waiting & {m.external_id for m in self.house.messages}

    @invariant()
    def the_order_of_a_conversation_is_kept(self) -> None:
        """Whatever stands behind an unfinished row has not been called."""
        open_rows = (OwedState.READY, OwedState.SENDING, OwedState.UNKNOWN, OwedState.PARKED)
        blocked = False
        for owed in self.house.owed:
            assert not (blocked and str(owed.id) in self.channel.calls)
            blocked = blocked or owed.state in open_rows


TestTheSendLedger = Ledger.TestCase
TestTheSendLedger.settings = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=120,
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
