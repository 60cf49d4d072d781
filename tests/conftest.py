"""A real PostgreSQL for whoever asks: one server a session, one migrated database a module."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import settings
from sqlalchemy import Engine, make_url

from adapters.embedded import Postgres
from adapters.sql.engine import make_engine
from adapters.sql.migrate import migrate
from adapters.sql.work import SqlWorks
from core.conversations.contacts import Contact, Known
from core.conversations.conversation import Conversation
from core.conversations.message import Direction, Message, SendState
from core.delivery.outbox import Owed
from core.inbox.journal import Entry
from core.tenancy.installations import Installation, InstallationState
from core.tenancy.tenant import Tenant
from ports.webhooks import RawWebhook

settings.register_profile("house", deadline=None)  # no test asserts a time
settings.load_profile("house")
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tests of single sign-on that did not run are not passed over in silence."""
    skipped = terminalreporter.getreports("skipped")
    missed = [report for report in skipped if "tests/idp/" in report.nodeid]
    if missed:
        told = f"{len(missed)} tests did NOT run, {missed[0].longrepr[2].removeprefix('Skipped: ')}"
        terminalreporter.write_sep("!", told, red=True, bold=True)


@pytest.fixture(scope="session")
def database_admin_url() -> Iterator[str]:
    """A server whose login may create roles and databases: DATABASE_URL, or one of our own."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)  # under root the server runs as nobody
    server = Postgres(folder / "state", FAST)
    server.start()
    yield server.url
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def database_template(database_admin_url: str) -> Iterator[str]:
    """The name of a migrated database, to be copied."""
    with new_database(database_admin_url) as url:
        migrate(url)
        yield str(make_url(url).database)


@pytest.fixture(scope="module")
def database_url(database_admin_url: str, database_template: str) -> Iterator[str]:
    """A migrated database of the test module's own; the login may do everything in it."""
    with new_database(database_admin_url, database_template) as url:
        yield url


@pytest.fixture(scope="session")
def application_login(database_admin_url: str, database_template: str) -> Iterator[dict[str, str]]:
    """Name and password of a login that may be the application and nothing else."""
    login = {"username": f"invekto_{uuid4().hex[:12]}", "password": uuid4().hex}
    with psycopg.connect(database_admin_url, autocommit=True) as admin:
        admin.execute("create role {username} login password '{password}'".format(**login))
        admin.execute("grant invekto_app to {username}".format(**login))
        yield login
        admin.execute("drop role {username}".format(**login))


@pytest.fixture(scope="module")
def engine(database_url: str, application_login: dict[str, str]) -> Iterator[Engine]:
    """Acts as the application: it owns nothing and sees one tenant at a time."""
    address = make_url(database_url).set(**application_login)
    engine = make_engine(address.render_as_string(hide_password=False), pool_size=20)
    yield engine
    engine.dispose()


@dataclass
class Bell:
    """Counts how often it was rung."""

    rung: int = 0

    def __call__(self) -> None:
        self.rung += 1


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def works(engine: Engine, bell: Bell) -> SqlWorks:
    return SqlWorks(engine, bell)


@pytest.fixture
def tenants(works: SqlWorks) -> Callable[[], UUID]:
    """Each call opens a new tenant and answers its id."""

    def opened() -> UUID:
        tenant = Tenant(uuid4(), "Deneme Mağazası", "Europe/Istanbul", "TRY", "tr", NOW)
        with works(tenant.id) as work:
            work.tenants.add(tenant)
            work.commit()
        return tenant.id

    return opened


@pytest.fixture
def tenant(tenants: Callable[[], UUID]) -> UUID:
    return tenants()


