"""A person's own realm: account, devices, second factors; and the operator's signing keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select

from adapters.sql import tables
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Lock, Rows
from adapters.sql.transaction import Transaction
from core.identity.account import Account, Device
from core.identity.factors import Factor
from core.identity.keys import SigningKey
from core.shared.errors import Conflict

_ACCOUNT = Mapper(Account, tables.accounts, {"id": "tenant_id"})
_DEVICE = Mapper(Device, tables.devices)
_FACTOR = Mapper(Factor, tables.factors)
_SIGNING_KEY = Mapper(SigningKey, tables.signing_keys)


class Accounts:
    """Fulfils core.identity.account.AccountStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows = Rows(transaction, _ACCOUNT)

    def get(self, *, lock: bool = False) -> Account | None:
        return self._rows.one(lock=Lock.WAIT if lock else None)

    def add(self, account: Account) -> None:
        if not self._rows.add(account):
            raise Conflict("the person has an account already")

    def save(self, account: Account) -> None:
        self._rows.save(account)
        if account.closed_at is not None:
            self._transaction.run(select(func.directory.release_email(account.id)))

    def claim_email(self, email: str) -> bool:
        claim = func.directory.claim_email(email, self._transaction.tenant)
        claimed: int = self._transaction.run(select(claim)).scalar_one()
        return claimed == 1


class Devices:
    """Fulfils core.identity.account.DeviceStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._rows = Rows(transaction, _DEVICE)

    def get(self, id: UUID) -> Device | None:
        return self._rows.one(tables.devices.c.id == id)

    def any(self) -> bool:
        first = self._rows.select().limit(1)
        return bool(self._rows.all(first))

    def put(self, device: Device) -> None:
        self._rows.put(device)


class Factors:
    """Fulfils core.identity.factors.FactorStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._rows = Rows(transaction, _FACTOR)

    def all(self) -> Sequence[Factor]:
        factors = tables.factors.c
        return self._rows.all(self._rows.select().order_by(factors.created_at, factors.id))

    def get(self, id: UUID) -> Factor | None:
        return self._rows.one(tables.factors.c.id == id)

    def by_credential(self, credential_id: bytes) -> Factor | None:
        return self._rows.one(tables.factors.c.credential_id == credential_id)

    def add(self, factor: Factor) -> None:
        if not self._rows.add(factor):
            raise Conflict("the second factor is there already")

    def used_step(self, id: UUID, step: int, now: datetime) -> bool:
        factors = tables.factors.c
        later = (factors.id == id, factors.step < step)
        return self._rows.change(*later, step=step, last_used_at=now) == 1

    def save(self, factor: Factor) -> None:
        """A time step that was accepted meanwhile stays accepted."""
        latest = func.greatest(tables.factors.c.step, factor.step)
        self._rows.save(factor, step=latest)

    def remove(self, id: UUID) -> bool:
        return self._rows.remove(tables.factors.c.id == id) == 1

    def remove_all(self) -> int:
        return self._rows.remove()


class BackupCodes:
    """Fulfils core.identity.factors.BackupCodeStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._mine = tables.backup_codes.c.tenant_id == transaction.tenant
        self._unused = tables.backup_codes.c.used_at.is_(None)

    def replace(self, digests: Sequence[bytes], now: datetime) -> None:
        self._transaction.lock("backup_codes")  # of two sets at once the later one stands
        self._transaction.run(tables.backup_codes.delete().where(self._mine))
        mine = {"tenant_id": self._transaction.tenant, "created_at": now}
        if digests:
            rows = [{"digest": digest, **mine} for digest in digests]
            self._transaction.run(insert(tables.backup_codes).values(rows))

    def use(self, digest: bytes, now: datetime) -> bool:
        this = tables.backup_codes.c.digest == digest
        use = tables.backup_codes.update().where(self._mine, this, self._unused)
        return self._transaction.run(use.values(used_at=now)).rowcount == 1

    def left(self) -> int:
        counted = select(func.count()).select_from(tables.backup_codes)
        count: int = self._transaction.run(counted.where(self._mine, self._unused)).scalar_one()
        return count


class SigningKeys:
    """Fulfils core.identity.keys.SigningKeyStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._rows = Rows(transaction, _SIGNING_KEY)

    def all(self) -> Sequence[SigningKey]:
        keys = tables.signing_keys.c
        newest = self._rows.select().order_by(keys.created_at.desc(), keys.id.desc())
        return self._rows.all(newest)

    def add(self, key: SigningKey) -> None:
        if not self._rows.add(key):
            raise Conflict("there is a signing key of this id already")

    def remove_before(self, moment: datetime) -> int:
        return self._rows.remove(tables.signing_keys.c.created_at < moment)
