"""The vault: sealed bytes open in their own place only, and keys change while the house works."""

from __future__ import annotations

import base64
import logging
import pickle
import stat
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from adapters.sql.work import SqlWorks
from adapters.vault.envelope import CACHED_KEYS, CACHED_SECONDS, EnvelopeVault, version_of
from adapters.vault.keys import SqlKeys, SqlSeals, WrappedKey
from adapters.vault.masters import MasterKeys, generate
from adapters.vault.rotation import Rotated, rotate
from core.identity.factors import Factor, FactorKind
from core.identity.keys import SigningKey
from core.identity.letters import Letter, Medium
from core.tenancy.installations import Installation, InstallationState
from core.tenancy.vendors import SealBroken
from tests.adapters.realms import connection

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
PLAIN = {"customer": "Çiğdem", "api_key": "planted-secret", "port": 443, "test": True, "no": None}


@dataclass
class MemoryKeys:
    """A KeyStore with a memory and a clock."""

    now: datetime = NOW
    rows: dict[UUID, dict[int, WrappedKey]] = field(default_factory=dict)
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def all(self, tenant: UUID) -> Sequence[WrappedKey]:
        with self.lock:
            self.asked += 1
            return [key for _, key in sorted(self.rows.get(tenant, {}).items())]

    def add(self, tenant: UUID, version: int, wrapped: bytes, kek_id: str) -> None:
        with self.lock:
            key = WrappedKey(version, wrapped, kek_id, self.now)
            self.rows.setdefault(tenant, {}).setdefault(version, key)

    def rewrap(self, tenant: UUID, version: int, wrapped: bytes, kek_id: str, *, was: str) -> None:
        with self.lock:
            old = self.rows[tenant][version]
            if old.kek_id == was:
                self.rows[tenant][version] = replace(old, wrapped=wrapped, kek_id=kek_id)


@dataclass
class MemorySeals:
    rows: dict[tuple[UUID, UUID], bytes] = field(default_factory=dict)
    before_swap: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.of: dict[UUID, list[UUID]] = {}
        for tenant, installation in self.rows:
            self.of.setdefault(tenant, []).append(installation)

    def each(self, tenant: UUID) -> Sequence[tuple[UUID, bytes]]:
        return [(place, self.rows[tenant, place]) for place in self.of[tenant]]

    def swap(self, tenant: UUID, installation: UUID, old: bytes, new: bytes) -> bool:
        self.before_swap()
        if self.rows[tenant, installation] != old:
            return False
        self.rows[tenant, installation] = new
        return True


@pytest.fixture
def keys() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def vault(keys: MemoryKeys) -> EnvelopeVault:
    return EnvelopeVault(keys, MasterKeys.parse(generate()))


def test_what_was_sealed_opens_in_its_place(vault: EnvelopeVault) -> None:
    tenant, installation = uuid4(), uuid4()
    sealed = vault.seal(tenant, installation, PLAIN)
    assert vault.open(tenant, installation, sealed) == PLAIN
    assert b"planted" not in sealed
    assert vault.seal(tenant, installation, PLAIN) != sealed, "each seal has a nonce of its own"


@given(st.dictionaries(st.text(max_size=9), st.none() | st.booleans() | st.integers() | st.text()))
def test_any_settings_come_back_as_they_were(plain: dict[str, Any]) -> None:
    vault = EnvelopeVault(MemoryKeys(), MasterKeys.parse(generate()))
    tenant, installation = uuid4(), uuid4()
    assert vault.open(tenant, installation, vault.seal(tenant, installation, plain)) == plain


def test_another_process_with_the_same_master_key_opens_it(keys: MemoryKeys) -> None:
    master, tenant, installation = generate(), uuid4(), uuid4()
    sealed = EnvelopeVault(keys, MasterKeys.parse(master)).seal(tenant, installation, PLAIN)
    other = EnvelopeVault(keys, MasterKeys.parse(master))
    assert other.open(tenant, installation, sealed) == PLAIN


def test_moved_to_another_installation_or_tenant_it_does_not_open(
    vault: EnvelopeVault, keys: MemoryKeys
) -> None:
    tenant, installation, other = uuid4(), uuid4(), uuid4()
    sealed = vault.seal(tenant, installation, PLAIN)
    vault.seal(other, installation, PLAIN)
    with pytest.raises(SealBroken):
        vault.open(tenant, uuid4(), sealed)
    with pytest.raises(SealBroken):
        vault.open(other, installation, sealed)
    keys.rows[other] = dict(keys.rows[tenant])  # nor does a tenant's key work for another tenant
    with pytest.raises(SealBroken):
        EnvelopeVault(keys, vault.masters).open(other, installation, sealed)


