"""Polling a shop: what its webhooks missed comes in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from core.commerce.news import Trade
from core.delivery.after import ATTEMPTS, TryLater, after
from core.shared.actor import Actor, allow
from core.shared.errors import Conflict
from core.shared.work import Work, Works
from core.tenancy.flags import enabled
from core.tenancy.installations import Installation
from core.tenancy.vendors import Vendors
from ports.clock import Clock
from ports.errors import Rejected, VendorError
from ports.families.marketplace import Claim, ListsClaims, ListsQuestions, Page, Question

STREAMS = ("orders", "claims", "questions")
EVERY = {
    "orders": timedelta(minutes=5),
    "claims": timedelta(minutes=15),
    "questions": timedelta(minutes=5),
}
OVERLAP = timedelta(minutes=10)
"""How far each round reaches back behind the last one's start."""
FIRST_REACH = timedelta(days=14)
LEASE = timedelta(minutes=5)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SyncState:
    installation_id: UUID
    stream: str
    due_at: datetime
    since: datetime | None = None
    """The window of the round that is under way or comes next."""
    cursor: str | None = None
    """Where the round goes on; None starts it."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    """When the last whole round ended."""
    lease_until: datetime | None = None
    error: str | None = None
    failures: int = 0
    seen: int = 0
    """Items of the last whole round."""


class SyncStore(Protocol):
    def begin(self, state: SyncState) -> None:
        """Add a stream to poll; one that exists becomes due and keeps its place."""

    def claim(
        self, installation: UUID, stream: str, now: datetime, until: datetime
    ) -> SyncState | None:
        """Lock and lease a stream that is due; None when it is not or another worker has it."""

    def save(self, state: SyncState) -> None: ...

    def of(self, installation: UUID) -> Sequence[SyncState]: ...

    def stop(self, installation: UUID) -> None: ...

    def rush(self, installation: UUID, now: datetime) -> None:
        """Make all its streams due."""


@dataclass(frozen=True, slots=True)
class Sync:
    """One round of one stream: page by page, each page one transaction, resumable anywhere."""

    works: Works
    vendors: Vendors
    trade: Trade
    clock: Clock

    def __call__(self, tenant: UUID, installation_id: UUID, stream: str) -> int:
        """Go on with a due stream; answers how many items came in. Ringing twice does no harm."""
        claim = self._claim(tenant, installation_id, stream)
        if claim is None:
            return 0
        state, installation = claim
        came = 0
        while state.lease_until is not None:
            try:
                page = self._ask(state, installation)
            except Unsupported:
                self._finish(tenant, replace(state, due_at=NEVER, lease_until=None))
                return came
            except VendorError as error:
                self._finish(tenant, after_failure(state, error, self.clock.now()))
                return came
            state = self._take(page, state, installation)
            came += len(page.items)
        return came

    def _claim(
        self, tenant: UUID, installation_id: UUID, stream: str
    ) -> tuple[SyncState, Installation] | None:
        now = self.clock.now()
        with self.works(tenant) as work:
            installation = work.installations.get(installation_id)
            if installation is None or not installation.works or not enabled("sync", work.flags):
                return None
            state = work.sync.claim(installation_id, stream, now, now + LEASE)
            if state is None:
                return None
            if state.cursor is None:
                since = state.since or now - FIRST_REACH
                state = replace(state, since=since, started_at=now, seen=0)
                work.sync.save(state)
            work.commit()
        return state, installation

    def _take(self, page: Page[Any], state: SyncState, installation: Installation) -> SyncState:
        """Keep a page and the place after it; a finished round has no lease."""
        now, seen = self.clock.now(), state.seen + len(page.items)
        state = replace(state, cursor=page.cursor, seen=seen, lease_until=now + LEASE)
        if page.cursor is None:
            state = finished(state, now)
        with self.works(installation.tenant_id) as work:
            for item in page.items:
                self._keep(item, installation, work)
            work.sync.save(state)
            work.commit()
        return state

    def _ask(self, state: SyncState, installation: Installation) -> Page[Any]:
        shop = self.vendors.marketplace(installation)
        since = state.since or self.clock.now() - FIRST_REACH
        if state.stream == "orders":
            return shop.orders_changed_since(since, state.cursor)
        if state.stream == "claims" and isinstance(shop, ListsClaims):
            return shop.claims_changed_since(since, state.cursor)
        if state.stream == "questions" and isinstance(shop, ListsQuestions):
            return shop.questions_changed_since(since, state.cursor)
        raise Unsupported

    def _keep(self, item: Any, installation: Installation, work: Work) -> None:
        if isinstance(item, Claim):
            work.orders.upsert_claim(installation.id, item)
        elif isinstance(item, Question):
            work.orders.upsert_question(installation.id, item)
        else:
            self.trade.keep(item, installation, work)

    def _finish(self, tenant: UUID, state: SyncState) -> None:
        with self.works(tenant) as work:
            work.sync.save(state)
            work.commit()


def rush(
    installation: Installation, actor: Actor, *, works: Works, now: datetime
) -> Sequence[SyncState]:
    """Poll a connection's streams at once; Conflict for one that is not polled."""
    allow(actor, "integrations.write")
    with works(actor.tenant) as work:
        if not work.sync.of(installation.id):
            raise Conflict("this connection is not polled")
        work.sync.rush(installation.id, now)
        streams = work.sync.of(installation.id)
        work.commit()
    return streams


class Unsupported(Exception):
    """The shop has no such stream."""


def finished(state: SyncState, now: datetime) -> SyncState:
    """After a whole round: the next one reaches back behind this one's start."""
    started = state.started_at or now
    return replace(
        state,
        since=started - OVERLAP,
        cursor=None,
        finished_at=now,
        due_at=now + EVERY[state.stream],
        lease_until=None,
        error=None,
        failures=0,
    )


def after_failure(state: SyncState, error: VendorError, now: datetime) -> SyncState:
    """When to go on with the same round: the cursor stays, so nothing is asked twice.

    A cursor that the shop does not take any more begins the round again.
    """
    if isinstance(error, Rejected) and error.field == "cursor":
        state = replace(state, cursor=None)
    step = after(error, attempt=min(state.failures + 1, ATTEMPTS - 1))
    seconds = step.seconds if isinstance(step, TryLater) else EVERY[state.stream].total_seconds()
    return replace(
        state,
        due_at=now + timedelta(seconds=seconds),
        lease_until=None,
        error=str(error),
        failures=state.failures + 1,
    )
