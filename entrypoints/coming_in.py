"""A tenant's first owner comes in as people do: by a letter, a password and an app with codes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any, Protocol

import pyotp

PASSWORD = "dört atlı mavi fayton"  # noqa: S105  of a demo
WORKDAY = {"second_factor": "roles", "second_factor_roles": ["owner"], "idle_minutes": 60}
"""A sign-in policy that lets an agent act alone."""


class Ask(Protocol):
    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        bearer: str | None = None,
        headers: Mapping[str, str] = {},
    ) -> Any:
        """The JSON of the public API's answer; raises for a refusal."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who was invited as an owner, and reads their letters in a folder."""

    ask: Ask
    mail: Path
    email: str
    now: Callable[[], datetime]
    wait: Callable[[], None] = lambda: time.sleep(0.1)
    """Lets the house go on until the letter is there."""

    def come_in(self) -> str:
        """Accept, set an app up, sign in with both; answers an access token."""
        self.ask("POST", "/auth/invitations/accept", self._acceptance())
        first = self._login()["access_token"]
        made = self.ask("POST", "/auth/2fa/setup", {}, bearer=first)
        code = pyotp.TOTP(made["secret"]).at(self.now())
        confirmed = {"ticket": made["ticket"], "code": code, "name": "phone"}
        enrolled = self.ask("POST", "/auth/2fa/confirm", confirmed, bearer=first)
        spare = enrolled["backup_codes"][0]  # the app's next code is half a minute away
        factor = {"ticket": self._login()["ticket"], "method": "backup_code", "code": spare}
        token: str = self.ask("POST", "/auth/login/second-factor", factor)["access_token"]
        return token

    def make_ready(self, token: str) -> None:
        """Set a sign-in policy under which the agent may be let act alone."""
        stands = self.ask("GET", "/security/policy", bearer=token)
        version = {"If-Match": f'"{stands["version"]}"'}
        self.ask("PUT", "/security/policy", WORKDAY, bearer=token, headers=version)

    def _login(self) -> Any:
        return self.ask("POST", "/auth/login", {"email": self.email, "password": PASSWORD})

    def _acceptance(self) -> Mapping[str, str]:
        for _ in range(600):
            token = next(filter(None, map(self._token, self.mail.glob("*.eml"))), None)
            if token:
                return {"token": token, "name": "Ayşe Yılmaz", "password": PASSWORD}
            self.wait()
        raise TimeoutError(f"no invitation for {self.email} came to {self.mail}")

    def _token(self, file: Path) -> str | None:
        """What stands behind the # of the link in a letter to this owner."""
        letter = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
        body = letter.get_body()
        found = re.search(r"/join#(\S+)", body.get_content()) if body else None
        return found[1] if found and letter["to"] == self.email else None
