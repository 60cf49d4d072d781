"""Paying what we owe: claim, call with no transaction open, record the step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Protocol
from uuid import UUID

from core.conversations.message import SendState
from core.delivery.after import AskAPerson, GiveUp, LookItUp, TryLater, after
from core.delivery.effects import Effect, FetchMedia, SendMessage, Subscribe, effect_of
from core.delivery.ledger import fail_message, note_message, settle_accepted
from core.delivery.outbox import Cause, Owed, OwedState, claimed
from core.shared.actor import Actor, system
from core.shared.errors import NotFound, Unavailable
from core.shared.watch import Began, unwatched
from core.shared.work import Work, Works
from core.tenancy.installations import Health, Installation, InstallationState
from core.tenancy.vendors import Vault, Vendors
from ports.clock import Clock
from ports.errors import OutcomeUnknown, Rejected, Transient, VendorError
from ports.families.channel import FetchesMedia, FindsSent, SettlesByReport
from ports.families.marketplace import SubscribesWebhooks
from ports.settings import Secret
from ports.values import IdempotencyKey

LEASE = timedelta(seconds=60)
PATIENCE = timedelta(minutes=10)
"""How long a send stays in doubt before a person is asked, where the channel says nothing."""


class Files(Protocol):
    def put(self, tenant: UUID, name: str, data: bytes) -> str:
        """Keep the bytes; answers the path that get() takes. The same name is overwritten."""

    def get(self, tenant: UUID, path: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Called:
    """What a call gave."""

    external_id: str | None = None
    path: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Drain:
    works: Works
    vendors: Vendors
    vault: Vault
    files: Files
    clock: Clock
    jitter: Callable[[], float]
    """A random number from 0 to 1: repeated calls do not march in step."""
    lease: timedelta = LEASE
    """How long a call may take before its worker counts as dead."""
    began: Began = unwatched

    def __call__(self, tenant: UUID, mailbox: str) -> int:
        """Pay what is due in a mailbox, in order; answers how many calls were made."""
        calls = 0
        while claim := self._claim(tenant, mailbox):
            owed, installation = claim
            self.began(owed.correlation_id)
            calls += 1
            if owed.state is OwedState.UNKNOWN:
                self._look_up(owed, installation)
            else:
                self._perform(owed, installation)
        return calls

    def _claim(self, tenant: UUID, mailbox: str) -> tuple[Owed, Installation] | None:
        now = self.clock.now()
        with self.works(tenant) as work:
            head = work.outbox.head(mailbox)
            owed = claimed(head, now, now + self.lease) if head else None
            if owed is None:
                return None
            installation = work.installations.get(owed.installation_id)
            if owed.state is OwedState.UNKNOWN and owed is not head:
                owed = replace(owed, due_at=now + self._patience(installation))
                note_message(work, owed, SendState.UNKNOWN)
                work.outbox.save(owed)
                work.commit()
                return None
            if installation is None or not installation.works:
                doubtful = owed.state is OwedState.UNKNOWN  # mending the connection is no answer
                cause = Cause.DOUBT if doubtful else Cause.INSTALLATION
                work.outbox.save(_parked(owed, cause, "the connection is off"))
                work.commit()
                return None
            work.outbox.save(owed)
            work.commit()
            return owed, installation

    def _perform(self, owed: Owed, installation: Installation) -> None:
        effect = effect_of(owed)
        try:
            call = self._prepared(effect, owed, installation)
        except Unavailable as error:  # nothing was called yet
            self._record_failure(owed, installation, Transient(str(error)))
            return
        except (VendorError, NotFound) as error:
            self._record_failure(owed, installation, error)
            return
        try:
            called = call()
        except VendorError as error:
            self._record_failure(owed, installation, error)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            self._record_failure(owed, installation, OutcomeUnknown(why))
        else:
            self._record_success(owed, effect, called, installation)

    def _prepared(
        self, effect: Effect, owed: Owed, installation: Installation
    ) -> Callable[[], Called]:
        """The call, ready to be made: whatever can fail before it has failed by now."""
        if isinstance(effect, Subscribe):
            return self._subscription(effect, installation)
        channel = self.vendors.channel(installation)
        if isinstance(effect, SendMessage):
            outgoing, key = effect.outgoing, IdempotencyKey(str(owed.id))
            return lambda: Called(external_id=channel.send(outgoing, key=key).id)
        if not isinstance(channel, FetchesMedia):
            raise Rejected("this channel gives no files")
        return partial(self._fetch, channel, effect, installation)

    def _fetch(
        self, channel: FetchesMedia, effect: FetchMedia, installation: Installation
    ) -> Called:
        media = channel.fetch(effect.ref)
        name = f"media/{effect.attachment_id}"
        path = self.files.put(installation.tenant_id, name, media.data)
        return Called(path=path, size=len(media.data))

    def _subscription(self, effect: Subscribe, installation: Installation) -> Callable[[], Called]:
        shop = self.vendors.marketplace(installation)
        if not isinstance(shop, SubscribesWebhooks):
            raise Rejected("this shop posts no changes")
        told = self.vault.open(installation.tenant_id, installation.id, effect.sealed)

        def subscribe() -> Called:
            shop.subscribe(told["url"], Secret(told["secret"]))
            return Called()

        return subscribe

    def _record_success(
        self, owed: Owed, effect: Effect, called: Called, installation: Installation
    ) -> None:
        with self.works(installation.tenant_id) as work:
            current = work.outbox.get(owed.id)
            if current is None:
                return
            if current.state is not OwedState.SENT:
                work.outbox.save(replace(current, state=OwedState.SENT, error=None, cause=None))
            if isinstance(effect, SendMessage) and called.external_id:
                actor, now = _actor(current, installation), self.clock.now()
                settle_accepted(work, current, effect.message_id, called.external_id, actor, now)
            if isinstance(effect, FetchMedia):
                attachment = work.messages.attachment(effect.attachment_id)
                if attachment:
                    work.messages.save_attachment(
                        replace(attachment, path=called.path, size=called.size, error=None)
                    )
            work.commit()

    def _record_failure(self, owed: Owed, installation: Installation, error: Exception) -> None:
        now = self.clock.now()
        with self.works(installation.tenant_id) as work:
            current = work.outbox.get(owed.id)
            if current is None or current.state is not OwedState.SENDING:
                return  # a report settled it meanwhile
            if current.attempts != owed.attempts:
                return  # the lease ran out and another worker has it
            if current.repeatable and isinstance(error, OutcomeUnknown):
                error = Transient(str(error))  # doing it again does no harm
            match after(error, attempt=current.attempts):
                case TryLater(seconds, counts):
                    wait = timedelta(seconds=seconds * (1 + self.jitter() / 5))
                    attempts = current.attempts if counts else current.attempts - 1
                    work.outbox.save(
                        replace(
                            current,
                            state=OwedState.READY,
                            attempts=attempts,
                            due_at=now + wait,
                            error=str(error),
                        )
                    )
                case LookItUp():
                    due = now + self._patience(installation)
                    unknown = replace(
                        current, state=OwedState.UNKNOWN, due_at=due, error=str(error)
                    )
                    work.outbox.save(unknown)
                    note_message(work, unknown, SendState.UNKNOWN)
                case AskAPerson(why):
                    work.outbox.save(_parked(current, Cause.INSTALLATION, why))
                    self._needs_attention(work, installation, why)
                case GiveUp(why):
                    work.outbox.save(replace(current, state=OwedState.DEAD, error=why))
                    fail_message(work, current, error, _actor(current, installation), now)
            work.commit()

    def _look_up(self, owed: Owed, installation: Installation) -> None:
        """Ask what became of a send in doubt; a person decides where nobody can tell."""
        channel = self.vendors.channel(installation)
        found = None
        if isinstance(channel, FindsSent):
            try:
                found = channel.find_sent(IdempotencyKey(str(owed.id)))
            except VendorError as error:
                self._postpone_look_up(owed, installation, error)
                return
        now = self.clock.now()
        with self.works(installation.tenant_id) as work:
            current = work.outbox.get(owed.id)
            if current is None or current.state is not OwedState.UNKNOWN:
                return
            effect = effect_of(current)
            if found and isinstance(effect, SendMessage):
                work.outbox.save(replace(current, state=OwedState.SENT, error=None))
                actor = _actor(current, installation)
                settle_accepted(work, current, effect.message_id, found.id, actor, now)
            elif isinstance(channel, FindsSent):
                work.outbox.save(replace(current, state=OwedState.READY, due_at=now))
            else:
                why = "no report tells what became of it: look at the customer's side"
                work.outbox.save(_parked(current, Cause.DOUBT, why))
            work.commit()

    def _postpone_look_up(self, owed: Owed, installation: Installation, error: Exception) -> None:
        later = self.clock.now() + timedelta(minutes=1)
        with self.works(installation.tenant_id) as work:
            current = work.outbox.get(owed.id)
            if current is not None and current.state is OwedState.UNKNOWN:
                work.outbox.save(replace(current, due_at=later, error=str(error)))
                work.commit()

    def _patience(self, installation: Installation | None) -> timedelta:
        if installation is None:
            return PATIENCE
        channel = self.vendors.channel(installation)
        return channel.settles_within if isinstance(channel, SettlesByReport) else PATIENCE

    def _needs_attention(self, work: Work, installation: Installation, why: str) -> None:
        current = work.installations.get(installation.id)
        if current and current.state is InstallationState.ACTIVE:
            work.installations.save(
                replace(
                    current,
                    state=InstallationState.NEEDS_ATTENTION,
                    version=current.version + 1,
                    health=Health(False, why, self.clock.now()),
                )
            )


def _actor(owed: Owed, installation: Installation) -> Actor:
    return system(installation.tenant_id, "delivery", owed.correlation_id)


def _parked(owed: Owed, cause: Cause, why: str) -> Owed:
    return replace(owed, state=OwedState.PARKED, cause=cause, error=why, lease_until=None)
