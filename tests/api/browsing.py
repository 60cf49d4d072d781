"""Somebody before a browser: cookies, the headers that pages send, and a way to come in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from secrets import randbelow
from typing import Any
from uuid import UUID

import httpx
import pyotp

from core.identity.policy import KeptPolicy, SignInPolicy
from core.policies.roles import OWNER
from tests.api.client import Client
from tests.api.house import House, Tenant

HOME = "https://house.example"
PASSWORD = "dört atlı mavi fayton"
REFRESH, DEVICE, FLOW = (f"__Host-invekto_{name}" for name in ("refresh", "device", "flow"))


@dataclass
class Browser:
    """A page of ours, open in a browser of its own."""

    ask: Client
    cookies: dict[str, str] = field(default_factory=dict)
    token: str | None = None
    """The access token, which the page keeps in memory."""
    session: str = ""
    ip: str = field(
        default_factory=lambda: f"2001:db8:{randbelow(0x10000):x}:{randbelow(0x10000):x}::1"
    )
    """A network of its own: wrong guesses of one test do not count against another."""
    headers: dict[str, str] = field(
        default_factory=lambda: {
            "Origin": HOME,
            "Sec-Fetch-Site": "same-origin",
            "X-Invekto-Csrf": "1",
            "User-Agent": "Firefox",
        }
    )

    def __call__(
        self, method: str, path: str, body: Any = None, **headers: str | None
    ) -> httpx.Response:
        """Headers by name with underscores; None leaves one out."""
        told = (
            {"X-Forwarded-For": self.ip}
            | self.headers
            | {n.replace("_", "-"): v for n, v in headers.items()}
        )
        if self.cookies:
            told["Cookie"] = "; ".join(f"{n}={v}" for n, v in self.cookies.items())
        sent = {name: value for name, value in told.items() if value is not None}
        answer = self.ask(method, f"/api/v1{path}", key=self.token, json=body, headers=sent)
        self._keep(answer)
        return answer

    def in_(self, answer: httpx.Response) -> Browser:
        """Take the access token of an answer that let us in."""
        said = answer.json()
        said = said.get("sign_in", said)
        assert said.get("status") == "signed_in", answer.text
        self.token, self.session = said["access_token"], said["session"]
        return self

    def _keep(self, answer: httpx.Response) -> None:
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value


@dataclass
class Person:
    """Who has joined a tenant."""

    id: UUID
    email: str
    tenant: Tenant
    browser: Browser
    secret: str | None = None
    """Of the authenticator app."""

    def code(self, house: House) -> str:
        """What the app shows: each time the next one, for none is taken twice."""
        assert self.secret
        house.clock.pass_(house.STEP)
        return pyotp.TOTP(self.secret).at(house.clock.now())

    def log_in(self, **more: Any) -> httpx.Response:
        body = {"email": self.email, "password": PASSWORD, "tenant": str(self.tenant.id), **more}
        told = {name: value for name, value in body.items() if value is not None}
        return self.browser("POST", "/auth/login", told)


def link(text: str) -> str:
    """The token of the link in a letter."""
    found = re.search(r"#([A-Za-z0-9_-]{60,})", text)
    assert found, text
    return found[1]


def invited(ask: Client, house: House, tenant: Tenant, name: str, *roles: str) -> tuple[str, str]:
    """Address and token of an invitation that was sent."""
    email = f"{name}-{house.ids().hex[-12:]}@deniz.example"
    body = {"email": email, "roles": list(roles) or [OWNER], "name": name.title()}
    sent = ask("POST", "/api/v1/members/invitations", key=tenant.key, json=body)
    assert sent.status_code == 201, sent.text
    return email, link(house.letters(email)[-1])


def joined(ask: Client, house: House, tenant: Tenant, name: str, *roles: str) -> Person:
    """Somebody who has taken an invitation, and is not signed in yet."""
    email, token = invited(ask, house, tenant, name, *roles)
    browser = Browser(ask)
    body = {"token": token, "name": name.title(), "password": PASSWORD}
    answer = browser("POST", "/auth/invitations/accept", body)
    assert answer.status_code == 200, answer.text
    return Person(UUID(answer.json()["person"]), email, tenant, browser)


def signed_in(ask: Client, house: House, tenant: Tenant, name: str, *roles: str) -> Person:
    """The same, signed in by the password."""
    person = joined(ask, house, tenant, name, *roles)
    person.browser.in_(person.log_in())
    return person


def ask_for(house: House, seller: Tenant, **asked: object) -> None:
    """Set the seller's policy, whatever harm it does."""
    with house.works(seller.id) as work:
        version = work.policy.get().version + 1
        work.policy.save(KeptPolicy(SignInPolicy(**asked), version))  # type: ignore[arg-type]
        work.commit()
