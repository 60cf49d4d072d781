"""What stands in front of the router: request ids, documentation, health and metrics."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.api.asking import is_problem
from tests.api.client import Client
from tests.api.house import House


def test_every_answer_names_its_request(ask: Client) -> None:
    given = ask("GET", "/api/v1/tenant", headers={"X-Request-ID": "from-the-console-1"})
    assert given.headers["x-request-id"] == "from-the-console-1"
    odd = ask("GET", "/api/v1/tenant", headers={"X-Request-ID": b"one two\xe9 three"})
    assert "two" not in odd.headers["x-request-id"]


def test_the_documentation_needs_nothing_from_elsewhere(ask: Client) -> None:
    page = ask("GET", "/api/docs")
    assert page.status_code == 200
    assert "http" not in page.text.replace("https://house.example", "")
    for path in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
        assert ask("GET", f"/api/docs/{path}").status_code == 200
    assert ask("GET", "/api/openapi.json").json()["info"]["title"] == "Invekto"


def test_the_house_says_whether_it_can_work(ask: Client, house: House) -> None:
    assert ask("GET", "/healthz").json() == {"status": "ok"}
    assert ask("GET", "/readyz").status_code == 200
    house.broken.add("database")
    unready = ask("GET", "/readyz")
    assert unready.status_code == 503
    assert unready.json() == {"status": "unready", "checks": {"database": "failed"}}
    assert ask("GET", "/healthz").status_code == 200
    house.broken.clear()
    assert 'invekto_inbox_rows{state="received"} 3.0' in ask("GET", "/metrics").text
    is_problem(ask("POST", "/healthz"), 405)


def run(house: House, kind: str, *messages: str) -> list[str]:
    """What the application says when a server starts it, or a browser opens a socket."""
    said: list[str] = []
    given = iter(messages)

    async def receive() -> dict[str, Any]:
        return {"type": next(given)}

    async def send(message: Any) -> None:
        said.append(message["type"])

    scope = {"type": kind, "path": "/api/v1/tenant", "headers": [], "asgi": {"version": "3.0"}}
    asyncio.run(house.app(scope, receive, send))
    return said


def test_a_server_can_start_and_stop_it(house: House) -> None:
    said = run(house, "lifespan", "lifespan.startup", "lifespan.shutdown")
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_socket_is_not_opened(house: House) -> None:
    assert run(house, "websocket", "websocket.connect") == ["websocket.close"]


def test_a_refused_method_is_told_which_ones_pass(ask: Client) -> None:
    answer = ask("POST", "/api/v1/tenant")
    is_problem(answer, 405)
    assert {m.strip() for m in answer.headers["allow"].split(",")} >= {"GET"}
