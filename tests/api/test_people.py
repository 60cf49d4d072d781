"""People, their roles and teams, through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core.policies.roles import BUILT_IN, OWNER, PERMISSIONS
from core.shared.actor import RECENT, SCOPES
from tests.api.asking import SPEC, is_problem, reasons, versioned
from tests.api.client import Client
from tests.api.house import House
from tests.api.shop import Shop
from tests.api.staffed import employ

NOBODY = "0193b0a2-1a0d-7c3e-9a41-5d2f8e6b1a0d"


def letters(house: House, tenant: UUID) -> int:
    """How many the seller owes."""
    lookups: Any = house.http.lookups
    due = lookups.due_letters(house.clock.now(), timedelta(), 999)
    return [seller for seller, _ in due].count(tenant)


def test_the_specification_knows_every_scope_and_permission() -> None:
    schemas = SPEC["components"]["schemas"]
    assert schemas["Scope"]["enum"] == list(SCOPES)
    assert schemas["PermissionName"]["enum"] == list(PERMISSIONS)


# --- what is decided counts from the next request on -----------------------------------------


def test_a_role_that_changes_changes_who_has_it_at_once(
    it: Shop, ask: Client, house: House
) -> None:
    token = employ(house, it.tenant, "packing").token
    assert ask("GET", "/api/v1/orders", key=token).status_code == 200
    body = {"title": "Packing", "permissions": ["tenant.read"]}
    changed = it("PUT", "/roles/packing", body, versioned(it("GET", "/roles/packing")))
    assert changed.status_code == 200
    assert "inbox.read" in is_problem(ask("GET", "/api/v1/orders", key=token), 403)["detail"]
    assert ask("GET", "/api/v1/tenant", key=token).status_code == 200


@pytest.mark.parametrize("how", ["suspend", "remove", "end"])
def test_whose_membership_or_session_ends_is_out_at_once(
    it: Shop, ask: Client, house: House, how: str
) -> None:
    worker = employ(house, it.tenant, "agent")
    assert ask("GET", "/api/v1/orders", key=worker.token).status_code == 200
    path = f"/members/{worker.person}"
    ended = {
        "suspend": lambda: it("POST", f"{path}/suspend"),
        "remove": lambda: it("DELETE", path),
        "end": lambda: it("DELETE", f"/security/sessions/{worker.session}"),
    }[how]()
    assert ended.status_code in (200, 204)
    is_problem(ask("GET", "/api/v1/orders", key=worker.token), 401)


def test_what_leads_further_needs_a_recent_proof(it: Shop, ask: Client, house: House) -> None:
    token = employ(house, it.tenant, OWNER).token
    [key, *_] = it("GET", "/auth/api-keys").json()["items"]
    house.clock.pass_(RECENT)
    for method, path, body in (
        ("POST", "members/invitations", {"email": "b@deniz.example", "roles": [OWNER]}),
        ("PUT", "roles/lead", {"title": "Lead", "permissions": ["members.write"]}),
        ("POST", "auth/api-keys", {"name": "k", "scopes": ["tenant.read"]}),
        ("POST", f"auth/api-keys/{key['id']}/rotate", {}),
        ("DELETE", f"auth/api-keys/{key['id']}", None),
        ("PUT", "security/policy", {}),
    ):
        headers = {"If-Match": '"1"'} if path == "security/policy" else {}
        answer = ask(method, f"/api/v1/{path}", key=token, json=body, headers=headers)
        assert is_problem(answer, 403)["type"].endswith(":proof-needed"), path
    harmless = {"email": "c@deniz.example", "roles": ["agent"]}
    answer = ask("POST", "/api/v1/members/invitations", key=token, json=harmless)
    assert answer.status_code == 201


# --- members ---------------------------------------------------------------------------------


def test_somebody_is_invited_again_and_withdrawn(it: Shop, house: House) -> None:
    before = letters(house, it.tenant.id)
    body = {"email": " Can@Deniz.example ", "name": "Can", "roles": ["agent"]}
    made = it("POST", "/members/invitations", body)
    assert made.status_code == 201
    guest = made.json()
    assert (guest["email"], guest["state"]) == ("can@deniz.example", "invited")
    is_problem(it("POST", "/members/invitations", body), 409)
    assert it("POST", f"/members/invitations/{guest['id']}/again").status_code == 200
    assert letters(house, it.tenant.id) == before + 2
    assert it("DELETE", f"/members/invitations/{guest['id']}").status_code == 204
    is_problem(it("GET", f"/members/{guest['id']}"), 404)
    is_problem(it("DELETE", f"/members/invitations/{guest['id']}"), 404)


def test_an_invitation_sent_twice_with_a_key_is_one(it: Shop, house: House) -> None:
    before, body = letters(house, it.tenant.id), {"email": "can@x.example", "roles": ["agent"]}
    first, second = (
        it("POST", "/members/invitations", body, {"Idempotency-Key": "once"}) for _ in range(2)
    )
    assert (first.status_code, first.content) == (201, second.content)
    assert letters(house, it.tenant.id) == before + 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "nobody", "roles": ["agent"]}, "email"),
        ({"email": "\uff41yse@deniz.example", "roles": ["agent"]}, "email"),
        ({"email": "a@deniz.example", "roles": ["queen"]}, "roles"),
        ({"email": "a@deniz.example", "roles": ["agent"], "teams": [NOBODY]}, "teams"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_by_field(
    it: Shop, body: dict[str, Any], field: str
) -> None:
    answer = it("POST", "/members/invitations", body)
    is_problem(answer, 422)
    assert list(reasons(answer)) == [field]
    assert "queen" not in answer.text


def test_nobody_invites_an_owner_without_being_able_to_do_it_all(
    ask: Client, house: House, it: Shop
) -> None:
    key = it.tenant.key_without("journal.write")
    body = {"email": "boss@deniz.example", "roles": [OWNER]}
    said = is_problem(ask("POST", "/api/v1/members/invitations", key=key, json=body), 403)
    assert "journal.write" in said["detail"]


def test_a_member_is_changed_by_who_has_seen_them(it: Shop) -> None:
    path = f"/members/{it.tenant.things['member']}"
    seen = versioned(it("GET", path))
    is_problem(it("PATCH", path, {"name": "Ali Can"}), 428)
    changed = it("PATCH", path, {"roles": ["supervisor"]}, seen)
    assert changed.json()["roles"] == ["supervisor"]
    assert changed.json()["name"] == "Ali"
    assert changed.headers["etag"] == '"2"'
    is_problem(it("PATCH", path, {"name": "Ali Can"}, seen), 412)


def test_members_are_found_by_what_is_asked(it: Shop) -> None:
    def found(query: str) -> set[str]:
        return {m["name"] for m in it("GET", f"/members?{query}").json()["items"]}

    assert found("state=invited") == {"Guest"}
    assert found("role=owner") == {"Deniz"}
    assert found(f"team={it.tenant.things['team']}") == {"Ali"}
    assert found("text=AL%C4%B0") == {"Ali"}
    assert found(f"team={NOBODY}") == set()
    first = it("GET", "/members?limit=2").json()
    rest = it("GET", f"/members?limit=2&cursor={first['cursor']}").json()
    assert len(first["items"] + rest["items"]) == 3


def test_who_is_suspended_has_no_session_left(it: Shop, house: House) -> None:
    path = f"/members/{it.tenant.things['member']}"
    assert len(it("GET", f"{path}/sessions").json()["items"]) == 1
    assert it("POST", f"{path}/suspend").json()["state"] == "suspended"
    assert it("GET", f"{path}/sessions").json()["items"] == []
    assert it("GET", "/security/sessions").json()["items"] == []
    assert it("POST", f"{path}/reactivate").json()["state"] == "active"
    with house.works(it.tenant.id) as work:
        session = work.sessions.get(it.tenant.things["session"])
    assert session
    assert session.ended_why == "membership_ended"


def test_the_last_owner_cannot_be_lost(it: Shop) -> None:
    [owner] = it("GET", "/members?role=owner").json()["items"]
    path = f"/members/{owner['id']}"
    seen = versioned(it("GET", path))
    for answer in (
        it("DELETE", path),
        it("POST", f"{path}/suspend"),
        it("PATCH", path, {"roles": ["agent"]}, seen),
    ):
        assert "last active owner" in is_problem(answer, 409)["detail"]


def test_the_operator_opens_a_tenant_with_an_owner(ask: Client, house: House) -> None:
    body = {"name": "Ege", "owner": "Ayse@Ege.example"}
    made = ask("POST", "/api/v1/operator/tenants", key=house.operator(), json=body)
    assert made.status_code == 201
    opened, key = made.json(), made.json()["api_key"]["secret"]
    assert (opened["owner"]["email"], opened["owner"]["roles"]) == ("ayse@ege.example", [OWNER])
    assert letters(house, UUID(opened["tenant"]["id"])) == 1
    [owner] = ask("GET", "/api/v1/members", key=key).json()["items"]
    assert owner == opened["owner"]


def test_an_owner_who_cannot_be_written_to_opens_no_tenant(ask: Client, house: House) -> None:
    lookups: Any = house.http.lookups
    before = lookups.tenants()
    body = {"name": "Ege", "owner": "nobody"}
    is_problem(ask("POST", "/api/v1/operator/tenants", key=house.operator(), json=body), 422)
    assert lookups.tenants() == before


# --- roles and teams -------------------------------------------------------------------------


def test_roles_are_made_of_permissions_and_changed_by_who_has_seen_them(it: Shop) -> None:
    names = [p["name"] for p in it("GET", "/permissions").json()["items"]]
    assert names == list(PERMISSIONS)
    body = {"title": "Desk", "permissions": ["inbox.write", "inbox.read"]}
    made = it("PUT", "/roles/desk", body)
    assert (made.status_code, made.json()["permissions"]) == (200, ["inbox.read", "inbox.write"])
    is_problem(it("PUT", "/roles/desk", body), 428)
    is_problem(it("PUT", "/roles/other", body, {"If-Match": '"1"'}), 412)
    assert it("PUT", "/roles/desk", body, versioned(made)).json()["version"] == 2
    shown = {r["name"]: r["built_in"] for r in it("GET", "/roles").json()["items"]}
    assert shown == {**dict.fromkeys(BUILT_IN, True), "desk": False, "packing": False}


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_built_in_role_is_neither_changed_nor_removed(it: Shop, name: str) -> None:
    answer = it("PUT", f"/roles/{name}", {"title": "Mine", "permissions": ["inbox.read"]})
    is_problem(answer, 422)
    assert list(reasons(answer)) == ["name"]
    is_problem(it("DELETE", f"/roles/{name}"), 409)


def test_a_role_counts_at_once_and_stays_while_somebody_has_it(it: Shop) -> None:
    path = f"/members/{it.tenant.things['member']}"
    it("PATCH", path, {"roles": ["packing"]}, versioned(it("GET", path)))
    is_problem(it("DELETE", "/roles/packing"), 409)
    it("PATCH", path, {"roles": ["agent"]}, versioned(it("GET", path)))
    assert it("DELETE", "/roles/packing").status_code == 204


def test_a_teams_name_is_given_once(it: Shop) -> None:
    made = it("POST", "/teams", {"name": "Late"})
    assert made.status_code == 201
    is_problem(it("POST", "/teams", {"name": "Late"}), 409)
    path = f"/teams/{made.json()['id']}"
    is_problem(it("PUT", path, {"name": "Night"}), 409)
    assert it("PUT", path, {"name": "Later"}).json()["name"] == "Later"


def test_the_members_of_a_team_that_goes_stay(it: Shop) -> None:
    things = it.tenant.things
    assert it("DELETE", f"/teams/{things['team']}").status_code == 204
    assert it("GET", f"/members/{things['member']}").json()["teams"] == []
