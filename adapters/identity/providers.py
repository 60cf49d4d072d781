"""Every kind of connection goes to the one who speaks its protocol."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from core.identity.means import Away, IdentityProviders, LogoutWord, NotProven
from core.identity.sso import Connection, Identity, SsoKind

OPEN_ID = (SsoKind.GOOGLE, SsoKind.ENTRA, SsoKind.OIDC)


class Providers:
    """core.identity.means.IdentityProviders, by kind: `{kind: oidc for kind in OPEN_ID}` and SAML's
    own."""

    def __init__(self, speakers: Mapping[SsoKind, IdentityProviders]) -> None:
        self._speakers = dict(speakers)

    def begin(
        self, connection: Connection, secret: str, state: str, redirect: str, *, fresh: bool = False
    ) -> Away:
        return self._of(connection).begin(connection, secret, state, redirect, fresh=fresh)

    def finish(
        self,
        connection: Connection,
        secret: str,
        answer: Mapping[str, str],
        kept: Mapping[str, str],
        redirect: str,
        now: datetime,
    ) -> Identity:
        return self._of(connection).finish(connection, secret, answer, kept, redirect, now)

    def ended(self, connection: Connection, token: str, now: datetime) -> LogoutWord:
        return self._of(connection).ended(connection, token, now)

    def farewell(self, connection: Connection, back: str) -> str | None:
        return self._of(connection).farewell(connection, back)

    def _of(self, connection: Connection) -> IdentityProviders:
        speaker = self._speakers.get(connection.kind)
        if speaker is None:
            raise NotProven(f"nobody here speaks to {connection.kind}")
        return speaker
