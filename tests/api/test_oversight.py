"""The door's policy, sessions, who was refused, readiness and keys, through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.asking import is_problem, reasons, versioned
from tests.api.client import Client
from tests.api.house import House
from tests.api.planted import make_ready
from tests.api.shop import Shop
from tests.api.staffed import employ

HERE = "203.0.113.0/24"
"""Where the requests of these tests come from."""
NOBODY = "0193b0a2-1a0d-7c3e-9a41-5d2f8e6b1a0d"


# --- the sign-in policy ----------------------------------------------------------------------


def test_a_policy_is_set_by_who_has_seen_it(fresh: Shop) -> None:
    seen = fresh("GET", "/security/policy")
    assert (seen.json()["version"], seen.headers["etag"]) == (0, '"0"')
    body = {"idle_minutes": 15, "keys": {"networks": [HERE], "countries": []}}
    is_problem(fresh("PUT", "/security/policy", body), 428)
    kept = fresh("PUT", "/security/policy", body, versioned(seen))
    assert (kept.status_code, kept.json()["version"]) == (200, 1)
    assert kept.json()["keys"] == body["keys"]
    assert fresh("GET", "/security/policy").json() == kept.json()
    is_problem(fresh("PUT", "/security/policy", body, versioned(seen)), 412)


def test_a_policy_that_shuts_its_author_out_is_tried_refused_and_forced(fresh: Shop) -> None:
    body = {"keys": {"networks": ["192.0.2.0/24"], "countries": []}}
    tried = fresh("POST", "/security/policy/check", body).json()["items"]
    assert [harm["field"] for harm in tried] == ["keys.networks"]
    seen = versioned(fresh("GET", "/security/policy"))
    refused = fresh("PUT", "/security/policy", body, seen)
    assert is_problem(refused, 409)["type"].endswith(":needs-force")
    assert reasons(refused) == {harm["field"]: harm["reason"] for harm in tried}
    assert fresh("PUT", "/security/policy", {**body, "force": True}, seen).status_code == 200
    is_problem(fresh("GET", "/security/policy"), 403)


def test_a_person_is_warned_of_what_would_shut_them_out(
    it: Shop, ask: Client, house: House
) -> None:
    """Their address is in Turkey; a second factor they have not set up."""
    token = employ(house, it.tenant, "owner").token

    def warned(body: dict[str, Any]) -> set[str]:
        answer = ask("POST", "/api/v1/security/policy/check", key=token, json=body)
        return {harm["field"] for harm in answer.json()["items"]}

    assert warned({"people": {"networks": [HERE], "countries": ["TR"]}}) == set()
    assert warned({"people": {"networks": [], "countries": ["DE"]}}) == {"people.countries"}
    assert warned({"keys": {"networks": ["192.0.2.0/24"], "countries": []}}) == set()
    assert warned({"second_factor": "required"}) == {"second_factor"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"people": {"networks": ["192.0.2.7/24"], "countries": []}}, "people.networks"),
        ({"second_factor": "roles"}, "second_factor_roles"),
        ({"second_factor": "roles", "second_factor_roles": ["queen"]}, "second_factor_roles"),
        ({"break_glass": NOBODY}, "break_glass"),
        ({"sms_channel": NOBODY}, "sms_channel"),
        ({"local": False}, "break_glass"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_by_field(
    fresh: Shop, body: dict[str, Any], field: str
) -> None:
    for answer in (
        fresh("PUT", "/security/policy", {**body, "force": True}, {"If-Match": '"0"'}),
        fresh("POST", "/security/policy/check", body),
    ):
        is_problem(answer, 422)
        assert list(reasons(answer)) == [field]


# --- oversight -------------------------------------------------------------------------------


def test_sessions_are_seen_and_ended(it: Shop) -> None:
    [session] = it("GET", "/security/sessions").json()["items"]
    assert session["id"] == str(it.tenant.things["session"])
    for _ in range(2):
        assert it("DELETE", f"/security/sessions/{session['id']}").status_code == 204
    path = f"/members/{it.tenant.things['member']}/sessions"
    assert it("GET", path).json()["items"] == []
    assert it("DELETE", path).json() == {"count": 0}


def test_who_was_not_let_in_is_found_by_what_is_asked(it: Shop) -> None:
    person, now = it.tenant.things["member"], "2026-11-24T09:30:00Z"
    for query, count in (
        ("", 1),
        (f"?person={person}&ip=192.0.2.7&reason=wrong_password&since={now}", 1),
        ("?reason=locked", 0),
        (f"?person={NOBODY}", 0),
        ("?since=2126-11-24T09:30:00Z", 0),
    ):
        found = it("GET", f"/security/failed-sign-ins{query}").json()["items"]
        assert len(found) == count, query


def test_the_agent_acts_alone_only_where_all_stands(fresh: Shop, house: House) -> None:
    alone, path = {"autonomous": True}, "/ai/intents/invoice"
    told = fresh("GET", "/security/readiness").json()
    lacks = [i["id"] for i in told["items"] if not i["ok"]]
    assert (told["ready"], lacks) == (
        False,
        ["owner_protected", "policy_set", "second_factor", "hand_over"],
    )
    refused = fresh("PUT", path, alone)
    assert is_problem(refused, 409)["type"].endswith(":not-ready")
    assert list(reasons(refused)) == lacks
    make_ready(house, fresh.tenant)
    told = fresh("GET", "/security/readiness").json()
    assert (told["ready"], {i["ok"] for i in told["items"]}) == (True, {True})
    assert fresh("PUT", path, alone).json()["autonomous"] is True
    assert fresh("PUT", path, {"autonomous": False}).json()["autonomous"] is False


# --- API keys --------------------------------------------------------------------------------


def test_a_key_is_rotated_while_programs_change_over(
    ask: Client, fresh: Shop, house: House
) -> None:
    old = fresh.tenant.key
    [key] = fresh("GET", "/auth/api-keys").json()["items"]
    turned = fresh("POST", f"/auth/api-keys/{key['id']}/rotate", {"overlap_hours": 2})
    assert turned.status_code == 200
    new = turned.json()["secret"]
    for secret in (old, new):
        assert ask("GET", "/api/v1/tenant", key=secret).status_code == 200
    house.clock.pass_(timedelta(hours=2))
    assert ask("GET", "/api/v1/tenant", key=new).status_code == 200
    is_problem(ask("GET", "/api/v1/tenant", key=old), 401)
    [kept] = ask("GET", "/api/v1/auth/api-keys", key=new).json()["items"]
    assert "secret" not in kept
    assert kept["hint"] == new[:10]


def test_a_key_opens_from_inside_its_fence_alone(ask: Client, fresh: Shop) -> None:
    for networks, status in (([HERE], 200), (["192.0.2.0/24"], 403)):
        fence = {"networks": networks, "countries": []}
        body = {"name": "fenced", "scopes": ["tenant.read"], "fence": fence}
        secret = fresh("POST", "/auth/api-keys", body).json()["secret"]
        assert ask("GET", "/api/v1/tenant", key=secret).status_code == status


def test_keys_have_scopes_of_their_own(ask: Client, house: House) -> None:
    owner = house.tenant()
    for scope in ("keys.read", "keys.write"):
        key = owner.key_without(scope)
        method, path = ("GET", "") if scope == "keys.read" else ("DELETE", f"/{NOBODY}")
        said = is_problem(ask(method, f"/api/v1/auth/api-keys{path}", key=key), 403)
        assert scope in said["detail"]
