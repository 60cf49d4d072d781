"""Codes of an authenticator app (RFC 6238), by pyotp."""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Callable
from datetime import datetime

import pyotp

SECONDS = 30
SECRET_BYTES = 20
"""160 bits, as RFC 4226 (section 4, R6) recommends; 32 letters without padding."""

_CODE = re.compile(r"[0-9]{6}")  # not \d: pyotp would take full-width and Arabic digits too
_NEIGHBOURS = (0, -1, 1)
"""This step first. One step each way is for clocks that differ and codes typed slowly."""


class PyotpTotp:
    """Implements core.identity.means.Totp. It remembers nothing: that a code is accepted once is
    for whoever keeps the step."""

    def __init__(self, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._random = random

    def new_secret(self) -> str:
        return b32encode(self._random(SECRET_BYTES)).decode()

    def uri(self, secret: str, account: str, issuer: str) -> str:
        return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)

    def step(self, secret: str, code: str, now: datetime) -> int | None:
        if not _CODE.fullmatch(code):
            return None
        present, codes = int(now.timestamp()) // SECONDS, pyotp.HOTP(secret)
        for step in (present + off for off in _NEIGHBOURS):
            if hmac.compare_digest(codes.at(step), code):
                return step
        return None
