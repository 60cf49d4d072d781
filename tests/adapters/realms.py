"""Short words for what tests of sign-in put into the realms of sellers and people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from core.identity.account import Account, Device
from core.identity.attempts import Attempt, Refusal
from core.identity.factors import Credential, Factor, FactorKind
from core.identity.keys import SigningKey
from core.identity.letters import Letter, Medium
from core.identity.lockout import Lockout
from core.identity.policy import KeptPolicy, SignInPolicy
from core.identity.sessions import Session
from core.identity.sso import Connection, Link, Rules, SsoKind
from core.identity.tickets import Purpose, Ticket, Token, ticket
from core.tenancy.members import Member, MemberState, Role, Team

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def address() -> str:
    return f"{uuid4().hex}@example.com"


def member(id: UUID | None = None, **more: Any) -> Member:
    """An active agent."""
    given = {"email": address(), "name": "Işıl Çağ", "state": MemberState.ACTIVE, **more}
    given = {"roles": ("agent",), "created_at": NOW, "updated_at": NOW, **given}
    return Member(id or uuid4(), **given)


def session(person: UUID, **more: Any) -> Session:
    return replace(Session(uuid4(), person, uuid4(), ("password",), NOW, NOW, b"digest"), **more)


def connection(**more: Any) -> Connection:
    rules = Rules(("example.com",), role_claim="groups", role_map={"admins": "owner"})
    given = {"issuer": "https://idp.example.com", "client_id": "invekto", "sealed": b"sealed"}
    given |= {"settings": {"directory": "d"}, "created_at": NOW, "updated_at": NOW, **more}
    return Connection(uuid4(), SsoKind.ENTRA, "Entra", True, rules=rules, **given)


def attempt(reason: Refusal = Refusal.PASSWORD, **more: Any) -> Attempt:
    return Attempt(uuid4(), reason, **{"at": NOW, "ip": "192.0.2.1", **more})


def factor(**more: Any) -> Factor:
    given = {"kind": FactorKind.TOTP, "name": "Telefon", "created_at": NOW, **more}
    return Factor(uuid4(), **{"sealed": b"sealed", **given})


def passkey(id: bytes) -> Factor:
    known = Credential(id, b"\x00\xffkey", 7, ("internal", "hybrid"), True, "aaguid")
    return factor(kind=FactorKind.PASSKEY, sealed=b"", credential_id=id, credential=known)


def letter(**more: Any) -> Letter:
    given = {"medium": Medium.MAIL, "kind": "reset", "due_at": NOW, "created_at": NOW, **more}
    return Letter(uuid4(), **{"sealed": b"sealed", **given})


def issued(realm: UUID, purpose: Purpose = Purpose.RESET, **data: Any) -> tuple[Token, Ticket]:
    """A fresh token, and what is kept of it."""
    token = Token(realm, uuid4(), sha256(uuid4().bytes).digest())
    return token, ticket(token, purpose, data, NOW)


def people(work: Any, realm: UUID) -> dict[str, UUID]:
    """A row in every table of people and sign-in; answers ids that others may guess."""
    team, person, provider = Team(uuid4(), "Destek", NOW), member(realm), connection()
    signed_in, owed, second = session(realm), letter(), factor()
    _, kept = issued(realm)
    work.teams.add(team)
    work.members.add(replace(person, teams=(team.id,)))
    work.roles.save(Role("vardiya", "Vardiya", ("inbox.read",)))
    work.policy.save(KeptPolicy(SignInPolicy(), 1))
    work.sso.add(provider)
    work.sso.add_link(Link(provider.id, "subject", realm, NOW))
    work.sso.used(provider.id, "jti", NOW, NOW + MINUTE)
    work.sessions.add(signed_in)
    work.attempts.add(attempt())
    work.account.add(Account(realm, person.email, NOW, NOW))
    work.devices.put(Device(realm, "curl", NOW, NOW))
    work.factors.add(second)
    work.backup_codes.replace([b"code"], NOW)
    work.tickets.add(kept)
    work.letters.add(owed)
    work.lockouts.save(Lockout("network:192.0.2.1", 1, 0, NOW))
    work.signing_keys.add(SigningKey(uuid4(), "{}", b"sealed", NOW))
    made = {"connection": provider, "session": signed_in, "letter": owed, "factor": second}
    return {name: value.id for name, value in made.items()} | {"person": realm}
