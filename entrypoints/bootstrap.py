"""The composition root: the only place that names concrete adapters and puts the house together."""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from ipaddress import ip_network
from typing import Any
from uuid import UUID

from starlette.types import ASGIApp

from adapters.files.local import LocalFiles
from adapters.http.address import is_loopback
from adapters.http.transport import HttpTransport, pooled_client
from adapters.limits.bucket import RedisLimits
from adapters.mail.address import parse as mail_server
from adapters.mail.folder import FolderMailer
from adapters.mail.smtp import SmtpMailer
from adapters.queue.bell import Bell
from adapters.queue.jobs import Jobs
from adapters.queue.worker import run_worker
from adapters.sql.engine import Engine, assert_harmless, make_engine
from adapters.sql.idempotency import IdempotencyStore
from adapters.sql.ingest import AsyncIngest
from adapters.sql.lookups import Lookups
from adapters.sql.work import SqlWorks
from adapters.vault.envelope import EnvelopeVault
from adapters.vault.keys import SqlKeys, SqlSeals
from adapters.vault.masters import MasterKeys
from adapters.vault.rotation import Rotated, rotate
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
from core.identity.means import Mailer
from core.inbox.apply import Apply
from core.inbox.read import Read
from core.shared.ids import uuid7
from core.tenancy.connect import Connections
from entrypoints import observe
from entrypoints.config import Config, ConfigError
from entrypoints.registry import Registry, discover
from entrypoints.vendors import PluginVendors
from ports.clock import Clock

log = logging.getLogger(__name__)

QUEUES = ("inbound", "agents", "outbound", "background")


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """Everything, built. Entry points take from it what they need."""

    config: Config
    clock: Clock
    engine: Engine
    works: SqlWorks
    lookups: Lookups
    registry: Registry
    vault: EnvelopeVault
    vendors: PluginVendors
    files: LocalFiles
    mailer: Mailer
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

    def probe_database(self) -> None:
        """Raises unless PostgreSQL answers, and holds us to one tenant at a time."""
        assert_harmless(self.engine)

    def tidy(self) -> None:
        """Throw away what has had its time."""
        IdempotencyStore(self.engine).purge(self.clock.now())
        self.lookups.purge_identity(self.clock.now())

    def standing(self) -> observe.Standing:
        """How much waits, for the metrics."""
        now = self.clock.now()
        inbox = {state: w.rows for state, w in self.lookups.inbox_counts(now).items()}
        outbox = {state: w.rows for state, w in self.lookups.outbox_counts(now).items()}
        queues = {}
        for queue in QUEUES:
            oldest = self.jobs.oldest(queue)
            age = (now - oldest).total_seconds() if oldest else 0.0
            queues[queue] = observe.QueueStanding(self.jobs.depth(queue), max(age, 0.0))
        return observe.Standing(inbox, outbox, queues)

    def wake(self, tenant: UUID, conversation: UUID) -> bool:
        return wake(tenant, conversation, works=self.works, now=self.clock.now())

    def rotate_vault(self) -> Rotated:
        """Wrap every data key by the first master key, give each tenant a new one, seal anew."""
        return rotate(
            self.lookups.tenants(),
            self.vault,
            seals=SqlSeals(self.engine),
            renew_before=self.clock.now(),
        )

    def close(self) -> None:
        """One last stroke of the bell, then let go of every connection."""
        self.bell.close()
        self.jobs.close()
        self.engine.dispose()

    def work_on(self, queues: Sequence[str]) -> None:
        """Work until told to stop."""
        run_worker(queues, self.config.redis_url.reveal())


