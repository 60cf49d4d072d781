"""Our side over real SQL: a seller, its connections, and people who come by them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

from sqlalchemy import Engine, RowMapping, text

from adapters.identity.issuers import Transports
from adapters.identity.oidc import OpenIdConnect
from adapters.identity.providers import OPEN_ID, Providers
from adapters.identity.saml import Saml
from adapters.sql.lookups import Lookups
from adapters.sql.transaction import begun
from adapters.sql.work import SqlWorks
from core.identity.account import Account
from core.identity.attempts import Attempt, AttemptFilter
from core.identity.client import Client
from core.identity.factors import Factor, FactorKind
from core.identity.means import Means
from core.identity.sessions import Session, SessionFilter
from core.identity.sign_in import SignIn
from core.identity.sso import Connection, Rules, SsoKind
from core.identity.sso_connections import ConnectionDetails, Connections, callback
from core.identity.sso_sign_in import NeedsLink, SsoSignIn
from core.identity.steps import Entered, Step
from core.policies.roles import PERMISSIONS
from core.shared.actor import Actor
from core.shared.errors import Conflict
from core.shared.ids import OPERATOR
from core.tenancy.members import Member, MemberState
from core.tenancy.tenant import Tenant, TenantKind
from ports.settings import Secret
from tests.core.fakes.door import PASSWORD, FakeHasher, FakeTotp
from tests.core.fakes.plugins import FakeVault
from tests.idp.forger import Forger

BASE = "https://panel.invekto.example"


class Clock:
    """The real time, which a provider's tokens tell, set forward by as much as a test asks."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Vault(FakeVault):
    """What was sealed comes back as JSON has it."""

    def seal(self, tenant: UUID, installation: UUID, plain: Mapping[str, Any]) -> bytes:
        return super().seal(tenant, installation, json.loads(json.dumps(plain)))


