"""The master keys of a deployment: the first one wraps, all of them unwrap."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.tenancy.vendors import SealBroken

KEY_BYTES = 32
NONCE_BYTES = 12
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class MasterKeys:
    """Keys by id, in order. Neither printing it nor an error of it shows a key."""

    __slots__ = ("_ciphers", "_keys", "first")

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)
        self._ciphers = {id: AESGCM(key) for id, key in self._keys.items()}
        self.first = next(iter(self._keys))
        """The id of the key that wraps."""

    @classmethod
    def parse(cls, text: str) -> MasterKeys:
        """Read `id:base64,id:base64`, or one a line; each key has 32 bytes.

        Raises ValueError that names the place and never the key.
        """
        keys: dict[str, bytes] = {}
        for place, item in enumerate(re.split(r"[,\s]+", text.strip()), 1):
            id, _, key = item.partition(":")
            if not _ID.fullmatch(id):
                raise ValueError(f"master key {place} does not begin with an id and a colon")
            if id in keys:
                raise ValueError(f"master key {place} has the id of an earlier one")
            keys[id] = _decoded(key, place)
        return cls(keys)

    @classmethod
    def kept_in(cls, file: Path) -> MasterKeys:
        """The keys of a file, which is made with a new key, for its owner only, if missing."""
        if not file.exists():
            _make(file, generate())
        return cls.parse(file.read_text("ascii"))

    def wrap(self, key: bytes, place: bytes) -> tuple[str, bytes]:
        """The first key's id, and the key wrapped by it for that place."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return self.first, nonce + self._ciphers[self.first].encrypt(nonce, key, place)

    def unwrap(self, id: str, wrapped: bytes, place: bytes) -> bytes:
        """SealBroken where the master key is not there or wrapped it for another place."""
        cipher = self._ciphers.get(id)
        if cipher is None:
            raise SealBroken(f"sealed under the master key {id}, which is not configured")
        try:
            return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], place)
        except (InvalidTag, ValueError):
            raise SealBroken(f"the tenant's key does not open with the master key {id}") from None

    def derived(self, purpose: str) -> Sequence[bytes]:
        """A key for something else than sealing, of each master key, in their order (RFC 5869)."""
        return [
            HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(key)
            for key in self._keys.values()
        ]

    def __repr__(self) -> str:
        return f"MasterKeys({', '.join(self._keys)})"


def generate() -> str:
    """A new master key as configuration writes it, with an id of its own."""
    key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    return f"k{secrets.token_hex(4)}:{key}"


def _decoded(text: str, place: int) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"master key {place} is not base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"master key {place} has {len(key)} bytes, not {KEY_BYTES}")
    return key


def _make(file: Path, text: str) -> None:
    """Write it whole or not at all; the first of several processes wins."""
    part = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text + "\n")
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(part, file)
    except FileExistsError:
        pass
    finally:
        part.unlink()
