"""SCIM 2.0 (RFC 7643, RFC 7644): where a seller's directory keeps its people up to date.

It stands in front of the router: it has a media type, errors and a query language of its own, which
no framework of ours speaks. Whoever knocks is admitted as everywhere else: by the same keys, behind
the same fence, within the same share of requests.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from connexion.exceptions import Unauthorized
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from core.identity.means import Means
from core.identity.provisioned_groups import Groups as ProvisionedGroups
from core.identity.provisioning import SCOPE, Provisioning
from core.shared.actor import Actor, allow
from core.shared.errors import NotFound
from entrypoints.http.bodies import Gone, answer, read_body
from entrypoints.http.guard import check_json
from entrypoints.http.observed import OPERATION
from entrypoints.http.problems import Malformed, MethodNotAllowed, NotJson
from entrypoints.http.scim_answers import Asked, Said, listed, plain, refusal
from entrypoints.http.scim_groups import Groups
from entrypoints.http.scim_schemas import SCHEMAS, service
from entrypoints.http.scim_users import Users
from entrypoints.http.scim_values import Refused
from entrypoints.http.scim_versions import Seen
from entrypoints.http.security import Security
from entrypoints.http.wire import is_id

MOUNT = "/scim/v2"
THREADS = 2
_MEDIA = ("application/scim+json", "application/json")
_MOST = 20
"""Words of a query."""
_NOT_HERE = ("Bulk", "Me", ".search")
OPERATIONS: Mapping[tuple[str, bool], Mapping[str, str]] = {
    ("Users", False): {"GET": "scim_users.list", "POST": "scim_users.create"},
    ("Users", True): {
        "GET": "scim_users.get",
        "PUT": "scim_users.replace",
        "PATCH": "scim_users.patch",
        "DELETE": "scim_users.remove",
    },
    ("Groups", False): {"GET": "scim_groups.list", "POST": "scim_groups.create"},
    ("Groups", True): {
        "GET": "scim_groups.get",
        "PUT": "scim_groups.replace",
        "PATCH": "scim_groups.patch",
        "DELETE": "scim_groups.remove",
    },
    ("ServiceProviderConfig", False): {"GET": "scim.service"},
    ("ResourceTypes", False): {"GET": "scim.types"},
    ("ResourceTypes", True): {"GET": "scim.type"},
    ("Schemas", False): {"GET": "scim.schemas"},
    ("Schemas", True): {"GET": "scim.schema"},
}
"""By the collection and whether one of it is named, then by method."""


def serves(path: str) -> bool:
    return path == MOUNT or path.startswith(f"{MOUNT}/")


@dataclass(frozen=True, slots=True)
class Request:
    operation: str
    name: str | None
    """Of one resource."""
    asked: Asked
    seen: Seen
    body: Any
    actor: Actor

    @property
    def id(self) -> UUID:
        if self.name is None or not is_id(self.name):
            raise NotFound("there is no such resource")
        return UUID(self.name)


class ScimDoor:
    def __init__(self, means: Means, security: Security) -> None:
        self._security = security
        self._base = f"{means.base_url}{MOUNT}"
        users = Users(Provisioning(means), means.ids, self._base)
        groups = Groups(ProvisionedGroups(means), means.ids, self._base)
        self._acts = {**_acts("scim_users", users), **_acts("scim_groups", groups)}
        self._threads: Executor = ThreadPoolExecutor(THREADS, "scim")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            said = await self._said(scope, receive)
        except Gone:
            return
        except Exception as error:  # whatever it is, SCIM has its own way to say so
            said = refusal(error)
        await answer(send, said.status, said.body, said.headers)

    async def _said(self, scope: Scope, receive: Receive) -> Said:
        operation, name = _route(scope)
        scope["extensions"][OPERATION] = operation
        headers = Headers(scope=scope)
        actor = await self._admitted(headers, scope)
        request = Request(
            operation,
            name,
            Asked.of(_query(scope)),
            Seen(headers.get("if-match"), headers.get("if-none-match")),
            _body(headers, await read_body(scope, receive), scope["method"]),
            actor,
        )
        loop, run = asyncio.get_running_loop(), contextvars.copy_context().run
        return await loop.run_in_executor(self._threads, run, self._answer, request)

    async def _admitted(self, headers: Headers, scope: Scope) -> Actor:
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise Unauthorized
        actor = await self._security.actor(token.strip(), scope)
        if actor is None:
            raise Unauthorized
        allow(actor, SCOPE)
        return actor

    def _answer(self, request: Request) -> Said:
        act = self._acts.get(request.operation)
        return self._described(request) if act is None else act(request)

    def _described(self, request: Request) -> Said:
        """What we are and keep (RFC 7644, section 4). It cannot be searched."""
        if request.asked.filter is not None:
            raise Refused(None, "this is not searched", 403)
        if request.operation == "scim.service":
            return plain(service(self._base))
        types = request.operation in ("scim.types", "scim.type")
        shown = [
            each.type_shown(self._base) if types else each.shown(self._base)
            for each in SCHEMAS.values()
        ]
        if request.name is None:
            return listed(shown, Asked())
        for each in shown:
            if each["id"].lower() == request.name.lower():
                return plain(each)
        raise NotFound("there is no such resource")


def _acts(kind: str, of: Users | Groups) -> Mapping[str, Callable[[Request], Said]]:
    return {
        f"{kind}.list": lambda r: of.list(r.asked, r.actor),
        f"{kind}.get": lambda r: of.get(r.id, r.asked, r.seen, r.actor),
        f"{kind}.create": lambda r: of.create(r.body, r.asked, r.actor),
        f"{kind}.replace": lambda r: of.replace(r.id, r.body, r.asked, r.seen, r.actor),
        f"{kind}.patch": lambda r: of.patch(r.id, r.body, r.asked, r.seen, r.actor),
        f"{kind}.remove": lambda r: of.remove(r.id, r.seen, r.actor),
    }


def _route(scope: Scope) -> tuple[str, str | None]:
    """The operation that an address and a method mean, and the resource that it names."""
    parts = scope["path"].removeprefix(MOUNT).split("/")[1:]
    if parts and parts[-1] in _NOT_HERE:
        raise Refused(None, "this part of SCIM is not here", 501)
    there = OPERATIONS.get((parts[0], len(parts) == 2)) if len(parts) in (1, 2) else None
    if there is None:
        raise NotFound("there is nothing at this address")
    operation = there.get(scope["method"])
    if operation is None:
        raise MethodNotAllowed(", ".join(there))
    return operation, parts[1] if len(parts) == 2 else None


def _query(scope: Scope) -> Mapping[str, str]:
    try:
        text = scope["query_string"].decode("ascii")
        found = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST, errors="strict")
    except ValueError:
        raise Malformed({"query": "cannot be read"}) from None
    if any("\x00" in value for _, value in found):
        raise Malformed({"query": "holds characters that are not allowed"})
    return dict(found)


def _body(headers: Headers, body: bytes, method: str) -> Any:
    """A JSON object where one is needed, else nothing."""
    if method not in ("POST", "PUT", "PATCH"):
        return None
    mime = headers.get("content-type", _MEDIA[0]).partition(";")[0].strip().lower()
    if mime not in _MEDIA:
        raise NotJson("send application/scim+json in UTF-8")
    check_json(body)
    said = json.loads(body)
    if not isinstance(said, dict):
        raise Malformed({"body": "is not an object"})
    return said
