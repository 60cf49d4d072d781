"""A seller's connections to identity providers: tried before they are kept, secrets sealed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.means import IdentityProviders, Means, NotProven
from core.identity.sessions import Ended, SessionFilter
from core.identity.sso import Connection, Rules, SsoKind
from core.policies.roles import BUILT_IN, OWNER, permissions_of
from core.shared.actor import Actor, allow, prove
from core.shared.errors import Conflict, Invalid, NotFound
from core.shared.work import Work
from core.tenancy.power import give
from ports.settings import Secret

GOOGLE = "https://accounts.google.com"
"""developers.google.com/identity/openid-connect/reference: the issuer of every Google account."""
ENTRA = "https://login.microsoftonline.com/{directory}/v2.0"
"""learn.microsoft.com/entra/identity-platform/id-token-claims-reference: tokens of endpoint v2.0
name the directory in their issuer, so that one of another directory does not pass."""
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The directory of everybody's private Microsoft account (same page): nobody's organisation."""

_SETTINGS: Mapping[SsoKind, frozenset[str]] = {
    SsoKind.GOOGLE: frozenset(),
    SsoKind.ENTRA: frozenset({"directory"}),
    SsoKind.OIDC: frozenset(),
    SsoKind.SAML: frozenset({"sso_url", "certificate"}),
}
_DIRECTORY = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class ConnectionDetails:
    kind: SsoKind
    name: str
    client_id: str
    issuer: str | None = None
    """Of OIDC and SAML; that of Google and Entra follows."""
    enabled: bool = True
    secret: Secret | None = None
    """None: a new connection has none, an old one keeps its own."""
    settings: Mapping[str, str] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)


def callback(base_url: str, connection: UUID) -> str:
    """Where an OpenID provider sends people back to, to be registered there. Each connection has
    its own: an answer that was meant for one never passes for another's (RFC 9700, section
    4.4.2)."""
    return f"{base_url}/sign-in/callback/{connection}"


def address(base_url: str, tenant: UUID, connection: Connection) -> str:
    """The same for every kind: a SAML provider posts, so it is our own assertion consumer."""
    if connection.kind is SsoKind.SAML:
        return f"{base_url}/api/v1/auth/saml/acs/{tenant}/{connection.id}"
    return callback(base_url, connection.id)


@dataclass(frozen=True, slots=True)
class Connections:
    means: Means
    providers: IdentityProviders

    def list(self, actor: Actor) -> Sequence[Connection]:
        """Oldest first. The secret never comes out again."""
        allow(actor, "security.read")
        with self.means.works(actor.tenant) as work:
            return work.sso.all()

    def get(self, id: UUID, actor: Actor) -> Connection:
        allow(actor, "security.read")
        with self.means.works(actor.tenant) as work:
            return _found(id, work)

    def add(self, id: UUID, details: ConnectionDetails, actor: Actor) -> Connection:
        """Invalid by field, also where the provider contradicts what was told of it; Unavailable
        where it does not answer."""
        now = self._permit(actor)
        new = _made(id, details, self._sealed(actor.tenant, id, details.secret), now)
        self._check(new, actor, now)
        with self.means.works(actor.tenant) as work:
            work.sso.add(new)
            _audit(work, "sso_connection.added", new, actor, now, None, shown(new))
            work.commit()
        return new

    def replace(self, id: UUID, details: ConnectionDetails, seen: int, actor: Actor) -> Connection:
        """Conflict unless `seen` is the version that stands, and where it would become another
        provider's: its people are that provider's, and no other may speak for them.

        Off means out: the sessions that it vouched for end.
        """
        now = self._permit(actor)
        with self.means.works(actor.tenant) as work:
            old = _found(id, work)
        if (details.kind, _issuer(details)) != (old.kind, old.issuer):
            raise Conflict("another identity provider is another connection")
        sealed = self._sealed(actor.tenant, id, details.secret) or old.sealed
        new = replace(_made(id, details, sealed, now), created_at=old.created_at, version=seen + 1)
        self._check(new, actor, now)
        with self.means.works(actor.tenant) as work:
            work.sso.save(new)
            if not new.enabled:
                _shut(old, work, now)
            _audit(work, "sso_connection.changed", new, actor, now, shown(old), shown(new))
            work.commit()
        return new

    def remove(self, id: UUID, actor: Actor) -> None:
        """With whom its subjects are; the members stay, the sessions it vouched for end."""
        now = self._permit(actor)
        with self.means.works(actor.tenant) as work:
            old = _found(id, work)
            _shut(old, work, now)
            work.sso.remove(id)
            _audit(work, "sso_connection.removed", old, actor, now, shown(old))
            work.commit()

    def try_(self, id: UUID, actor: Actor) -> None:
        """Ask the provider again; raises as `add` does."""
        allow(actor, "security.write")
        with self.means.works(actor.tenant) as work:
            connection = _found(id, work)
        self._try(connection, actor.tenant)

    def _permit(self, actor: Actor) -> datetime:
        now = self.means.clock.now()
        allow(actor, "security.write")
        prove(actor, now)
        return now

    def _sealed(self, tenant: UUID, id: UUID, secret: Secret | None) -> bytes:
        if secret is None:
            return b""
        return self.means.vault.seal(tenant, id, {"client_secret": secret.reveal()})

    def _check(self, connection: Connection, actor: Actor, now: datetime) -> None:
        """Its fields, that the actor may give what it gives, and that the provider answers."""
        with self.means.works(actor.tenant) as work:
            own = work.roles.all()
        problems = _problems(connection, {*BUILT_IN, *own})
        if problems:
            raise Invalid(problems)
        given = {*connection.rules.roles, *connection.rules.role_map.values()}
        give(permissions_of(given, own), actor, now)
        self._try(connection, actor.tenant)

    def _try(self, connection: Connection, tenant: UUID) -> None:
        secret = open_secret(self.means, tenant, connection)
        back = address(self.means.base_url, tenant, connection)
        try:
            self.providers.begin(connection, secret, "tried", back)
        except NotProven as error:
            raise Invalid({"issuer": str(error)}) from None


