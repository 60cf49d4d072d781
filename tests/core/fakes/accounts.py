"""The stores of a person's own realm, and the operator's signing keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from core.identity.account import Account, Device
from core.identity.factors import Factor
from core.identity.keys import SigningKey
from core.shared.errors import Conflict
from tests.core.fakes.stores import Store


class Accounts(Store):
    def get(self, *, lock: bool = False) -> Account | None:
        return self.t.account.get("self")

    def add(self, account: Account) -> None:
        if self.t.account:
            raise Conflict("the person has an account already")
        self.t.account["self"] = account

    def save(self, account: Account) -> None:
        self.t.account["self"] = account

    def claim_email(self, email: str) -> bool:
        """Outside the work: whoever claims and then leaves without commit() is in error here."""
        me = self.t.account["self"].id
        if self.world.emails.get(email, me) != me:
            return False
        for former in [e for e, person in self.world.emails.items() if person == me]:
            del self.world.emails[former]
        self.world.emails[email] = me
        return True


class Devices(Store):
    def get(self, id: UUID) -> Device | None:
        return self.t.devices.get(id)

    def any(self) -> bool:
        return bool(self.t.devices)

    def put(self, device: Device) -> None:
        self.t.devices[device.id] = device


class Factors(Store):
    def all(self) -> Sequence[Factor]:
        return sorted(self.t.factors.values(), key=lambda f: (f.created_at, f.id))

    def get(self, id: UUID) -> Factor | None:
        return self.t.factors.get(id)

    def by_credential(self, credential_id: bytes) -> Factor | None:
        found = (f for f in self.t.factors.values() if f.credential_id == credential_id)
        return next(found, None)

    def add(self, factor: Factor) -> None:
        if factor.credential_id is not None and self.by_credential(factor.credential_id):
            raise Conflict("the second factor is there already")
        self.t.factors[factor.id] = factor

    def used_step(self, id: UUID, step: int, now: datetime) -> bool:
        factor = self.t.factors.get(id)
        if factor is None or step <= factor.step:
            return False
        self.t.factors[id] = replace(factor, step=step, last_used_at=now)
        return True

    def save(self, factor: Factor) -> None:
        self.t.factors[factor.id] = factor

    def remove(self, id: UUID) -> bool:
        return self.t.factors.pop(id, None) is not None

    def remove_all(self) -> int:
        count = len(self.t.factors)
        self.t.factors.clear()
        return count


class BackupCodes(Store):
    def replace(self, digests: Sequence[bytes], now: datetime) -> None:
        self.t.backup_codes = dict.fromkeys(digests, False)

    def use(self, digest: bytes, now: datetime) -> bool:
        if self.t.backup_codes.get(digest, True):
            return False
        self.t.backup_codes[digest] = True
        return True

    def left(self) -> int:
        return sum(not used for used in self.t.backup_codes.values())


class SigningKeys(Store):
    def all(self) -> Sequence[SigningKey]:
        return sorted(self.t.signing_keys.values(), key=lambda k: k.created_at, reverse=True)

    def add(self, key: SigningKey) -> None:
        self.t.signing_keys[key.id] = key

    def remove_before(self, moment: datetime) -> int:
        old = [k.id for k in self.t.signing_keys.values() if k.created_at < moment]
        for id in old:
            del self.t.signing_keys[id]
        return len(old)


STORES: dict[str, Any] = {
    "account": Accounts,
    "devices": Devices,
    "factors": Factors,
    "backup_codes": BackupCodes,
    "signing_keys": SigningKeys,
}
