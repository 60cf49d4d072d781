"""A tenant's connections to identity providers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from core.identity.sso import Connection, Rules, SsoKind
from core.identity.sso_connections import ConnectionDetails, Connections, callback
from core.shared.actor import Actor, allow
from core.shared.errors import NotFound
from core.shared.work import Works
from entrypoints.http.versions import check_version, etag
from entrypoints.http.wire import NOTHING, Answer, Json, moment
from ports.settings import Secret

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SsoConnections:
    works: Works
    connections: Connections
    base_url: str
    new_id: Callable[[Actor], UUID]

    def list(self, user: Actor) -> Answer:
        found = self.connections.list(user)
        return {"items": [self._shown(each, user) for each in found]}

    def get(self, id: str, user: Actor) -> Answer:
        return self._versioned(self.connections.get(UUID(id), user), user)

    def add(self, body: Body, user: Actor) -> Answer:
        made = self.connections.add(self.new_id(user), _details(body), user)
        return self._shown(made, user), 201, etag(made.version)

    def replace(self, id: str, body: Body, user: Actor) -> Answer:
        allow(user, "security.write")
        seen = self._version(UUID(id), user)
        check_version(seen)
        return self._versioned(self.connections.replace(UUID(id), _details(body), seen, user), user)

    def remove(self, id: str, user: Actor) -> Answer:
        self.connections.remove(UUID(id), user)
        return NOTHING

    def _version(self, id: UUID, user: Actor) -> int:
        with self.works(user.tenant) as work:
            found = work.sso.get(id)
        if found is None:
            raise NotFound("there is no such connection")
        return found.version

    def _versioned(self, connection: Connection, user: Actor) -> Answer:
        return self._shown(connection, user), 200, etag(connection.version)

    def _shown(self, connection: Connection, user: Actor) -> Json:
        return {
            "id": str(connection.id),
            "kind": connection.kind,
            "name": connection.name,
            "client_id": connection.client_id,
            "issuer": connection.issuer,
            "enabled": connection.enabled,
            "secret_kept": bool(connection.sealed),
            "settings": dict(connection.settings),
            "rules": asdict(connection.rules),
            "addresses": self._addresses(connection, user.tenant),
            "created_at": moment(connection.created_at),
            "updated_at": moment(connection.updated_at),
            "version": connection.version,
        }

    def _addresses(self, connection: Connection, tenant: UUID) -> Json:
        """Ours, to be told to the provider."""
        ours, where = f"{self.base_url}/api/v1/auth", f"{tenant}/{connection.id}"
        if connection.kind is SsoKind.SAML:
            acs, metadata = f"{ours}/saml/acs/{where}", f"{ours}/saml/metadata/{where}"
            return {"callback": acs, "logout": None, "metadata": metadata}
        return {
            "callback": callback(self.base_url, connection.id),
            "logout": f"{ours}/oidc/backchannel-logout/{where}",
            "metadata": None,
        }


def _details(body: Body) -> ConnectionDetails:
    secret = body.get("client_secret")
    return ConnectionDetails(
        SsoKind(body["kind"]),
        body["name"],
        body["client_id"],
        body.get("issuer"),
        body.get("enabled", True),
        Secret(secret) if secret else None,
        body.get("settings", {}),
        _rules(body.get("rules", {})),
    )


def _rules(body: Body) -> Rules:
    lists = {name: tuple(body[name]) for name in ("domains", "roles") if name in body}
    given: dict[str, Any] = {**body, **lists}
    return Rules(**given)