def open_secret(means: Means, tenant: UUID, connection: Connection) -> str:
    if not connection.sealed:
        return ""
    secret: str = means.vault.open(tenant, connection.id, connection.sealed)["client_secret"]
    return secret


def shown(connection: Connection) -> dict[str, Any]:
    """What the audit log holds of it."""
    told = asdict(replace(connection, sealed=b""))
    kept = ("kind", "name", "enabled", "issuer", "client_id", "settings", "rules")
    return {name: told[name] for name in kept}


def _found(id: UUID, work: Work) -> Connection:
    connection = work.sso.get(id)
    if connection is None:
        raise NotFound("there is no such connection")
    return connection


def _made(id: UUID, details: ConnectionDetails, sealed: bytes, now: datetime) -> Connection:
    domains = (domain.strip().lower() for domain in details.rules.domains)
    return Connection(
        id,
        details.kind,
        details.name.strip(),
        details.enabled,
        _issuer(details),
        details.client_id.strip(),
        dict(details.settings),
        sealed,
        replace(details.rules, domains=tuple(dict.fromkeys(domains))),
        now,
        now,
    )


def _issuer(details: ConnectionDetails) -> str:
    match details.kind:
        case SsoKind.GOOGLE:
            return GOOGLE
        case SsoKind.ENTRA:
            return ENTRA.format(directory=details.settings.get("directory", ""))
    return details.issuer or ""


def _shut(connection: Connection, work: Work, now: datetime) -> None:
    """Conflict where nobody but the break-glass owner could come in afterwards."""
    others = any(each.enabled and each.id != connection.id for each in work.sso.all())
    if connection.enabled and not others and not work.policy.get().policy.local:
        raise Conflict("this is the last way in: allow local sign-in first")
    work.sessions.end(SessionFilter(connection=connection.id), Ended.PROVIDER, now)


def _problems(connection: Connection, roles: set[str]) -> dict[str, str]:
    kind, settings = connection.kind, connection.settings
    problems = {
        name: f"is required, in at most {_LONGEST} characters"
        for name in ("name", "client_id", "issuer")
        if not 0 < len(getattr(connection, name)) <= _LONGEST
    }
    if settings.keys() != _SETTINGS[kind]:
        problems["settings"] = f"must hold: {', '.join(sorted(_SETTINGS[kind])) or 'nothing'}"
    elif kind is SsoKind.ENTRA and not _is_organisation(settings["directory"]):
        problems["settings.directory"] = "is not the id of an organisation's directory"
    if kind is SsoKind.GOOGLE and connection.rules.provision and not connection.rules.domains:
        problems["rules.domains"] = "is required: or whoever has a Google account would come in"
    if kind is SsoKind.SAML and not connection.rules.domains:
        problems["rules.domains"] = "is required: SAML does not tell which addresses are verified"
    return problems | _problems_of(connection.rules, roles)


def _problems_of(rules: Rules, roles: set[str]) -> dict[str, str]:
    problems = {}
    if not all(_DOMAIN.fullmatch(domain) for domain in rules.domains):
        problems["rules.domains"] = "holds what is no domain"
    if set(rules.roles) - roles or OWNER in rules.roles:
        problems["rules.roles"] = "holds a role that does not exist, or owner"
    if not rules.roles and not rules.role_claim:
        problems["rules.roles"] = "at least one is required where no claim gives them"
    if set(rules.role_map.values()) - roles:
        problems["rules.role_map"] = "leads to a role that does not exist"
    if rules.role_map and not rules.role_claim:
        problems["rules.role_claim"] = "names the claim that the map is for"
    return problems


def _is_organisation(directory: str) -> bool:
    return _DIRECTORY.fullmatch(directory) is not None and directory != CONSUMERS


def _audit(
    work: Work,
    event: str,
    connection: Connection,
    actor: Actor,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    work.audit.add(
        AuditEvent(event, actor, "sso_connection", str(connection.id), now, before, after)
    )