def test_moved_to_another_version_it_does_not_open(vault: EnvelopeVault, keys: MemoryKeys) -> None:
    tenant, installation = uuid4(), uuid4()
    old = vault.seal(tenant, installation, PLAIN)
    vault.renew(tenant, NOW + timedelta(seconds=1))
    new = vault.seal(tenant, installation, PLAIN)
    assert (version_of(old), version_of(new)) == (1, 2)
    assert vault.open(tenant, installation, old) == vault.open(tenant, installation, new) == PLAIN
    with pytest.raises(SealBroken):
        vault.open(tenant, installation, new[:1] + old[1:5] + new[5:])
    keys.rows[tenant][1] = replace(keys.rows[tenant][2], version=1)
    with pytest.raises(SealBroken):
        EnvelopeVault(keys, vault.masters).open(tenant, installation, old)


def test_no_byte_of_it_can_be_changed(vault: EnvelopeVault) -> None:
    tenant, installation = uuid4(), uuid4()
    sealed = vault.seal(tenant, installation, PLAIN)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(SealBroken):
            vault.open(tenant, installation, bytes(changed))


@given(st.binary(max_size=60))
def test_any_other_bytes_are_broken_seals_and_nothing_worse(junk: bytes) -> None:
    vault = EnvelopeVault(MemoryKeys(), MasterKeys.parse(generate()))
    tenant = uuid4()
    vault.seal(tenant, uuid4(), PLAIN)
    for bytes_ in (junk, b"\x01" + junk, b"\x01\x00\x00\x00\x01" + junk):
        with pytest.raises(SealBroken):
            vault.open(tenant, uuid4(), bytes_)


def test_a_wrapped_key_that_was_changed_does_not_open(
    vault: EnvelopeVault, keys: MemoryKeys
) -> None:
    tenant, installation = uuid4(), uuid4()
    sealed = vault.seal(tenant, installation, PLAIN)
    old = keys.rows[tenant][1]
    for wrapped in (old.wrapped[:-1] + bytes([old.wrapped[-1] ^ 1]), old.wrapped[:5], b""):
        keys.rows[tenant][1] = replace(old, wrapped=wrapped)
        with pytest.raises(SealBroken):
            EnvelopeVault(keys, vault.masters).open(tenant, installation, sealed)


def test_tenants_have_keys_of_their_own_and_a_tenant_one_key(keys: MemoryKeys) -> None:
    masters, tenant, places = MasterKeys.parse(generate()), uuid4(), [uuid4() for _ in range(40)]
    vaults = [EnvelopeVault(keys, masters) for _ in places]
    with ThreadPoolExecutor(20) as pool:
        sealed = list(pool.map(lambda v, p: v.seal(tenant, p, PLAIN), vaults, places))
    assert len(keys.rows[tenant]) == 1
    assert all(
        vault.open(tenant, place, one) == PLAIN
        for vault, place, one in zip(reversed(vaults), places, sealed, strict=True)
    )


def test_keys_are_remembered_for_a_while_and_not_for_ever(keys: MemoryKeys) -> None:
    now = [0.0]
    vault = EnvelopeVault(keys, MasterKeys.parse(generate()), monotonic=lambda: now[0])
    tenant, installation = uuid4(), uuid4()
    sealed = vault.seal(tenant, installation, PLAIN)
    keys.asked = 0
    for _ in range(50):
        vault.open(tenant, installation, vault.seal(tenant, installation, PLAIN))
    assert keys.asked == 0
    now[0] += CACHED_SECONDS
    vault.open(tenant, installation, sealed)
    assert keys.asked == 1
    for _ in range(CACHED_KEYS + 10):
        vault.seal(uuid4(), uuid4(), {})
    assert len(vault._known) == len(vault._newest) == CACHED_KEYS


def test_a_lost_master_key_is_named(keys: MemoryKeys) -> None:
    tenant, installation, master = uuid4(), uuid4(), generate()
    sealed = EnvelopeVault(keys, MasterKeys.parse(master)).seal(tenant, installation, PLAIN)
    other = EnvelopeVault(keys, MasterKeys.parse(generate()))
    with pytest.raises(SealBroken, match=master.partition(":")[0]):
        other.open(tenant, installation, sealed)
    with pytest.raises(SealBroken):
        other.seal(tenant, installation, PLAIN)


