"""What sign-in needs of libraries and the network, as fakes that remember."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from core.identity.factors import Credential
from core.identity.means import Asserted, NotProven
from core.tenancy.members import MemberState
from tests.core.fakes.plugins import FakeVault
from tests.core.fakes.world import World


class FakeHasher:
    """Fulfils core.identity.means.Hasher; counts what a real one would spend its time on."""

    def __init__(self) -> None:
        self.verified = 0
        self.today = "new"

    def hash(self, password: str) -> str:
        return f"{self.today}:{hashlib.sha256(password.encode()).hexdigest()}"

    def verify(self, hash: str | None, password: str) -> bool:
        self.verified += 1
        whole = hashlib.sha256(password.encode()).hexdigest()
        return hash is not None and hash.partition(":")[2] == whole

    def stale(self, hash: str) -> bool:
        return not hash.startswith(self.today)


class FakeTotp:
    """Fulfils core.identity.means.Totp: a code is a digest of secret and time step."""

    def __init__(self) -> None:
        self.made = 0

    def new_secret(self) -> str:
        self.made += 1
        return f"SECRET{self.made}"

    def uri(self, secret: str, account: str, issuer: str) -> str:
        return f"otpauth://totp/{issuer}:{account}?secret={secret}"

    def code(self, secret: str, now: datetime, ahead: int = 0) -> str:
        step = int(now.timestamp()) // 30 + ahead
        whole = hashlib.sha256(f"{secret}{step}".encode()).digest()
        return f"{int.from_bytes(whole[:4], 'big') % 1_000_000:06}"

    def step(self, secret: str, code: str, now: datetime) -> int | None:
        for ahead in (0, -1, 1):
            if code == self.code(secret, now, ahead):
                return int(now.timestamp()) // 30 + ahead
        return None


@dataclass(slots=True)
class Authenticator:
    """Somebody's passkey: it signs a challenge by naming it."""

    person: UUID
    name: bytes = b"key-1"
    count: int = 0
    secret: bytes = b"of the phone"

    def creates(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return {"id": self.name.hex(), "challenge": options["challenge"], "key": self.secret.hex()}

    def signs(self, options: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        self.count += 1
        signed = {
            "id": self.name.hex(),
            "person": str(self.person),
            "challenge": options["challenge"],
            "key": self.secret.hex(),
            "count": self.count,
        }
        return signed | more


class FakePasskeys:
    """Fulfils core.identity.means.Passkeys."""

    def creation(
        self, person: UUID, email: str, name: str, known: Sequence[Credential], challenge: bytes
    ) -> Mapping[str, Any]:
        return {"challenge": challenge.hex(), "excluded": [c.credential_id.hex() for c in known]}

    def created(self, credential: Mapping[str, Any], challenge: bytes) -> Credential:
        self._check(credential, challenge)
        return Credential(bytes.fromhex(credential["id"]), bytes.fromhex(credential["key"]), 0)

    def request(self, known: Sequence[Credential], challenge: bytes) -> Mapping[str, Any]:
        return {"challenge": challenge.hex(), "allowed": [c.credential_id.hex() for c in known]}

    def named(self, credential: Mapping[str, Any]) -> tuple[bytes, UUID | None]:
        if "id" not in credential:
            raise NotProven("no credential id")
        person = credential.get("person")
        return bytes.fromhex(credential["id"]), UUID(person) if person else None

    def asserted(
        self, credential: Mapping[str, Any], challenge: bytes, known: Credential
    ) -> Asserted:
        self._check(credential, challenge)
        if credential["key"] != known.public_key.hex():
            raise NotProven("the signature does not hold")
        if credential["count"] <= known.sign_count:
            raise NotProven("the counter went back")
        return Asserted(credential["count"], backed_up=False)

    def _check(self, credential: Mapping[str, Any], challenge: bytes) -> None:
        if credential["challenge"] != challenge.hex():
            raise NotProven("another challenge")


@dataclass(slots=True)
class FakeDirectory:
    """Fulfils core.identity.means.Directory; counts the questions."""

    world: World
    asked: list[str] = field(default_factory=list)
    blind: bool = False
    """As if whoever claims an address had done so a moment after it was looked for."""

    def find_email(self, email: str) -> UUID | None:
        self.asked.append("find_email")
        return None if self.blind else self.world.emails.get(email)

    def memberships(self, person: UUID) -> Sequence[UUID]:
        self.asked.append("memberships")
        return sorted(
            tenant
            for tenant, tables in self.world.tenants.items()
            if (m := tables.members.get(person)) and m.state is MemberState.ACTIVE
        )


class CountingRandom:
    """Bytes that never come twice, and are the same in every run."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self, count: int) -> bytes:
        self._last += 1
        return hashlib.shake_256(self._last.to_bytes(8, "big")).digest(count)


class KeyedVault(FakeVault):
    """Notices when a realm's key would be fetched while a unit of work is open: the real one asks
    the same database for it, over another connection."""

    def __init__(self, world: CountingWorld) -> None:
        super().__init__()
        self._world = world

    def seal(self, tenant: UUID, installation: UUID, plain: Mapping[str, Any]) -> bytes:
        self._fetch(tenant)
        return super().seal(tenant, installation, plain)

    def open(self, tenant: UUID, installation: UUID, sealed: bytes) -> Mapping[str, Any]:
        self._fetch(tenant)
        return super().open(tenant, installation, sealed)

    def _fetch(self, realm: UUID) -> None:
        if self._world.open:
            assert realm in self._world.at_hand, "a key is fetched with a unit of work open"
        self._world.fetched.add(realm)


class CountingWorld(World):
    """Tells which realms were opened, one after another."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[UUID] = []
        self.fetched: set[UUID] = set()
        """Realms whose keys were fetched since the last unit of work …"""
        self.at_hand: set[UUID] = set()
        """… and those that it found fetched."""

    def __call__(self, tenant: UUID, reach: object = None) -> Any:
        self.opened.append(tenant)
        self.at_hand, self.fetched = self.fetched, set()
        return super().__call__(tenant, reach)
