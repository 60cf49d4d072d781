"""An authenticator in memory: makes passkeys and signs with them, as a browser hands it on.

Written from WebAuthn level 3 (sections 5.8.1 and 6.1 to 6.5), without the library that we verify
with. Every lie that a test needs is an argument.
"""

from __future__ import annotations

import hashlib
import json
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

PRESENT, VERIFIED, MAY_BACK_UP, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40

Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def es256() -> Private:
    return ec.generate_private_key(ec.SECP256R1())


def ed() -> Private:
    return ed25519.Ed25519PrivateKey.generate()


def rs256() -> Private:
    return rsa.generate_private_key(65537, 2048)


@dataclass
class Authenticator:
    origin: str
    rp_id: str
    key: Private = field(default_factory=es256)
    id: bytes = field(default_factory=lambda: uuid4().bytes)
    aaguid: UUID = field(default_factory=uuid4)
    count: int = 0
    """What it told last; -1 for one that does not count, as synced passkeys do not."""
    flags: int = PRESENT | VERIFIED
    cross_origin: bool = False
    person: bytes | None = None

    def create(self, options: Mapping[str, Any], **lies: Any) -> dict[str, Any]:
        """What navigator.credentials.create() would answer, as JSON."""
        self.person = plain(options["user"]["id"])
        attested = self.aaguid.bytes + struct.pack(">H", len(self.id)) + self.id + self._cose()
        data = self._data(lies.get("flags", self.flags) | ATTESTED) + attested
        object = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"], lies)
        return self._answer(clientDataJSON=client, attestationObject=object) | {
            "clientExtensionResults": {"credProps": {"rk": True}}
        }

    def get(self, options: Mapping[str, Any], **lies: Any) -> dict[str, Any]:
        """What navigator.credentials.get() would answer, as JSON."""
        client = self._client("webauthn.get", options["challenge"], lies)
        data = self._data(lies.get("flags", self.flags))
        signature = self._sign(data + hashlib.sha256(client).digest())
        answer = self._answer(clientDataJSON=client, authenticatorData=data, signature=signature)
        if self.person is not None:
            answer["response"]["userHandle"] = web(self.person)
        return answer

    def _answer(self, **parts: bytes) -> dict[str, Any]:
        response: dict[str, Any] = {name: web(part) for name, part in parts.items()}
        response["transports"] = ["internal", "hybrid", "pigeon"]
        id = web(self.id)
        return {"id": id, "rawId": id, "type": "public-key", "response": response}

    def _client(self, type: str, challenge: str, lies: Mapping[str, Any]) -> bytes:
        told = {"type": type, "challenge": challenge, "origin": self.origin}
        return json.dumps(
            told | {"crossOrigin": self.cross_origin} | lies.get("client", {})
        ).encode()

    def _data(self, flags: int) -> bytes:
        if self.count >= 0:
            self.count += 1
        place = hashlib.sha256(self.rp_id.encode()).digest()
        return place + struct.pack(">BI", flags, max(self.count, 0))

    def _sign(self, data: bytes) -> bytes:
        match self.key:
            case ec.EllipticCurvePrivateKey():
                return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
            case rsa.RSAPrivateKey():
                return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
            case _:
                return self.key.sign(data)

    def _cose(self) -> bytes:
        """RFC 9053: 1 is the kind of key, 3 the algorithm, -1 and so on its numbers."""
        public: Any = self.key.public_key()
        match self.key:
            case ec.EllipticCurvePrivateKey():
                point = public.public_numbers()
                numbers = {1: 2, 3: -7, -1: 1, -2: _big(point.x, 32), -3: _big(point.y, 32)}
            case rsa.RSAPrivateKey():
                told = public.public_numbers()
                numbers = {1: 3, 3: -257, -1: _big(told.n, 256), -2: _big(told.e, 3)}
            case _:
                numbers = {1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()}
        return cbor2.dumps(numbers)


def _big(number: int, length: int) -> bytes:
    return number.to_bytes(length, "big")


def web(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def plain(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