def planted(keys: MemoryKeys, master: str, count: int) -> tuple[list[UUID], MemorySeals]:
    """So many secrets of a tenth as many tenants."""
    vault = EnvelopeVault(keys, MasterKeys.parse(master))
    tenants = [uuid4() for _ in range(max(count // 10, 1))]
    places = [(tenants[n % len(tenants)], uuid4()) for n in range(count)]
    seals = MemorySeals({p: vault.seal(*p, {"api_key": f"planted-{p[1]}"}) for p in places})
    return tenants, seals


def opened(vault: EnvelopeVault, seals: MemorySeals, place: tuple[UUID, UUID]) -> bool:
    return vault.open(*place, seals.rows[place]) == {"api_key": f"planted-{place[1]}"}


@pytest.mark.parametrize("anew", [False, True])
def test_ten_thousand_secrets_change_keys_while_they_are_being_used(
    keys: MemoryKeys, anew: bool
) -> None:
    old, new = generate(), generate()
    tenants, seals = planted(keys, old, 10_000)
    reader = EnvelopeVault(keys, MasterKeys.parse(f"{old},{new}"))  # knows both, as it must
    over, read, failures = threading.Event(), [0], [0]

    def use() -> None:
        while not over.is_set():
            for place in list(seals.rows)[:: 37 + read[0] % 5]:
                failures[0] += not opened(reader, seals, place)
                read[0] += 1

    user = threading.Thread(target=use)
    user.start()
    vault = EnvelopeVault(keys, MasterKeys.parse(f"{new},{old}"))
    more = {"seals": seals, "renew_before": NOW + timedelta(seconds=1)} if anew else {}
    keys.now = NOW + timedelta(seconds=2)
    done = rotate(tenants, vault, **more)
    over.set()
    user.join()
    assert done == Rotated(1_000, 10_000 if anew else 0, ())
    assert read[0] > 100
    assert failures == [0]
    assert rotate(tenants, vault, **more) == Rotated(0, 0, ()), "there is nothing left to do"

    alone = EnvelopeVault(keys, MasterKeys.parse(new))
    assert all(opened(alone, seals, place) for place in seals.rows)
    former = EnvelopeVault(keys, MasterKeys.parse(old))
    for place in list(seals.rows)[:100]:
        with pytest.raises(SealBroken):
            former.open(*place, seals.rows[place])
    assert {version_of(sealed) for sealed in seals.rows.values()} == {2 if anew else 1}


def test_a_rotation_that_was_interrupted_goes_on_where_it_was(keys: MemoryKeys) -> None:
    old, new = generate(), generate()
    tenants, seals = planted(keys, old, 300)
    both, before = MasterKeys.parse(f"{new},{old}"), NOW + timedelta(seconds=1)
    keys.now = NOW + timedelta(seconds=2)
    left = [111]

    def die() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt

    seals.before_swap = die
    with pytest.raises(KeyboardInterrupt):
        rotate(tenants, EnvelopeVault(keys, both), seals=seals, renew_before=before)
    seals.before_swap = lambda: None
    done = rotate(tenants, EnvelopeVault(keys, both), seals=seals, renew_before=before)
    assert done.sealed == 300 - 111
    assert {len(versions) for versions in keys.rows.values()} == {2}, "no third key was made"
    alone = EnvelopeVault(keys, MasterKeys.parse(new))
    assert all(opened(alone, seals, place) for place in seals.rows)


def test_two_rotations_at_once_lose_nothing(keys: MemoryKeys) -> None:
    old, new = generate(), generate()
    tenants, seals = planted(keys, old, 500)
    both, before = MasterKeys.parse(f"{new},{old}"), NOW + timedelta(seconds=1)
    keys.now = NOW + timedelta(seconds=2)

    def turn(_: int) -> Rotated:
        return rotate(tenants, EnvelopeVault(keys, both), seals=seals, renew_before=before)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(turn, range(4)))
    assert not any(one.lost for one in done)
    assert {len(versions) for versions in keys.rows.values()} == {2}
    alone = EnvelopeVault(keys, MasterKeys.parse(new))
    assert all(opened(alone, seals, place) for place in seals.rows)
    assert {version_of(sealed) for sealed in seals.rows.values()} == {2}


def test_settings_that_change_under_a_rotation_keep_the_change(keys: MemoryKeys) -> None:
    master = generate()
    [tenant], seals = planted(keys, master, 1)
    [place] = seals.rows
    other = EnvelopeVault(keys, MasterKeys.parse(master))
    changed = other.seal(*place, {"api_key": "changed"})  # under the key that it still knows

    def change_once() -> None:
        seals.rows[place] = changed
        seals.before_swap = lambda: None

    seals.before_swap = change_once
    vault = EnvelopeVault(keys, MasterKeys.parse(master))
    keys.now = NOW + timedelta(seconds=2)
    rotate([tenant], vault, seals=seals, renew_before=NOW + timedelta(seconds=1))
    assert vault.open(*place, seals.rows[place]) == {"api_key": "changed"}
    assert version_of(seals.rows[place]) == 2


def test_what_does_not_open_is_reported_and_hinders_no_other(keys: MemoryKeys) -> None:
    old, new = generate(), generate()
    tenants, seals = planted(keys, old, 50)
    keys.rows[tenants[0]][1] = replace(keys.rows[tenants[0]][1], kek_id="gone")
    spoilt = next(place for place in seals.rows if place[0] == tenants[1])
    seals.rows[spoilt] = b"\x01 spoilt"
    vault = EnvelopeVault(keys, MasterKeys.parse(f"{new},{old}"))
    keys.now = NOW + timedelta(seconds=2)
    done = rotate(tenants, vault, seals=seals, renew_before=NOW + timedelta(seconds=1))
    assert done.lost == (tenants[0], tenants[1])
    assert done.sealed == 39
    alone = EnvelopeVault(keys, MasterKeys.parse(new))
    whole = [p for p in seals.rows if p[0] != tenants[0] and p != spoilt]
    assert all(opened(alone, seals, place) for place in whole)


def test_nothing_prints_a_secret(
    keys: MemoryKeys, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    master = generate()
    masters, tenant, installation = MasterKeys.parse(master), uuid4(), uuid4()
    vault = EnvelopeVault(keys, masters)
    sealed = vault.seal(tenant, installation, PLAIN)
    with pytest.raises(SealBroken) as caught:
        vault.open(tenant, uuid4(), sealed)
    shown = [repr(vault), str(vars(vault)), repr(masters), repr(keys.all(tenant)), caplog.text]
    shown += [str(caught.value), repr(vault._known._items), *capsys.readouterr()]
    secret = master.partition(":")[2]
    for text in shown:
        assert "planted" not in text
        assert secret not in text
        assert str(base64.b64decode(secret)) not in text
    assert masters.first in repr(masters)
    with pytest.raises((TypeError, pickle.PicklingError)):
        pickle.dumps(masters)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "master key 1 does not begin"),
        ("nokey", "master key 1 has 0 bytes"),
        (":c2VjcmV0", "does not begin"),
        ("k 1:c2VjcmV0", "master key 1 has 0 bytes"),
        ("k1:c2VjcmV0", "has 6 bytes"),
        ("k1:secret!secret", "is not base64"),
        ("k1:{good},k1:{good}", "master key 2 has the id"),
        ("k1:{good},k2:c2VjcmV0", "master key 2 has 6 bytes"),
    ],
)
def test_a_wrong_configuration_is_refused_without_showing_it(text: str, why: str) -> None:
    good = base64.b64encode(bytes(range(32))).decode()
    with pytest.raises(ValueError, match=why) as caught:
        MasterKeys.parse(text.format(good=good))
    assert good not in str(caught.value)
    assert "c2VjcmV0" not in str(caught.value)


