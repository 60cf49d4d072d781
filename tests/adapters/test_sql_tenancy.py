"""Tenants and what belongs to them: flags, keys, connections and the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from adapters.sql.lookups import Lookups
from adapters.sql.transaction import begun
from adapters.sql.work import SqlWorks
from core.audit.events import AuditEvent
from core.inbox.journal import Route
from core.shared.actor import Actor
from core.shared.errors import Conflict
from core.tenancy.api_keys import ApiKey
from core.tenancy.installations import Health, Installation, InstallationState

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_tenant_is_added_once_and_changed(works: SqlWorks, tenant: UUID) -> None:
    with works(tenant) as work:
        found = work.tenants.get()
        with pytest.raises(Conflict):
            work.tenants.add(found)
        work.tenants.save(replace(found, name="Yeni Ad", language="en"))
        assert work.tenants.get() == replace(found, name="Yeni Ad", language="en")


def test_all_tenants_are_told_to_the_operator(engine: Engine, tenant: UUID) -> None:
    assert tenant in Lookups(engine).tenants()


def test_a_flag_is_what_it_was_set_to_last(works: SqlWorks, tenant: UUID) -> None:
    with works(tenant) as work:
        for name, on in (("agent", False), ("sync", True), ("agent", True)):
            work.flags.set(name, on, NOW)
        assert work.flags.all() == {"agent": True, "sync": True}


def test_a_key_is_found_by_its_digest_whichever_tenants(
    engine: Engine, works: SqlWorks, tenant: UUID
) -> None:
    digest = sha256(uuid4().bytes).digest()
    key = ApiKey(uuid4(), "k", "ivk_abc", digest, ("inbox.read", "inbox.write"), NOW, NOW)
    with works(tenant) as work:
        work.api_keys.add(key)
        work.commit()
    assert Lookups(engine).find_api_key(digest) == (tenant, key.id)
    assert Lookups(engine).find_api_key(b"") is None
    used = replace(key, revoked_at=NOW, last_used_at=NOW)
    with works(tenant) as work:
        work.api_keys.save(used)
        assert work.api_keys.get(key.id) == used
        assert work.api_keys.all() == [used]
        with pytest.raises(Conflict):
            work.api_keys.add(key)


def connection(tenant: UUID, account: str, **more: Any) -> Installation:
    id = uuid4()
    given = {"state": InstallationState.ACTIVE, "health": Health(True, "connected", NOW), **more}
    return Installation(
        id,
        tenant,
        "whatsapp",
        account,
        "Deneme",
        settings=b"sealed",
        hook_digest=sha256(id.bytes).digest(),
        created_at=NOW,
        updated_at=NOW,
        **given,
    )


def connect(works: SqlWorks, new: Installation, *, routed: bool = True) -> Installation:
    with works(new.tenant_id) as work:
        work.installations.add(new, routed=routed)
        work.commit()
    return new


def save(works: SqlWorks, changed: Installation) -> Installation:
    changed = replace(changed, version=changed.version + 1)
    with works(changed.tenant_id) as work:
        work.installations.save(changed)
        work.commit()
    return changed


@pytest.fixture
def account() -> str:
    return str(uuid4())


def test_a_connection_is_found_by_its_hook_and_by_its_account(
    engine: Engine, works: SqlWorks, tenant: UUID, account: str
) -> None:
    new = connect(works, connection(tenant, account))
    lookups, route = Lookups(engine), Route(tenant, new.id)
    assert lookups.find_hook(new.hook_digest or b"") == route
    assert lookups.find_hook(b"another") is None
    assert lookups.find_route("whatsapp", account) == route
    assert lookups.find_route("instagram", account) is None
    with works(tenant) as work:
        assert work.inbox.route("whatsapp", account) == route
        assert work.installations.get(new.id) == new
        assert work.installations.all() == [new]


def test_an_account_is_connected_once_in_the_whole_house(
    works: SqlWorks, tenants: Callable[[], UUID], account: str
) -> None:
    one, other = tenants(), tenants()
    first = connect(works, connection(one, account))
    for tenant in (one, other):
        with pytest.raises(Conflict, match="connected already"):
            connect(works, connection(tenant, account))
    gone = save(works, replace(first, state=InstallationState.DISCONNECTED, hook_digest=None))
    connect(works, connection(other, account))
    with works(one) as work:
        assert work.installations.all() == []
        assert work.installations.get(first.id) == gone


def test_an_account_that_is_not_routed_may_be_connected_by_each_tenant(
    engine: Engine, works: SqlWorks, tenants: Callable[[], UUID], account: str
) -> None:
    one = tenants()
    for tenant in (one, tenants()):
        connect(works, connection(tenant, account), routed=False)
    assert Lookups(engine).find_route("whatsapp", account) is None
    with pytest.raises(Conflict):
        connect(works, connection(one, account), routed=False)
    connect(works, connection(one, account, app=True), routed=False)


def test_a_disabled_connection_keeps_its_account(
    works: SqlWorks, tenants: Callable[[], UUID], account: str
) -> None:
    first = connect(works, connection(tenants(), account))
    save(works, replace(first, state=InstallationState.DISABLED))
    with pytest.raises(Conflict):
        connect(works, connection(tenants(), account))


def test_of_many_who_connect_an_account_one_does(
    works: SqlWorks, tenants: Callable[[], UUID], account: str, together: Any
) -> None:
    rivals = [tenants() for _ in range(8)]

    def attempt(number: int) -> bool:
        try:
            connect(works, connection(rivals[number], account))
        except Conflict:
            return False
        return True

    assert sorted(together(8, attempt)) == [False] * 7 + [True]


def test_a_connection_that_was_changed_meanwhile_is_not_overwritten(
    works: SqlWorks, tenant: UUID, account: str
) -> None:
    first = connect(works, connection(tenant, account))
    save(works, first)
    with pytest.raises(Conflict, match="meanwhile"):
        save(works, first)


def audited(works: SqlWorks, tenant: UUID) -> UUID:
    actor = Actor(tenant, "api_key", "k", frozenset(), "127.0.0.1", "curl\x00", "c")
    event = AuditEvent("flag.changed", actor, "flag", "agent", NOW, None, {"at": NOW})
    with works(tenant) as work:
        id = work.audit.add(event)
        work.commit()
    return id


def test_an_event_is_written_as_it_was(engine: Engine, works: SqlWorks, tenant: UUID) -> None:
    id = audited(works, tenant)
    with begun(engine, tenant) as transaction:
        row = transaction.run(text("select * from audit_events")).mappings().one()
    told = {name: row[name] for name in row if name not in ("position", "tenant_id")}
    assert told == {
        "id": id,
        "event_type": "flag.changed",
        "actor_kind": "api_key",
        "actor_id": "k",
        "resource_type": "flag",
        "resource_id": "agent",
        "ip": "127.0.0.1",
        "user_agent": "curl\ufffd",
        "correlation_id": "c",
        "before": None,
        "after": {"at": NOW.isoformat()},
        "at": NOW,
    }


@pytest.mark.parametrize(
    "change",
    ["update audit_events set actor_id = 'x'", "delete from audit_events", "truncate audit_events"],
)
def test_what_has_happened_is_changed_by_nobody(
    engine: Engine, database_url: str, works: SqlWorks, tenant: UUID, change: str
) -> None:
    audited(works, tenant)
    with begun(engine, tenant) as transaction, pytest.raises(DBAPIError, match="permission denied"):
        transaction.run(text(change))
    with (
        psycopg.connect(database_url) as owner,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed"),
    ):
        owner.execute(change)
