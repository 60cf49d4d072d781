"""What could be done with the same means and nothing of the house around it.

python -m tests.bench.floors hello|framework|ingest|unasked|rq
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import sys
import time
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import uvicorn
from psycopg_pool import AsyncConnectionPool
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from adapters.sql.engine import as_application
from core.shared.ids import uuid7
from entrypoints.http import spec

QUEUE = "floor"
KEY = "floor-key"
STAMPS = "floor:stamps"


async def _hello(_: Request) -> Response:
    return JSONResponse({"hello": "world"})


def hello() -> Starlette:
    return Starlette(routes=[Route("/", _hello)])


def framework() -> ASGIApp:
    """What routes, checks a key and validates: Connexion over Flask, with all our operations."""
    from connexion import FlaskApp
    from connexion.resolver import Resolver

    routed = spec.routed(spec.load())
    for scheme in routed["components"]["securitySchemes"].values():
        scheme["x-bearerInfoFunc"] = f"{__name__}.whose"
    app = FlaskApp(__name__)
    app.add_api(routed, resolver=Resolver(lambda _: _framed_hello), strict_validation=True)
    return cast(ASGIApp, app)


def whose(token: str) -> dict[str, str] | None:
    return {"sub": "somebody"} if token == KEY else None


def _framed_hello(**_: object) -> tuple[dict[str, str], int, dict[str, str]]:
    return {"hello": "world"}, 200, {"Content-Type": "application/json"}


def _pool() -> AsyncConnectionPool:
    """The same connections as the house's door has."""
    address, arguments = as_application(os.environ["DATABASE_URL"])
    return AsyncConnectionPool(
        address.set(drivername="postgresql").render_as_string(hide_password=False),
        min_size=1,
        max_size=10,
        kwargs={**arguments, "autocommit": True, "prepare_threshold": 0},
        open=False,
    )


def ingest() -> Starlette:
    """Proof, one round trip, 200."""
    pool = _pool()
    secret = os.environ["FLOOR_SECRET"].encode()
    tenant, installation = os.environ["FLOOR_TENANT"], os.environ["FLOOR_INSTALLATION"]

    async def hook(request: Request) -> Response:
        body = await request.body()
        proof = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(proof, request.headers.get("x-hub-signature-256", "")):
            return Response(status_code=401)
        now = datetime.now(UTC)
        id, key = uuid7(now, secrets.token_bytes(10)), hashlib.sha256(body).hexdigest()
        headers = json.dumps(dict(request.headers))
        values = (tenant, installation, 1, id, key, headers, body, now, None)
        await pool.open()
        async with pool.connection() as connection:
            await connection.execute("select ingest(%s, %s, %s, %s, %s, %s, %s, %s, %s)", values)
        return Response(status_code=200)

    return Starlette(routes=[Route("/hook", hook, methods=["POST"]), Route("/", _hello)])


def unasked() -> int:
    """The house's own web process, which also takes whoever brings KEY for one and the same actor.

    Nothing is looked up for that one, and no share of requests is taken.
    """
    from core.shared.actor import Actor
    from core.tenancy.api_keys import TENANT_SCOPES
    from entrypoints import web
    from entrypoints.http.security import Security

    tenant, asks = UUID(os.environ["FLOOR_TENANT"]), Security.bearer
    found = {"sub": Actor(tenant, "api_key", str(tenant), frozenset(TENANT_SCOPES))}

    async def bearer(security: Security, token: str, request: object) -> dict[str, Any] | None:
        return found if token == KEY else await asks(security, token, request)

    Security.bearer = bearer  # type: ignore[assignment, method-assign]
    return web.main()


def nothing() -> None:
    """A job."""


def stamp() -> None:
    """A job that tells when it was done."""
    _connection().rpush(STAMPS, str(time.time()))


def _connection() -> Redis:
    return Redis.from_url(os.environ["REDIS_URL"])


def main() -> None:
    what = sys.argv[1]
    if what == "rq":
        worker = SimpleWorker([QUEUE], connection=_connection(), serializer=JSONSerializer)
        worker.log_job_description = False
        worker.work(logging_level="WARNING")
        return
    if what == "unasked":
        sys.exit(unasked())
    app = {"hello": hello, "framework": framework, "ingest": ingest}[what]()
    port = int(os.environ["PORT"])
    uvicorn.run(app, port=port, log_config=None, access_log=False, server_header=False)


if __name__ == "__main__":
    main()