def test_the_first_key_wraps_and_keys_may_stand_on_lines() -> None:
    one, two = generate(), generate()
    assert MasterKeys.parse(f" {one}\n{two}\n").first == one.partition(":")[0]
    assert one != two


def test_keys_for_something_else_follow_from_the_master_keys_and_their_purpose() -> None:
    one, other = generate(), generate()
    both = MasterKeys.parse(f"{one},{other}")
    cookies = both.derived("cookies")
    assert cookies == [
        *MasterKeys.parse(one).derived("cookies"),
        *MasterKeys.parse(other).derived("cookies"),
    ]
    assert len({*cookies, *both.derived("letters")}) == 4
    assert {len(key) for key in cookies} == {32}


def test_a_laptop_keeps_its_master_key_in_a_file_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: MasterKeys.kept_in(file).first, range(16)))
    assert len(set(made)) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["master.key"]


def installed(works: SqlWorks, tenant: UUID, vault: EnvelopeVault, secret: str) -> UUID:
    id = uuid4()
    sealed = vault.seal(tenant, id, {"api_key": secret})
    one = Installation(
        id, tenant, "acme", str(id), "Acme", InstallationState.ACTIVE, sealed, None, NOW, NOW
    )
    with works(tenant) as work:
        work.installations.add(one, routed=False)
        work.commit()
    return id