def build(config: Config, *, part: str, clock: Clock | None = None) -> House:
    """Put the house together for one process; `part` names it in logs."""
    observe.set_up_logging(part, config.log_format, config.log_level)
    clock = clock or SystemClock()
    bell = Bell(config.redis_url.reveal())
    engine = make_engine(config.database_url.reveal(), pool_size=24)
    works = SqlWorks(engine, bell.ring)
    vault = EnvelopeVault(SqlKeys(engine), _master_keys(config))
    client = pooled_client()
    vendors = PluginVendors(
        discover(blocked=config.blocked_plugins),
        vault,
        partial(_way_out, config, client),
        clock,
        config.data / "cache",
    )
    files = LocalFiles(config.data / "files")
    ids = partial(_new_id, clock)
    write = Write(works, vendors, clock, ids)
    trade = Trade(clock)
    think = Think(works, vendors, clock)
    take_turn = TakeTurn(
        works, vendors, think, write, clock, ids, observe.failed, config.lease * 1.5, observe.began
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
        mailer=_mailer(config, clock),
        bell=bell,
        jobs=Jobs(config.redis_url.reveal()),
        connections=Connections(works, vendors, vault, ids, config.base_url),
        write=write,
        manage=Manage(works),
        read=Read(
            works,
            vendors,
            Apply(Hear(clock, ids), trade),
            clock,
            ids,
            observe.failed,
            observe.began,
        ),
        drain=Drain(
            works, vendors, vault, files, clock, random.random, config.lease, observe.began
        ),
        take_turn=take_turn,
        assist=Assist(works, take_turn, write, clock),
        sync=Sync(works, vendors, trade, clock),
        follow=Follow(works, vendors, write, clock, ids),
    )


def web(house: House) -> ASGIApp:
    """The web process's application over a house; no other process loads the web framework."""
    from entrypoints.capabilities import capabilities
    from entrypoints.http.app import HttpHouse, make_app
    from entrypoints.http.cookies import Cookies
    from entrypoints.identity import identity

    config = house.config
    limits = RedisLimits(config.redis_url.reveal())

    @cache  # found when asked for, because it loads the libraries of every vendor
    def powers(plugin: str) -> Sequence[str]:
        return capabilities(house.registry.manifests[plugin])

    def share(per_minute: int) -> Taking:
        return Taking(lambda key: limits.take(str(key), per_minute) or None)

    return make_app(
        HttpHouse(
            works=house.works,
            identity=identity(house),
            cookies=Cookies(config.base_url, _master_keys(config).derived("device cookie")),
            vendors=house.vendors,
            connections=house.connections,
            write=house.write,
            manage=house.manage,
            assist=house.assist,
            files=house.files,
            registry=house.registry,
            capabilities=powers,
            lookups=house.lookups,
            limits=share(config.requests_per_minute),
            visitors=share(max(1, config.requests_per_minute // 2)),
            idempotency=IdempotencyStore(house.engine),
            ingest=AsyncIngest(config.database_url.reveal()),
            bell=house.bell,
            probes={"database": house.probe_database, "redis": lambda: house.jobs.depth("inbound")},
            standing=house.standing,
            clock=house.clock,
            ids=house.new_id,
            new_token=new_token,
            trusted_proxies=[ip_network(proxy) for proxy in config.trusted_proxies],
        )
    )


@dataclass(frozen=True, slots=True)
class Taking:
    """A limiter with its rate."""

    take: Callable[[UUID], float | None]


def new_token() -> str:
    """256 random bits for an address or a key."""
    return secrets.token_urlsafe(32)


def _way_out(config: Config, client: Any, plugin: str, hosts: frozenset[str]) -> HttpTransport:
    """A plugin's transport. What a tenant names on this machine is no vendor, unless allowed."""
    allowed = hosts if config.allow_loopback else {h for h in hosts if not is_loopback(h)}
    return HttpTransport(
        frozenset(allowed),
        client=client,
        plugin=plugin,
        observe=observe.vendor_called,
        sandbox=config.sandbox,
    )


def _mailer(config: Config, clock: Clock) -> Mailer:
    if config.mail is None:
        return FolderMailer(config.data / "mail", clock)
    try:
        return SmtpMailer(mail_server(config.mail), clock)
    except ValueError as error:
        raise ConfigError(f"INVEKTO_MAIL: {error}") from None


def _new_id(clock: Clock) -> UUID:
    return uuid7(clock.now(), secrets.token_bytes(10))


def _master_keys(config: Config) -> MasterKeys:
    if config.master_keys:
        return MasterKeys.parse(config.master_keys.reveal())
    config.data.mkdir(parents=True, exist_ok=True)
    return MasterKeys.kept_in(config.data / "master.keys")
