"""Feature flags: every feature can be rolled back for one tenant while the house runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.audit.events import AuditEvent
from core.shared.actor import Actor, allow
from core.shared.errors import NotFound
from core.shared.work import Works


@dataclass(frozen=True, slots=True)
class Flag:
    name: str
    default: bool
    help: str


FLAGS: dict[str, Flag] = {
    f.name: f
    for f in (
        Flag("agent", True, "The agent reads messages and makes turns"),
        Flag("agent.send", True, "Turns of autonomous intents are sent; off, all are suggestions"),
        Flag("agent.model", True, "A connected language model drafts; off, templates answer"),
        Flag("media", True, "What customers send is downloaded and kept"),
        Flag("sync", True, "Shops are polled for what their webhooks missed"),
        Flag("parcels", True, "Parcels on their way are followed at the carrier"),
        Flag("parcels.notify", False, "The customer is told when the parcel moves"),
    )
}


class FlagStore(Protocol):
    def all(self) -> Mapping[str, bool]:
        """The flags that this tenant has set itself."""

    def set(self, name: str, enabled: bool, now: datetime) -> None: ...


def enabled(name: str, store: FlagStore) -> bool:
    """Whether the flag is on for the unit of work's tenant."""
    return store.all().get(name, FLAGS[name].default)


def set_flag(name: str, on: bool, actor: Actor, *, works: Works, now: datetime) -> None:
    allow(actor, "tenant.write")
    if name not in FLAGS:
        raise NotFound(f"there is no flag {name}")
    with works(actor.tenant) as work:
        before = enabled(name, work.flags)
        work.flags.set(name, on, now)
        work.audit.add(
            AuditEvent(
                "flag.changed",
                actor,
                "flag",
                name,
                now,
                before={"enabled": before},
                after={"enabled": on},
            )
        )
        work.commit()