@dataclass(frozen=True)
class Seller:
    """A tenant with one connected channel, and short words for what tests put into it."""

    works: SqlWorks
    tenant: UUID
    channel: UUID

    def connect(self, plugin: str = "whatsapp", account: str | None = None) -> UUID:
        """Another installation."""
        id = uuid4()
        with self.works(self.tenant) as work:
            work.installations.add(installation(self.tenant, id, plugin, account), routed=False)
            work.commit()
        return id

    def contact(self, *identities: Known, name: str | None = None, at: datetime = NOW) -> UUID:
        id = uuid4()
        with self.works(self.tenant) as work:
            work.contacts.add(Contact(id, name, at, at))
            for identity in identities:
                work.contacts.bind(identity, id, at)
            work.commit()
        return id

    def conversation(self, contact: UUID, channel: UUID | None = None, **more: Any) -> UUID:
        thread = Conversation(uuid4(), contact, channel or self.channel, NOW, NOW)
        with self.works(self.tenant) as work:
            work.conversations.add(replace(thread, **more))
            work.commit()
        return thread.id

    def message(self, conversation: UUID, text: str = "merhaba", **more: Any) -> UUID:
        """One that came in, unless `more` says otherwise."""
        given = {"direction": Direction.IN, "author": "contact", "sent_at": NOW}
        given |= {"created_at": NOW, "state": SendState.RECEIVED, **more}
        message = Message(uuid4(), conversation, self.channel, kind="text", text=text, **given)
        with self.works(self.tenant) as work:
            assert work.messages.add(message)
            work.commit()
        return message.id

    def entry(self, key: str = "k", **more: Any) -> Entry:
        """A delivery that waits to be read; nothing is kept yet."""
        webhook = RawWebhook(b"\x00\xff{}", {"x-signature": "a"})
        given = {"received_at": NOW, "due_at": NOW, "correlation_id": "c", **more}
        return Entry(uuid4(), self.channel, "whatsapp", key, webhook, **given)

    def owed(self, mailbox: str = "m", **more: Any) -> Owed:
        """A row that is ready; nothing is kept yet."""
        given = {"payload": {}, "repeatable": False, "due_at": NOW, "created_at": NOW, **more}
        return Owed(uuid4(), mailbox, self.channel, "send_message", **given)

    def keep(self, *values: Entry | Owed) -> None:
        with self.works(self.tenant) as work:
            for value in values:
                store: Any = work.inbox if isinstance(value, Entry) else work.outbox
                assert store.add(value) is not False
            work.commit()


@pytest.fixture
def sellers(works: SqlWorks, tenants: Callable[[], UUID]) -> Callable[[], Seller]:
    """Each call opens a seller."""

    def opened() -> Seller:
        bare = Seller(works, tenants(), uuid4())
        return replace(bare, channel=bare.connect())

    return opened


@pytest.fixture
def seller(sellers: Callable[[], Seller]) -> Seller:
    return sellers()


@pytest.fixture
def pages() -> Callable[[Callable[[str | None], Any]], list[Any]]:
    """Turns every page of a list and answers all items."""

    def turned(turn: Callable[[str | None], Any]) -> list[Any]:
        page = turn(None)
        items = [*page.items]
        while page.cursor is not None:
            page = turn(page.cursor)
            items += page.items
        return items

    return turned


@pytest.fixture
def together() -> Callable[[int, Callable[[int], Any]], list[Any]]:
    """Lets that many threads begin at the same moment; answers what each did."""

    def run(count: int, act: Callable[[int], Any]) -> list[Any]:
        start = threading.Barrier(count)

        def acted(number: int) -> Any:
            start.wait(30)
            return act(number)

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(acted, range(count)))

    return run


def installation(tenant: UUID, id: UUID, plugin: str, account: str | None) -> Installation:
    return Installation(
        id,
        tenant,
        plugin,
        account or str(id),
        "Deneme",
        InstallationState.ACTIVE,
        b"sealed",
        sha256(id.bytes).digest(),
        NOW,
        NOW,
    )


@contextmanager
def new_database(admin_url: str, template: str = "template0") -> Iterator[str]:
    """The address of a new copy of the template; it is dropped at the end."""
    name = f"invekto_{uuid4().hex[:12]}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"create database {name} template {template}")
        try:
            url = make_url(admin_url).set(database=name)
            yield url.render_as_string(hide_password=False)
        finally:
            admin.execute(f"drop database {name} with (force)")