class House:
    def __init__(self, engine: Engine, tenant: UUID, transports: Transports) -> None:
        self.engine, self.tenant, self.clock = engine, tenant, Clock()
        self.works = SqlWorks(engine, lambda: None)
        net = f"2001:db8:{token_bytes(2).hex()}:{token_bytes(2).hex()}"  # of this test alone
        self.client = Client(ip=f"{net}::7", user_agent="Firefox")
        self._found_operator()
        self.monotonic = 1000.0
        oidc = OpenIdConnect(
            transports, token_bytes, allow_loopback=True, monotonic=lambda: self.monotonic
        )
        self.hasher, self.totp = FakeHasher(), FakeTotp()
        none: Any = None
        self.means = Means(
            works=self.works,
            directory=Lookups(engine),
            hasher=self.hasher,
            common=none,
            totp=self.totp,
            passkeys=none,
            vault=Vault(),
            clock=self.clock,
            ids=uuid4,
            random=token_bytes,
            base_url=BASE,
        )
        saml = Saml(token_bytes, self.clock, allow_loopback=True)
        self.providers = Providers({**dict.fromkeys(OPEN_ID, oidc), SsoKind.SAML: saml})
        self.connections = Connections(self.means, self.providers)
        self.sso = SsoSignIn(self.means, self.providers, SignIn(self.means))

    def _found_operator(self) -> None:
        """Answers that nobody is known by are written down in the operator's realm."""
        now = self.clock.now()
        with suppress(Conflict), self.works(OPERATOR) as work:
            work.tenants.add(Tenant(OPERATOR, "Operator", "Europe/Istanbul", "TRY", "tr", now))
            work.commit()

    def owner(self) -> Actor:
        """Somebody who may everything and has just proven who they are."""
        proven = self.clock.now()
        return Actor(self.tenant, "person", str(uuid4()), frozenset(PERMISSIONS), proven_at=proven)

    def connect(
        self, issuer: str, client: str, secret: str = "", id: UUID | None = None, **rules: Any
    ) -> Connection:
        """A connection with these rules, at a client that the provider knows."""
        details = ConnectionDetails(
            SsoKind.OIDC, "Giriş", client, issuer, secret=Secret(secret), rules=Rules(**rules)
        )
        return self.connections.add(id or uuid4(), details, self.owner())

    def callback(self, connection: UUID) -> str:
        return callback(BASE, connection)

    def begin(self, connection: Connection, flow: str = "flow", **more: Any) -> str:
        given = {"remember": False, "client": self.client, **more}
        return self.sso.begin(self.tenant, connection.id, flow=flow, **given)

    def finish(
        self, connection: Connection, answer: Mapping[str, str], flow: str = "flow"
    ) -> Step | NeedsLink:
        came = {**answer, "connection": str(connection.id)}
        return self.sso.finish(came, flow, self.client)

    def come(self, connection: Connection, forger: Forger, **says: Any) -> Step | NeedsLink:
        """A whole sign-in by a forging provider that says so of somebody."""
        answer = self.away(connection, forger)
        forger.says = says
        return self.finish(connection, answer)

    def away(self, connection: Connection, forger: Forger, flow: str = "flow") -> dict[str, str]:
        """Go to the forger, and answer what would come back."""
        asked = parse_qs(urlsplit(self.begin(connection, flow)).query)
        code = uuid4().hex
        forger.codes[code] = asked["nonce"][0]
        return {"state": asked["state"][0], "code": code}

    def hire(
        self, email: str, *, password: bool = False, factor: bool = False, **more: Any
    ) -> UUID:
        """A member with a realm of their own."""
        now, id = self.clock.now(), uuid4()
        given = {"name": "Ada", "state": MemberState.ACTIVE, "roles": ("agent",), **more}
        member = Member(id, email, created_at=now, updated_at=now, **given)
        with self.works(self.tenant) as work:
            work.members.add(member)
            work.commit()
        if member.state is MemberState.INVITED:
            return id
        with self.works(id) as own:
            own.tenants.add(
                Tenant(id, "Ada", "Europe/Istanbul", "TRY", "tr", now, TenantKind.PERSON)
            )
            hash = self.hasher.hash(PASSWORD) if password else None
            own.account.add(Account(id, email, now, now, hash))
            if factor:
                own.factors.add(Factor(uuid4(), FactorKind.TOTP, "Telefon", now, b"sealed"))
            own.commit()
        return id

    def member(self, id: UUID) -> Member:
        with self.works(self.tenant) as work:
            found = work.members.get(id)
        assert found is not None
        return found

    def change(self, id: UUID, **more: Any) -> None:
        with self.works(self.tenant) as work:
            old = work.members.get(id)
            assert old is not None
            work.members.save(replace(old, version=old.version + 1, **more))
            work.commit()

    def found(self, email: str) -> Member | None:
        with self.works(self.tenant) as work:
            return work.members.by_email(email)

    def links(self, person: UUID) -> int:
        with self.works(self.tenant) as work:
            return len(work.sso.links_of(person))

    def account(self, person: UUID) -> Account | None:
        with self.works(person) as own:
            return own.account.get()

    def sessions(self, person: UUID | None = None) -> list[Session]:
        with self.works(self.tenant) as work:
            return list(work.sessions.open(SessionFilter(person=person)))

    def refused(self, realm: UUID | None = None) -> list[Attempt]:
        """From this test's network, newest first."""
        mine = AttemptFilter(ip=self.client.ip)
        with self.works(realm or self.tenant) as work:
            return list(work.attempts.list(mine, cursor=None, limit=100).items)

    def told(self, *types: str) -> list[RowMapping]:
        """What the seller's audit log holds of these types, in order."""
        ask = text("select * from audit_events where event_type = any(:types) order by position")
        with begun(self.engine, self.tenant) as transaction:
            return list(transaction.run(ask, {"types": list(types)}).mappings())


def entered(step: Step | NeedsLink) -> Entered:
    assert isinstance(step, Entered), step
    return step
