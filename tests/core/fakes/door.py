"""A front door of fakes: two sellers, and people with accounts who work for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from core.identity.account import Account
from core.identity.address import Email
from core.identity.client import Client
from core.identity.codes import fresh_codes
from core.identity.enrolment import Enrolment
from core.identity.factors import Credential, Factor, FactorKind
from core.identity.letters import Letter
from core.identity.lockout import NETWORK
from core.identity.means import Means
from core.identity.own_sessions import OwnSessions
from core.identity.passwords import Passwords
from core.identity.policy import KeptPolicy, SignInPolicy
from core.identity.recovery import Recovery
from core.identity.renew import Renew, SignOut
from core.identity.reprove import Reprove
from core.identity.sessions import Session
from core.identity.sign_in import SignIn
from core.identity.sso import Connection, Identity, Rules, SsoKind
from core.identity.steps import Entered, NeedsFactor, Step
from core.policies.roles import permissions_of
from core.shared.actor import Actor
from core.shared.errors import SignInRefused, TooManyTries
from core.shared.ids import OPERATOR
from core.tenancy.members import Member, MemberState
from core.tenancy.tenant import Tenant, TenantKind
from tests.core.fakes.means import (
    Authenticator,
    CountingRandom,
    CountingWorld,
    FakeDirectory,
    FakeHasher,
    FakePasskeys,
    FakeTotp,
    KeyedVault,
)
from tests.core.fakes.world import NOW, OTHER, TENANT, CountingIds, FakeClock

T = TypeVar("T")
HOME = Client("192.0.2.7", "TR", "Firefox")
AWAY = Client("198.51.100.9", "DE", "curl")
PASSWORD = "dogru at pil zimba"
OKTA = UUID(int=0xC0)


class Door:
    """Two sellers, Deniz and Ada, and whoever is made a member of them."""

    def __init__(self) -> None:
        self.world, self.clock = CountingWorld(), FakeClock()
        self.vault = KeyedVault(self.world)
        self.hasher, self.totp, self.passkeys = FakeHasher(), FakeTotp(), FakePasskeys()
        self.directory = FakeDirectory(self.world)
        self.means = Means(
            works=self.world,
            directory=self.directory,
            hasher=self.hasher,
            common={"password1234", "fenerbahce1907"},
            totp=self.totp,
            passkeys=self.passkeys,
            vault=self.vault,
            clock=self.clock,
            ids=CountingIds(),
            random=CountingRandom(),
            base_url="https://house.example",
        )
        for id, name in ((TENANT, "Deniz"), (OTHER, "Ada"), (OPERATOR, "House")):
            tenant = Tenant(id, name, "Europe/Istanbul", "TRY", "tr", NOW)
            self.world.tables(id).tenant["self"] = tenant
        self.sign_in, self.renew = self._given(SignIn), self._given(Renew)
        self.sign_out = self._given(SignOut)
        self.passwords, self.email = self._given(Passwords), self._given(Email)
        self.enrolment, self.reprove = self._given(Enrolment), self._given(Reprove)
        self.own_sessions, self.recovery = self._given(OwnSessions), self._given(Recovery)

    def _given(self, use_case: Callable[[Means], T]) -> T:
        return use_case(self.means)

    # --- people and sellers --------------------------------------------------------------------

    def person(
        self, name: str = "ayse", *sellers: UUID, roles: tuple[str, ...] = ("agent",), **more: Any
    ) -> UUID:
        """A person with an account and a proven address, a member of these sellers."""
        id, email = self.means.ids(), f"{name}@deniz.example"
        realm = self.world.tables(id)
        tenant = Tenant(id, name.title(), "Europe/Istanbul", "TRY", "en", NOW, TenantKind.PERSON)
        realm.tenant["self"] = tenant
        given = {"password": self.hasher.hash(PASSWORD), "email_verified_at": NOW, **more}
        realm.account["self"] = Account(id, email, created_at=NOW, **given)
        if given["email_verified_at"]:
            self.world.emails[email] = id
        for seller in sellers or (TENANT,):
            self.joins(id, seller, roles, name)
        return id

    def joins(
        self, person: UUID, seller: UUID, roles: tuple[str, ...] = ("agent",), name: str = "ayse"
    ) -> None:
        made = {"created_at": NOW, "updated_at": NOW}
        member = Member(
            person, f"{name}@deniz.example", name.title(), MemberState.ACTIVE, roles, **made
        )
        self.world.tables(seller).members[person] = member

    def becomes(self, person: UUID, seller: UUID = TENANT, **change: Any) -> None:
        members = self.world.tables(seller).members
        members[person] = replace(members[person], **change)

    def asks(self, seller: UUID = TENANT, **policy: Any) -> None:
        """Let the seller's policy be this."""
        self.world.tables(seller).policy["self"] = KeptPolicy(SignInPolicy(**policy), 1)

    def app(self, person: UUID) -> str:
        """Give them an authenticator app; answers its secret."""
        id, secret = self.means.ids(), self.totp.new_secret()
        sealed = self.vault.seal(person, id, {"secret": secret})
        self._has(person, Factor(id, FactorKind.TOTP, "app", self.clock.now(), sealed))
        return secret

    def passkey(self, person: UUID) -> Authenticator:
        holds, id = Authenticator(person), self.means.ids()
        credential = Credential(holds.name, holds.secret, 0)
        passkey = Factor(id, FactorKind.PASSKEY, "phone", self.clock.now())
        self._has(person, replace(passkey, credential_id=holds.name, credential=credential))
        return holds

    def phone(self, person: UUID, number: str = "+905321234567") -> str:
        id = self.means.ids()
        sealed = self.vault.seal(person, id, {"phone": number})
        self._has(person, Factor(id, FactorKind.SMS, "…4567", self.clock.now(), sealed))
        return number

    def codes(self, person: UUID) -> tuple[str, ...]:
        """Backup codes on paper."""
        with self.world(person) as own:
            codes = fresh_codes(own, self.means)
            own.commit()
        return codes

    def _has(self, person: UUID, factor: Factor) -> None:
        self.world.tables(person).factors[factor.id] = factor

    # --- what people do ------------------------------------------------------------------------

    def tries(self, email: str = "ayse@deniz.example", **more: Any) -> Step:
        given = {"password": PASSWORD, "tenant": None, "remember": False, "client": HOME, **more}
        return self.sign_in.by_password(email, given.pop("password"), **given)

    def enters(self, email: str = "ayse@deniz.example", **more: Any) -> Entered:
        step = self.tries(email, **more)
        assert isinstance(step, Entered), step
        return step

    def enters_by_app(self, person: UUID, seller: UUID = TENANT) -> Entered:
        """With the password and the next code of their app."""
        self.clock.forward(seconds=30)
        factors = self.world.tables(person).factors.values()
        app = next(f for f in factors if f.kind is FactorKind.TOTP)
        secret = self.vault.open(person, app.id, app.sealed)["secret"]
        step = self.tries(self.account(person).email, tenant=seller)
        assert isinstance(step, NeedsFactor), step
        code = self.totp.code(secret, self.clock.now())
        entered = self.sign_in.by_code(step.ticket, "totp", code, HOME)
        assert isinstance(entered, Entered), entered
        return entered

    def bans(self) -> None:
        """Somebody at home guesses until the network is banned."""
        for number in range(NETWORK.tries):
            with suppress(SignInRefused, TooManyTries):
                self.tries(f"x{number}@deniz.example", password="wrong")

    def actor(self, entered: Entered) -> Actor:
        """Whoever came in, as each of their requests knows them at this moment."""
        session = self.session(entered)
        member = self.world.tables(entered.tenant).members[session.person]
        return Actor(
            entered.tenant,
            "person",
            str(session.person),
            permissions_of(member.roles, {}),
            session=session.id,
            proven_at=session.proven_at,
        )

    # --- what there is ---------------------------------------------------------------------------

    def session(self, entered: Entered) -> Session:
        found: Session = self.world.tables(entered.tenant).sessions[entered.session.id]
        return found

    def account(self, person: UUID) -> Account:
        found: Account = self.world.tables(person).account["self"]
        return found

    def refused(self, realm: UUID = TENANT) -> list[str]:
        return [a.reason.value for a in self.world.tables(realm).attempts.values()]

    def audited(self, realm: UUID = TENANT) -> list[str]:
        return [e.event_type for e in self.world.tables(realm).audit]

    def letters(self, realm: UUID) -> list[Letter]:
        return list(self.world.tables(realm).letters.values())

    def kinds(self, realm: UUID) -> list[str]:
        return [letter.kind for letter in self.letters(realm)]

    def read(self, realm: UUID, which: int = -1) -> Mapping[str, Any]:
        """What a letter says and to whom; the last one unless told."""
        letter = self.letters(realm)[which]
        return self.vault.open(realm, letter.id, letter.sealed)

    def code_sent(self, seller: UUID = TENANT) -> str:
        """In the last text to a phone."""
        found = re.search(r"\b\d{6}\b", self.read(seller)["text"])
        assert found is not None
        return found.group()

    def link(self, realm: UUID, which: int = -1) -> str:
        """The token behind a letter's link."""
        found = re.search(r"#(\S+)", self.read(realm, which)["text"])
        assert found is not None
        return found.group(1)


def connection(id: UUID = OKTA, kind: SsoKind = SsoKind.OIDC) -> Connection:
    settings = {"issuer": "https://idp.example", "client_id": "ours"}
    return Connection(
        id,
        kind,
        "Okta",
        True,
        **settings,
        settings={},
        sealed=b"",
        rules=Rules(),
        created_at=NOW,
        updated_at=NOW,
    )


def identity(subject: str = "subject-1", email: str | None = None) -> Identity:
    return Identity(subject, email, email is not None, "Ayse", {}, session="sid-1")
