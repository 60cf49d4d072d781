"""Requests that nobody thought of: the specification knows every answer, none is our fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core import NOT_SET

from tests.api.asking import OWN, ROUTED, SCOPED, SPEC, asked, is_problem
from tests.api.client import Client
from tests.api.house import House, Tenant
from tests.api.staffed import employ

API = schemathesis.openapi.from_dict(SPEC)
FEW = settings(
    max_examples=9,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
NETWORK = "192.0.2.66"
"""From here so many wrong guesses come that it is banned; the other tests are elsewhere."""
OURS = frozenset({"authorization", "content-length", "transfer-encoding", "host"})
"""Headers that the client sets itself."""


@pytest.fixture(scope="module")
def operator(house: House) -> str:
    return house.operator()


def cases(id: str, about: Mapping[str, str]) -> st.SearchStrategy[Any]:
    """Fitting and unfitting requests, about what is there and what is not."""
    path, method, _ = ROUTED[id]
    operation = API[path][method.upper()]
    strategies = [
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    ]
    if about:
        fitting = GenerationMode.POSITIVE
        strategies.append(operation.as_strategy(generation_mode=fitting, path_parameters=about))
    return st.one_of(strategies)


def send(ask: Client, case: Any, key: str) -> httpx.Response:
    headers = {k: v for k, v in dict(case.headers or {}).items() if k.lower() not in OURS}
    sent = {k: str(v).encode("utf-8", "replace") for k, v in headers.items() if _sendable(str(v))}
    content: dict[str, Any] = {}
    if isinstance(case.body, bytes):
        content = {"content": case.body}
        sent.setdefault("Content-Type", b"application/json")
    elif case.media_type and case.body is not NOT_SET:
        content = {"json": case.body}
    params = {k: v for k, v in dict(case.query or {}).items() if v is not None}
    sent["X-Forwarded-For"] = NETWORK.encode()
    path = f"/api/v1{case.formatted_path}"
    return ask(case.method, path, key=key, params=params or None, headers=sent, **content)


def _sendable(value: str) -> bool:
    return not set(value) & set("\r\n\x00")


@pytest.mark.slow
@pytest.mark.parametrize("id", ROUTED)
def test_no_request_is_our_fault(
    ask: Client, house: House, shop: Tenant, operator: str, id: str
) -> None:
    path, _, operation = ROUTED[id]
    key = operator if SCOPED.get(id) == "operator" else shop.key
    if id in OWN:
        key = employ(house, shop, "owner").token
    names = path.split("/")
    there = asked(id, shop).path.partition("?")[0].removeprefix("/api/v1").split("/")
    about = {n[1:-1]: v for n, v in zip(names, there, strict=True) if n.startswith("{")}

    @FEW
    @given(cases(id, about))
    def run(case: Any) -> None:
        answer = send(ask, case, key)
        status = answer.status_code
        assert status < 500, f"{case.method} {case.formatted_path} {case.body!r}: {answer.text}"
        assert str(status) in operation["responses"] or status in (404, 405, 413, 415), answer.text
        if status >= 400:
            is_problem(answer, status)

    run()
