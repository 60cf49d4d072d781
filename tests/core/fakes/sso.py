"""An identity provider that says what a test tells it to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.identity.client import Client
from core.identity.means import Away, LogoutWord
from core.identity.sso import Connection, Identity, Rules, SsoKind
from core.identity.sso_connections import Connections
from core.identity.sso_sign_in import NeedsLink, SsoSignIn
from core.identity.steps import Step
from tests.core.fakes.door import HOME, Door
from tests.core.fakes.world import TENANT

SAID = Identity("u-1", "ayse@deniz.example", True, "Ayşe", {}, "s-1")


@dataclass(slots=True)
class FakeProviders:
    """Fulfils core.identity.means.IdentityProviders."""

    says: Identity = SAID
    error: Exception | None = None
    """Raised instead of any answer."""
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Secret and redirect address of each call."""

    def begin(
        self, connection: Connection, secret: str, state: str, redirect: str, *, fresh: bool = False
    ) -> Away:
        self._answer(secret, redirect)
        return Away(f"{connection.issuer}/auth?state={state}", {"nonce": "n"})

    def finish(
        self,
        connection: Connection,
        secret: str,
        answer: Mapping[str, str],
        kept: Mapping[str, str],
        redirect: str,
        now: datetime,
    ) -> Identity:
        self._answer(secret, redirect)
        assert kept == {"nonce": "n"}
        return self.says

    def ended(self, connection: Connection, token: str, now: datetime) -> LogoutWord:
        self._answer("", "")
        return LogoutWord(token, now + timedelta(minutes=2), self.says.subject, None)

    def farewell(self, connection: Connection, back: str) -> str | None:
        self._answer("", back)
        return f"{connection.issuer}/out"

    def _answer(self, secret: str, redirect: str) -> None:
        self.seen.append((secret, redirect))
        if self.error is not None:
            raise self.error


class SsoDoor(Door):
    """The front door, with single sign-on."""

    def __init__(self) -> None:
        super().__init__()
        self.providers = FakeProviders()
        self.sso = SsoSignIn(self.means, self.providers, self.sign_in)
        self.connections = Connections(self.means, self.providers)

    def connect(self, seller: UUID = TENANT, **more: Any) -> Connection:
        id, now = self.means.ids(), self.clock.now()
        given = {"kind": SsoKind.OIDC, "enabled": True, "rules": Rules(), **more}
        given = {"name": "Giriş", "issuer": "https://id.example", "client_id": "us", **given}
        given |= {"settings": {}, "sealed": b"", "created_at": now, "updated_at": now}
        made = Connection(id, **given)
        self.world.tables(seller).connections[id] = made
        return made

    def comes(self, connection: Connection, client: Client = HOME, **more: Any) -> Step | NeedsLink:
        url = self.sso.begin(
            TENANT, connection.id, remember=more.get("remember", False), flow="f", client=client
        )
        state = url.partition("state=")[2]
        return self.sso.finish({"state": state, "connection": str(connection.id)}, "f", client)