def stored(works: SqlWorks, tenant: UUID, id: UUID) -> bytes:
    with works(tenant) as work:
        found = work.installations.get(id)
    assert found is not None
    return found.settings


def test_in_postgres_the_first_key_is_made_once_by_many(engine: Engine, tenant: UUID) -> None:
    masters = MasterKeys.parse(generate())
    vaults = [EnvelopeVault(SqlKeys(engine), masters) for _ in range(16)]
    place = uuid4()
    with ThreadPoolExecutor(16) as pool:
        sealed = list(pool.map(lambda vault: vault.seal(tenant, place, PLAIN), vaults))
    assert [key.version for key in SqlKeys(engine).all(tenant)] == [1]
    fresh = EnvelopeVault(SqlKeys(engine), masters)
    assert all(fresh.open(tenant, place, one) == PLAIN for one in sealed)


def test_in_postgres_keys_belong_to_a_tenant(engine: Engine, tenants: Callable[[], UUID]) -> None:
    mine, other, keys = tenants(), tenants(), SqlKeys(engine)
    keys.add(mine, 1, b"wrapped", "k1")
    assert keys.all(other) == []
    keys.add(mine, 1, b"another", "k2")
    keys.rewrap(mine, 1, b"late", "k3", was="k2")
    assert [(key.wrapped, key.kek_id) for key in keys.all(mine)] == [(b"wrapped", "k1")]
    keys.rewrap(mine, 1, b"anew", "k3", was="k1")
    assert [(key.wrapped, key.kek_id) for key in keys.all(mine)] == [(b"anew", "k3")]
    assert keys.all(mine)[0].created_at.tzinfo is not None


def test_in_postgres_whatever_is_sealed_for_long_is_sealed_anew(
    engine: Engine, works: SqlWorks, tenant: UUID
) -> None:
    vault = EnvelopeVault(SqlKeys(engine), MasterKeys.parse(generate()))
    factor, letter, key = uuid4(), uuid4(), uuid4()
    provider = connection()

    def sealed(id: UUID) -> bytes:
        return vault.seal(tenant, id, {"secret": "s"})

    provider = replace(provider, sealed=sealed(provider.id))
    with works(tenant) as work:
        work.factors.add(Factor(factor, FactorKind.TOTP, "app", NOW, sealed(factor)))
        work.letters.add(Letter(letter, Medium.MAIL, "reset", sealed(letter), NOW, NOW))
        work.signing_keys.add(SigningKey(key, "{}", sealed(key), NOW))
        work.sso.add(provider)
        work.commit()
    soon = datetime.now(UTC) + timedelta(hours=1)
    done = rotate([tenant], vault, seals=SqlSeals(engine), renew_before=soon)
    assert done == Rotated(0, 4, ())
    found = dict(SqlSeals(engine).each(tenant))
    assert set(found) == {factor, letter, key, provider.id}
    for id, text in found.items():
        assert version_of(text) == 2
        assert vault.open(tenant, id, text) == {"secret": "s"}


def test_in_postgres_a_rotation_leaves_no_plain_secret_and_no_use_for_the_old_key(
    engine: Engine, works: SqlWorks, tenants: Callable[[], UUID], database_url: str
) -> None:
    old, new = generate(), generate()
    vault = EnvelopeVault(SqlKeys(engine), MasterKeys.parse(old))
    all_tenants = [tenants() for _ in range(3)]
    places = [
        (tenant, installed(works, tenant, vault, f"planted-{n}"))
        for n in range(4)
        for tenant in all_tenants
    ]
    rotating = EnvelopeVault(SqlKeys(engine), MasterKeys.parse(f"{new},{old}"))
    soon = datetime.now(UTC) + timedelta(hours=1)
    done = rotate(all_tenants, rotating, seals=SqlSeals(engine), renew_before=soon)
    assert done == Rotated(3, 12, ())

    alone = EnvelopeVault(SqlKeys(engine), MasterKeys.parse(new))
    for n, (tenant, id) in enumerate(places):
        sealed = stored(works, tenant, id)
        assert version_of(sealed) == 2
        assert alone.open(tenant, id, sealed) == {"api_key": f"planted-{n // 3}"}
        with pytest.raises(SealBroken):
            EnvelopeVault(SqlKeys(engine), MasterKeys.parse(old)).open(tenant, id, sealed)
    with psycopg.connect(database_url) as connection:
        for table in ("installations", "tenant_keys"):
            dump = connection.execute(f"select t::text from {table} t").fetchall()  # noqa: S608
            assert dump
            assert b"planted".hex() not in str(dump)
            assert "planted" not in str(dump)
