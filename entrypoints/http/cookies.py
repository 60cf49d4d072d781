"""What a browser keeps for us, and how it is seen that a page of ours has sent it.

`refresh` opens a session's next hour and is sent by pages of ours alone (SameSite=Strict). `device`
tells a browser that was here before. `flow` binds a sign-in that is away at an identity provider to
the browser that began it.

The names begin with `__Host-`: a browser takes such a cookie only over TLS, for this host and every
path, so that no neighbouring subdomain can plant one. A house whose own address is plain HTTP on
this machine (`http://127.0.0.1:8000`, a laptop) keeps them without the prefix and without Secure,
because not every browser takes a secure cookie there. Any other house over plain HTTP keeps the
prefix, and its browsers keep nothing: better no sign-in than one that travels in the open.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

import flask

from core.identity.policy import REMEMBER_DAYS
from core.identity.steps import Entered
from entrypoints.http.problems import AnotherSite

REMEMBERED = timedelta(days=REMEMBER_DAYS.stop - 1)
"""The longest that any policy allows. When the session itself ends is ours to judge."""
DEVICE = timedelta(days=365)
FLOW = timedelta(minutes=10)
MAC = 16
"""Bytes of a device's signature."""


@dataclass(frozen=True, slots=True)
class Cookies:
    base_url: str
    """The house's own address."""
    device_keys: Sequence[bytes]
    """The first signs devices, all of them verify.

    A device's id is no secret: supervisors see it beside a session. It is signed, so that nobody
    who has seen it can come as that device, and have guesses counted apart from everybody's.
    """

    def refresh(self, sent: Mapping[str, str]) -> str | None:
        return sent.get(self._name("refresh"))

    def flow(self, sent: Mapping[str, str]) -> str | None:
        return sent.get(self._name("flow"))

    def device(self, sent: Mapping[str, str]) -> UUID | None:
        """None for one that we have not signed."""
        whole = _decoded(sent.get(self._name("device"), ""))
        if len(whole) != 16 + MAC:
            return None
        id, mac = whole[:16], whole[16:]
        known = any(hmac.compare_digest(mac, _mac(key, id)) for key in self.device_keys)
        return UUID(bytes=id) if known else None

    def keep_session(self, answer: flask.Response, entered: Entered) -> None:
        """The refresh token until the browser closes, or longer where the session is remembered."""
        lasts = REMEMBERED if entered.session.remembered else None
        self._keep(answer, "refresh", entered.refresh, "Strict", lasts)
        self.keep_device(answer, entered.session.device)

    def keep_device(self, answer: flask.Response, device: UUID) -> None:
        signed = device.bytes + _mac(self.device_keys[0], device.bytes)
        text = urlsafe_b64encode(signed).rstrip(b"=").decode()
        self._keep(answer, "device", text, "Lax", DEVICE)

    def keep_flow(self, answer: flask.Response, flow: str) -> None:
        self._keep(answer, "flow", flow, "Lax", FLOW)

    def forget_session(self, answer: flask.Response) -> None:
        self._keep(answer, "refresh", "", "Strict", timedelta())

    def check_page(self, request: flask.Request) -> None:
        """AnotherSite unless a page of ours has sent it, or a program that is no browser."""
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        ours = (urlsplit(self.base_url).netloc, request.headers.get("Host"))
        elsewhere = origin is not None and origin.partition("://")[2] not in ours
        if elsewhere or site not in (None, "none", "same-origin"):
            raise AnotherSite("a page of another site has sent this")

    def _keep(
        self,
        answer: flask.Response,
        name: str,
        value: str,
        site: Literal["Strict", "Lax"],
        lasts: timedelta | None,
    ) -> None:
        answer.set_cookie(
            self._name(name),
            value,
            max_age=lasts,
            path="/",
            secure=not self._on_this_machine,
            httponly=True,
            samesite=site,
        )

    def _name(self, name: str) -> str:
        return f"invekto_{name}" if self._on_this_machine else f"__Host-invekto_{name}"

    @property
    def _on_this_machine(self) -> bool:
        return on_this_machine(self.base_url)


def on_this_machine(base_url: str) -> bool:
    """Whether it is an address in plain HTTP that never leaves this machine."""
    parts = urlsplit(base_url)
    if parts.scheme != "http" or parts.hostname is None:
        return False
    try:
        return ip_address(parts.hostname).is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def _mac(key: bytes, id: bytes) -> bytes:
    return hmac.digest(key, id, "sha256")[:MAC]


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Error, ValueError):
        return b""
