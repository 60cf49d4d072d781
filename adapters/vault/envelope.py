"""Sealing: AES-256-GCM under the tenant's data key, bound to one place.

A sealed text is `format (1 byte) | version of the data key (4) | nonce (12) | ciphertext and tag`.
Tenant, installation, version and purpose are authenticated with it, so that bytes copied to another
row, tenant or version do not open.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.vault.keys import KeyStore, WrappedKey
from adapters.vault.masters import KEY_BYTES, NONCE_BYTES, MasterKeys
from adapters.vault.shelf import Shelf
from core.tenancy.vendors import SealBroken

CACHED_KEYS = 2000
CACHED_SECONDS = 300.0
"""How long a data key stays in memory: so long may a process go on sealing under the older one."""

_FORMAT = b"\x01"
_NONCE_AT = 5
_TEXT_AT = _NONCE_AT + NONCE_BYTES
_SETTINGS = b"invekto/settings/1"
_DATA_KEY = b"invekto/data-key/1"


@dataclass(frozen=True, slots=True)
class _DataKey:
    version: int
    cipher: AESGCM = field(repr=False)


class EnvelopeVault:
    """Implements core.tenancy.vendors.Vault. A tenant's data key is made at its first seal."""

    def __init__(
        self,
        keys: KeyStore,
        masters: MasterKeys,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.keys = keys
        self.masters = masters
        self._known = Shelf[tuple[UUID, int], _DataKey](CACHED_KEYS, CACHED_SECONDS, monotonic)
        self._newest = Shelf[UUID, _DataKey](CACHED_KEYS, CACHED_SECONDS, monotonic)

    def seal(self, tenant: UUID, installation: UUID, plain: Mapping[str, Any]) -> bytes:
        key = self._newest.get(tenant) or self._load_newest(tenant)
        told = json.dumps(dict(plain), ensure_ascii=False, separators=(",", ":")).encode()
        return _sealed(key, _settings_of(tenant, installation, key.version), told)

    def open(self, tenant: UUID, installation: UUID, sealed: bytes) -> Mapping[str, Any]:
        key = self._key(tenant, version_of(sealed))
        place = _settings_of(tenant, installation, key.version)
        try:
            told = key.cipher.decrypt(sealed[_NONCE_AT:_TEXT_AT], sealed[_TEXT_AT:], place)
        except (InvalidTag, ValueError):
            raise SealBroken("these settings were not sealed for this place") from None
        opened: Mapping[str, Any] = json.loads(told)
        return opened

    def reseal(self, tenant: UUID, installation: UUID, sealed: bytes) -> bytes | None:
        """The same settings under the tenant's newest key; None where they are already."""
        key = self._load_newest(tenant)
        if version_of(sealed) == key.version:
            return None
        return self.seal(tenant, installation, self.open(tenant, installation, sealed))

    def renew(self, tenant: UUID, before: datetime) -> None:
        """Give the tenant a new data key, unless its newest one was made since `before`."""
        stored = self.keys.all(tenant)
        if stored and stored[-1].created_at < before:
            self._add(tenant, stored[-1].version + 1)
        self._newest.drop(tenant)

    def rewrap(self, tenant: UUID) -> int:
        """Wrap the tenant's data keys by the first master key; answers how many were not."""
        others = [k for k in self.keys.all(tenant) if k.kek_id != self.masters.first]
        for key in others:
            place = _key_of(tenant, key.version)
            plain = self.masters.unwrap(key.kek_id, key.wrapped, place)
            kek_id, wrapped = self.masters.wrap(plain, place)
            self.keys.rewrap(tenant, key.version, wrapped, kek_id, was=key.kek_id)
        return len(others)

    def _key(self, tenant: UUID, version: int) -> _DataKey:
        known = self._known.get((tenant, version))
        if known is not None:
            return known
        for stored in self.keys.all(tenant):
            if stored.version == version:
                return self._unwrap(tenant, stored)
        raise SealBroken(f"the tenant has no data key of version {version}")

    def _load_newest(self, tenant: UUID) -> _DataKey:
        stored = self.keys.all(tenant)
        if not stored:
            self._add(tenant, 1)
            stored = self.keys.all(tenant)  # perhaps another process was quicker
        newest = stored[-1]
        key = self._known.get((tenant, newest.version)) or self._unwrap(tenant, newest)
        self._newest.put(tenant, key)
        return key

    def _add(self, tenant: UUID, version: int) -> None:
        key = secrets.token_bytes(KEY_BYTES)
        kek_id, wrapped = self.masters.wrap(key, _key_of(tenant, version))
        self.keys.add(tenant, version, wrapped, kek_id)

    def _unwrap(self, tenant: UUID, stored: WrappedKey) -> _DataKey:
        place = _key_of(tenant, stored.version)
        cipher = AESGCM(self.masters.unwrap(stored.kek_id, stored.wrapped, place))
        key = _DataKey(stored.version, cipher)
        self._known.put((tenant, stored.version), key)
        return key


def version_of(sealed: bytes) -> int:
    """The version of the data key that sealed it; SealBroken for what no vault of ours wrote."""
    if len(sealed) <= _TEXT_AT or sealed[:1] != _FORMAT:
        raise SealBroken("these bytes are not sealed settings")
    return int.from_bytes(sealed[1:_NONCE_AT])


def _sealed(key: _DataKey, place: bytes, told: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    version = key.version.to_bytes(_NONCE_AT - 1)
    return _FORMAT + version + nonce + key.cipher.encrypt(nonce, told, place)


def _settings_of(tenant: UUID, installation: UUID, version: int) -> bytes:
    return _SETTINGS + tenant.bytes + installation.bytes + version.to_bytes(4)


def _key_of(tenant: UUID, version: int) -> bytes:
    return _DATA_KEY + tenant.bytes + version.to_bytes(4)
