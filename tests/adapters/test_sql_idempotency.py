"""A key is answered once, and then alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from adapters.sql.idempotency import Claim, ClaimState, IdempotencyStore

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
OURS, RUNNING = Claim(ClaimState.OURS), Claim(ClaimState.RUNNING)
OTHER = Claim(ClaimState.OTHER)


@pytest.fixture
def store(engine: Engine) -> IdempotencyStore:
    return IdempotencyStore(engine)


def test_a_key_is_answered_once_and_then_byte_for_byte(
    store: IdempotencyStore, tenant: UUID
) -> None:
    assert store.claim(tenant, "reply", "k", b"h", NOW) == OURS
    assert store.claim(tenant, "reply", "k", b"h", NOW) == RUNNING
    store.finish(tenant, "reply", "k", 201, b"\x00\xff", {"etag": "1"})
    done = Claim(ClaimState.DONE, 201, b"\x00\xff", {"etag": "1"})
    assert store.claim(tenant, "reply", "k", b"h", NOW) == done
    store.finish(tenant, "reply", "k", 500, b"late", {})
    store.release(tenant, "reply", "k")
    assert store.claim(tenant, "reply", "k", b"h", NOW) == done


def test_a_key_belongs_to_its_request(store: IdempotencyStore, tenant: UUID) -> None:
    later = NOW + timedelta(minutes=5)
    assert store.claim(tenant, "reply", "k", b"h", NOW) == OURS
    assert store.claim(tenant, "reply", "k", b"another", NOW) == OTHER
    assert store.claim(tenant, "reply", "k", b"another", later) == OTHER
    store.finish(tenant, "reply", "k", 201, b"", {})
    assert store.claim(tenant, "reply", "k", b"another", NOW) == OTHER
    assert store.claim(tenant, "note", "k", b"another", NOW) == OURS


def test_tenants_do_not_share_keys(store: IdempotencyStore, tenants: Any) -> None:
    for _ in range(2):
        assert store.claim(tenants(), "reply", "k", b"h", NOW) == OURS


def test_of_twenty_at_once_one_runs(store: IdempotencyStore, tenant: UUID, together: Any) -> None:
    claims = together(20, lambda _: store.claim(tenant, "reply", "k", b"h", NOW))
    assert claims.count(OURS) == 1
    assert claims.count(RUNNING) == 19


def test_what_never_ended_may_be_run_again_after_a_minute(
    store: IdempotencyStore, tenant: UUID
) -> None:
    minute = timedelta(seconds=60)
    assert store.claim(tenant, "reply", "k", b"h", NOW) == OURS
    assert store.claim(tenant, "reply", "k", b"h", NOW + minute - timedelta(seconds=1)) == RUNNING
    assert store.claim(tenant, "reply", "k", b"h", NOW + minute) == OURS
    assert store.claim(tenant, "reply", "k", b"h", NOW + minute) == RUNNING


def test_a_released_key_is_fresh(store: IdempotencyStore, tenant: UUID) -> None:
    store.claim(tenant, "reply", "k", b"h", NOW)
    store.release(tenant, "reply", "k")
    assert store.claim(tenant, "reply", "k", b"another", NOW) == OURS


def test_keys_are_kept_for_a_day_and_then_purged(store: IdempotencyStore, tenant: UUID) -> None:
    day = timedelta(hours=24)
    store.purge(NOW + day)
    for key in ("a", "b", "c"):
        store.claim(tenant, "reply", key, b"h", NOW)
        store.finish(tenant, "reply", key, 201, b"", {})
    almost = NOW + day - timedelta(seconds=1)
    assert store.claim(tenant, "reply", "a", b"h", almost).state is ClaimState.DONE
    assert store.claim(tenant, "reply", "a", b"h", NOW + day) == OURS
    assert store.purge(almost) == 0
    assert store.purge(NOW + day, limit=1) == 1
    assert store.purge(NOW + day) == 1
    assert store.claim(tenant, "reply", "a", b"h", NOW + day) == RUNNING
