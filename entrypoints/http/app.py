"""The web process: what stands in front of what.

Observed    an id, a log line and metrics for every request
  health, documentation, webhooks, identity providers, directories    answered here
  Guard     no body that would make the router stumble
    Connexion    routes, keys, validation; then the handlers
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from connexion import FlaskApp
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.options import SwaggerUIOptions
from connexion.resolver import Resolver
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from core.agents.assist import Assist
from core.conversations.manage import Manage
from core.conversations.write import Write
from core.delivery.drain import Files
from core.identity.admit import Admit
from core.shared.errors import NotFound
from core.shared.ids import Ids
from core.shared.work import Works
from core.tenancy.connect import Connections
from core.tenancy.vendors import Vendors
from entrypoints import observe
from entrypoints.http import auth_raw, door, health, scim, spec
from entrypoints.http.auth_raw import AuthDoor
from entrypoints.http.bodies import refuse
from entrypoints.http.cookies import Cookies
from entrypoints.http.docs import DocsPage
from entrypoints.http.door import Bell, Ingest, WebhookDoor
from entrypoints.http.doors import FindsHooks, InstalledDoors
from entrypoints.http.guard import Guard
from entrypoints.http.health import HealthDoor
from entrypoints.http.idempotency import IdempotencyStore
from entrypoints.http.observed import Observed
from entrypoints.http.operations import operations
from entrypoints.http.problems import problem
from entrypoints.http.scim import ScimDoor
from entrypoints.http.security import FindsKeys, Security, handler
from entrypoints.http.validation import Body, Parameters
from entrypoints.http.visits import Limits, Network
from entrypoints.identity import Identity
from entrypoints.registry import Registry
from ports.clock import Clock


class Lookups(FindsKeys, FindsHooks, Protocol):
    """What is asked before a tenant is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpHouse:
    """What the web process needs from the house."""

    works: Works
    identity: Identity
    cookies: Cookies
    vendors: Vendors
    connections: Connections
    write: Write
    manage: Manage
    assist: Assist
    files: Files
    registry: Registry
    capabilities: Callable[[str], Sequence[str]]
    """Of the plugin with that id."""
    lookups: Lookups
    limits: Limits
    """Of keys and people."""
    visitors: Limits
    """Of networks whose requests nobody has signed."""
    idempotency: IdempotencyStore
    ingest: Ingest
    bell: Bell
    probes: Mapping[str, Callable[[], object]]
    """The parts that must answer for us to be ready; a probe raises when its part does not."""
    standing: Callable[[], observe.Standing]
    clock: Clock
    ids: Ids
    new_token: Callable[[], str]
    """256 random bits as text that fits into an address."""
    trusted_proxies: Sequence[Network]


def make_app(house: HttpHouse, *, validate_responses: bool = False) -> ASGIApp:
    """The whole web process as one ASGI application.

    `validate_responses` holds our own answers to the specification; for tests.
    """
    whole, one = spec.load(), house.identity
    routed = spec.routed(whole)
    security = _security(house)
    router = Guard(_router(house, security, routed, validate_responses=validate_responses))
    doors = InstalledDoors(house.lookups, house.works, house.vendors)
    front = Front(
        router,
        WebhookDoor(doors, house.ingest, house.bell, house.clock, house.ids),
        AuthDoor(one.tokens, one.sso, one.sso_answers, house.works, one.means.base_url),
        ScimDoor(one.means, security),
        HealthDoor(house.probes, house.standing),
        DocsPage(whole),
    )
    return Observed(front, house.ids)


class Front:
    """Who answers which address."""

    def __init__(
        self,
        router: ASGIApp,
        hooks: WebhookDoor,
        auth: AuthDoor,
        directory: ScimDoor,
        health: HealthDoor,
        docs: DocsPage,
    ) -> None:
        self._router = router
        self._hooks = hooks
        self._auth = auth
        self._directory = directory
        self._health = health
        self._docs = docs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        path: str = scope["path"]
        where = door.address(path, scope["method"])
        if where is not None:
            await self._hooks(where, scope, receive, send)
        elif (asked := auth_raw.address(path)) is not None:
            await self._auth(asked, scope, receive, send)
        elif scim.serves(path):
            await self._directory(scope, receive, send)
        elif path in health.OPERATIONS:
            await self._health(scope, receive, send)
        elif self._docs.has(path):
            await self._docs(scope, receive, send)
        elif path.startswith("/api/v1/"):
            await self._router(scope, receive, send)
        else:
            await refuse(send, NotFound("there is nothing at this address"))


def _security(house: HttpHouse) -> Security:
    return Security(
        house.lookups,
        Admit(house.works, house.identity.places, house.clock, house.ids),
        house.identity.tokens,
        house.limits,
        house.clock,
        house.trusted_proxies,
    )


def _router(
    house: HttpHouse, security: Security, routed: dict[str, Any], *, validate_responses: bool
) -> ASGIApp:
    app = FlaskApp(
        __name__,
        security_map={"bearer": handler(security.bearer)},
        swagger_ui_options=SwaggerUIOptions(serve_spec=False, swagger_ui=False),
        validator_map={"parameter": Parameters, "body": {"application/json": Body}},
    )
    bound = operations(house, routed)
    app.add_api(
        routed,
        resolver=Resolver(function_resolver=bound.__getitem__),
        strict_validation=True,
        validate_responses=validate_responses,
    )
    for kind in (Exception, HTTPException, ProblemException):
        app.add_error_handler(kind, _refused)
    return cast(ASGIApp, app)


def _refused(_: ConnexionRequest, error: Exception) -> ConnexionResponse:
    told = problem(error)
    return ConnexionResponse(told.status, body=told.body, headers=dict(told.headers))
