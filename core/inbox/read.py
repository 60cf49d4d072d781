"""Reading what was taken in: one transaction applies an entry and marks it done."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from core.inbox.journal import Entry, EntryState
from core.shared.ids import Ids
from core.shared.watch import Began, unwatched
from core.shared.work import Work, Works
from core.tenancy.installations import Installation
from core.tenancy.vendors import Vendors
from ports.clock import Clock
from ports.errors import Ignored, Unreadable
from ports.events import Event
from ports.webhooks import RawWebhook, Splits

SCHEDULE = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 3_600, 21_600, 86_400))
"""Waits between attempts; after the last the entry is FAILED and a person is told."""


class Applies(Protocol):
    def __call__(self, event: Event, installation: Installation, work: Work, entry: Entry) -> None:
        """Change the domain as the event tells, inside the work. Applying twice changes nothing."""


@dataclass(frozen=True, slots=True)
class Read:
    works: Works
    vendors: Vendors
    apply: Applies
    clock: Clock
    ids: Ids
    failed: Callable[[Exception], None]
    """Told of every error that is not the vendor's, for logs and metrics."""
    began: Began = unwatched

    def __call__(self, tenant: UUID, id: UUID) -> EntryState | None:
        """Read one entry; None when there is nothing to do. Ringing twice does no harm."""
        try:
            with self.works(tenant) as work:
                entry = work.inbox.claim(id)
                if entry is None:
                    return None
                self.began(entry.correlation_id)
                done = self._read(entry, work)
                work.inbox.save(done)
                work.commit()
                return done.state
        except Exception as error:
            self.failed(error)
            return self._postpone(tenant, id, error)

    def _read(self, entry: Entry, work: Work) -> Entry:
        installation = work.installations.get(entry.installation_id)
        if installation is None or not installation.listens:
            return self._end(entry, EntryState.IGNORED, "the connection is switched off")
        reader = self.vendors.reader(installation)
        try:
            if installation.app:
                if not isinstance(reader, Splits):
                    raise Unreadable("the plugin cannot split an app-wide delivery")
                return self._share_out(entry, installation, reader, work)
            for event in reader.read(entry.webhook):
                self.apply(event, installation, work, entry)
        except Ignored as reason:
            return self._end(entry, EntryState.IGNORED, str(reason))
        except Unreadable as reason:
            return self._end(entry, EntryState.UNREADABLE, str(reason))
        return self._end(entry, EntryState.PROCESSED, None)

    def _share_out(
        self, entry: Entry, installation: Installation, reader: Splits, work: Work
    ) -> Entry:
        """Give each tenant its own part. Done again, the dedupe key swallows it."""
        unknown = []
        for part in reader.split(entry.webhook):
            route = work.inbox.route(installation.plugin_id, part.account)
            if route is None:
                unknown.append(part.account)
                continue
            key = hashlib.sha256(part.body).hexdigest()
            with self.works(route.tenant_id) as theirs:
                theirs.inbox.add(
                    Entry(
                        self.ids(),
                        route.installation_id,
                        installation.plugin_id,
                        key,
                        RawWebhook(part.body),
                        entry.received_at,
                        due_at=self.clock.now(),
                        correlation_id=entry.correlation_id,
                    )
                )
                theirs.commit()
        if unknown:
            accounts = ", ".join(sorted(set(unknown)))
            return self._end(entry, EntryState.UNROUTED, f"nobody has connected {accounts}")
        return self._end(entry, EntryState.PROCESSED, None)

    def _end(self, entry: Entry, state: EntryState, reason: str | None) -> Entry:
        return replace(entry, state=state, reason=reason, processed_at=self.clock.now())

    def _postpone(self, tenant: UUID, id: UUID, error: Exception) -> EntryState | None:
        now = self.clock.now()
        with self.works(tenant) as work:
            entry = work.inbox.claim(id)
            if entry is None:
                return None
            later = after_failure(entry, error, now)
            work.inbox.save(later)
            work.commit()
            return later.state


def after_failure(entry: Entry, error: Exception, now: datetime) -> Entry:
    """When to try again; FAILED after the last attempt."""
    reason = f"{type(error).__name__}: {error}"[:500]
    attempts = entry.attempts + 1
    if attempts > len(SCHEDULE):
        return replace(entry, attempts=attempts, state=EntryState.FAILED, reason=reason)
    return replace(entry, attempts=attempts, reason=reason, due_at=now + SCHEDULE[attempts - 1])
