"""The composition root: the only place that names concrete adapters and puts the house together."""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from adapters.files.local import LocalFiles
from adapters.queue.bell import Bell
from adapters.queue.jobs import Jobs
from adapters.queue.worker import run_worker
from adapters.sql.lookups import Lookups
from sqlalchemy import Engine

from adapters.http.transport import HttpTransport, make_client
from adapters.sql.engine import make_engine
from adapters.sql.work import SqlWorks
from adapters.vault import EnvelopeVault, MasterKeys, SqlKeys
from core.agents.assist import Assist
from core.agents.think import Think
from core.agents.turn import TakeTurn
from core.commerce.follow import Follow
from core.commerce.news import Trade
from core.commerce.sync import Sync
from core.conversations.hear import Hear
from core.conversations.manage import Manage
from core.conversations.wake import wake
from core.conversations.write import Write
from core.delivery.drain import Drain
from core.inbox.apply import Apply
from core.inbox.read import Read
from core.shared.ids import uuid7
from core.tenancy.connect import Connections
from entrypoints import observe
from entrypoints.config import Config
from entrypoints.registry import Registry, discover
from entrypoints.vendors import PluginVendors

log = logging.getLogger(__name__)


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """Everything, built. Entry points take from it what they need."""

    config: Config
    clock: SystemClock
    engine: Engine
    works: SqlWorks
    lookups: Lookups
    registry: Registry
    vault: EnvelopeVault
    vendors: PluginVendors
    files: LocalFiles
    bell: Bell
    jobs: Jobs
    connections: Connections
    write: Write
    manage: Manage
    read: Read
    drain: Drain
    take_turn: TakeTurn
    assist: Assist
    sync: Sync
    follow: Follow

    def new_id(self) -> UUID:
        return _new_id(self.clock)

    def wake(self, tenant: UUID, conversation: UUID) -> bool:
        return wake(tenant, conversation, works=self.works, now=self.clock.now())

    def rotate_vault(self) -> int:
        """Re-seal every connection under the first master key; answers how many there are."""
        return rotate(self.vault, self.works, self.lookups)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    def work_on(self, queues: Sequence[str]) -> None:
        """Work until told to stop."""
        run_worker(queues, self.config.redis_url.reveal())


def build(config: Config, *, part: str) -> House:
    """Put the house together for one process; `part` names it in logs."""
    observe.set_up_logging(part, config.log_format)
    clock = SystemClock()
    bell = Bell(config.redis_url.reveal())
    engine = make_engine(config.database_url.reveal(), pool_size=20)
    works = SqlWorks(engine, bell.ring)
    vault = EnvelopeVault(SqlKeys(engine), _master_keys(config))
    client = make_client()
    vendors = PluginVendors(
        discover(blocked=config.blocked_plugins),
        vault,
        lambda plugin, hosts: HttpTransport(
            hosts,
            client=client,
            plugin=plugin,
            observe=observe.vendor_called,
            sandbox=config.sandbox,
        ),
        clock,
        config.data / "cache",
    )
    files = LocalFiles(config.data / "files")
    ids = partial(_new_id, clock)
    write = Write(works, vendors, clock, ids)
    trade = Trade(clock)
    think = Think(works, vendors, clock)
    take_turn = TakeTurn(
        works, vendors, think, write, clock, ids, observe.failed, config.lease * 1.5
    )
    return House(
        config=config,
        clock=clock,
        engine=engine,
        works=works,
        lookups=Lookups(engine),
        registry=vendors.registry,
        vault=vault,
        vendors=vendors,
        files=files,
        bell=bell,
        jobs=Jobs(config.redis_url.reveal()),
        connections=Connections(works, vendors, vault, ids, config.base_url),
        write=write,
        manage=Manage(works),
        read=Read(works, vendors, Apply(Hear(clock, ids), trade), clock, ids, observe.failed),
        drain=Drain(works, vendors, vault, files, clock, random.random, config.lease),
        take_turn=take_turn,
        assist=Assist(works, take_turn, write, clock),
        sync=Sync(works, vendors, trade, clock),
        follow=Follow(works, vendors, write, clock, ids),
    )


def new_token() -> str:
    """256 random bits for an address or a key."""
    return secrets.token_urlsafe(32)


def _new_id(clock: SystemClock) -> UUID:
    return uuid7(clock.now(), secrets.token_bytes(10))


def _master_keys(config: Config) -> MasterKeys:
    if config.master_keys:
        return MasterKeys.parse(config.master_keys.reveal())
    return MasterKeys.in_file(config.data / "master.keys")
