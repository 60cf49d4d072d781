"""SCIM as a directory speaks it, through the whole application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from core.identity.policy import Fence, KeptPolicy, SignInPolicy
from core.identity.sso import Rules
from core.policies.roles import OWNER
from entrypoints.http import spec
from entrypoints.http.bodies import LONGEST
from entrypoints.http.scim_schemas import GROUP, USER
from tests.adapters.realms import connection
from tests.api.browsing import joined, signed_in
from tests.api.client import Client
from tests.api.house import House, Tenant

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Directory:
    ask: Client
    tenant: Tenant
    key: str

    def __call__(
        self, method: str, path: str, json: Any = None, headers: Mapping[str, str] = {}, **more: Any
    ) -> httpx.Response:
        told = {"Content-Type": "application/scim+json", **headers}
        return self.ask(method, f"/scim/v2{path}", key=self.key, json=json, headers=told, **more)

    def user(self, who: str, /, **more: Any) -> dict[str, Any]:
        body = {"schemas": [USER], "userName": f"{who}@deniz.example", "active": True, **more}
        answer = self("POST", "/Users", body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def group(self, name: str, *members: str) -> dict[str, Any]:
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": m} for m in members]}
        answer = self("POST", "/Groups", body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def patch(self, path: str, *operations: Any, **headers: str) -> httpx.Response:
        body = {"schemas": [PATCH], "Operations": list(operations)}
        return self("PATCH", path, body, headers)

    def found(self, filter: str, of: str = "Users") -> list[dict[str, Any]]:
        answer = self("GET", f"/{of}", params={"filter": filter})
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert said["totalResults"] == len(said["Resources"])
        return list(said["Resources"])


@pytest.fixture
def directory(ask: Client, house: House) -> Directory:
    tenant = house.tenant()
    return Directory(ask, tenant, tenant.key_with("directory.write"))


def is_refused(answer: httpx.Response, status: int, kind: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/scim+json"
    said: dict[str, Any] = answer.json()
    assert (said["schemas"], said["status"], said.get("scimType")) == ([ERROR], str(status), kind)
    assert said["detail"]
    return said


# --- out at once -----------------------------------------------------------------------------


@pytest.mark.parametrize("off", [False, "False"])
def test_whoever_is_deactivated_is_out_within_a_minute(
    ask: Client, house: House, directory: Directory, off: Any
) -> None:
    """At once, in fact: neither the access token nor the refresh token opens anything any more."""
    joined(ask, house, directory.tenant, "deniz", OWNER)
    ali = signed_in(ask, house, directory.tenant, "ali", "agent")
    page = ali.browser
    assert page("GET", "/inbox/conversations").status_code == 200
    began = house.clock.now()
    [user] = directory.found(f'userName eq "{ali.email.upper()}"')
    change = {"op": "Replace", "path": "active", "value": off}
    assert directory.patch(f"/Users/{user['id']}", change).json()["active"] is False
    assert page("GET", "/inbox/conversations").status_code == 401
    assert page("POST", "/auth/refresh").status_code == 401
    assert ali.log_in().status_code == 401
    assert house.clock.now() - began < timedelta(seconds=60)
    sessions = ask("GET", f"/api/v1/members/{ali.id}/sessions", key=directory.tenant.key).json()[
        "items"
    ]
    assert sessions == []


def test_whoever_is_removed_is_out_and_no_member(
    ask: Client, house: House, directory: Directory
) -> None:
    ali = signed_in(ask, house, directory.tenant, "ali", "agent")
    assert directory("DELETE", f"/Users/{ali.id}").status_code == 204
    assert ali.browser("GET", "/inbox/conversations").status_code == 401
    is_refused(directory("GET", f"/Users/{ali.id}"), 404)
    is_refused(directory("DELETE", f"/Users/{ali.id}"), 404)
    assert ask("GET", f"/api/v1/members/{ali.id}", key=directory.tenant.key).status_code == 404


def test_whoever_comes_back_signs_in_again(ask: Client, house: House, directory: Directory) -> None:
    ali = signed_in(ask, house, directory.tenant, "ali", "agent")
    for active in (False, True):
        directory.patch(f"/Users/{ali.id}", {"op": "replace", "value": {"active": active}})
    assert ali.browser("GET", "/inbox/conversations").status_code == 401
    assert ali.log_in().status_code == 200


def test_the_last_owner_stays(ask: Client, house: House, directory: Directory) -> None:
    deniz = joined(ask, house, directory.tenant, "deniz", OWNER)
    off = {"op": "replace", "path": "active", "value": False}
    said = is_refused(directory.patch(f"/Users/{deniz.id}", off), 409)
    assert "last active owner" in said["detail"]
    is_refused(directory("DELETE", f"/Users/{deniz.id}"), 409)


# --- users -----------------------------------------------------------------------------------


def test_a_user_is_a_member_whom_the_directory_manages(ask: Client, directory: Directory) -> None:
    made = directory.user(
        "ada", externalId="E-1", name={"givenName": "Ada", "familyName": "Çelik"}, title="Müdür"
    )
    member = ask("GET", f"/api/v1/members/{made['id']}", key=directory.tenant.key).json()
    assert (member["email"], member["name"]) == ("ada@deniz.example", "Ada Çelik")
    assert (member["state"], member["roles"], member["managed"]) == ("active", ["agent"], True)
    assert made["emails"] == [{"value": "ada@deniz.example", "type": "work", "primary": True}]
    assert (made["displayName"], made["active"]) == ("Ada Çelik", True)
    assert "title" not in made


def test_the_name_in_the_directory_and_the_address_may_differ(directory: Directory) -> None:
    made = directory.user(
        "ADA",
        emails=[{"value": "x@deniz.example"}, {"value": "Ada.C@deniz.example", "primary": True}],
    )
    assert made["userName"] == "ada@deniz.example"
    for known_by in (
        'userName eq "Ada@Deniz.Example"',
        'emails eq "ada.c@deniz.example"',
        'emails[type eq "work" and value eq "ada.c@deniz.example"]',
        f'id eq "{made["id"]}"',
        'active eq true and displayName eq "ada.c"',
    ):
        assert [user["id"] for user in directory.found(known_by)] == [made["id"]]
    for other in (
        'userName eq "ada.c@deniz.example"',
        'emails eq "ada@deniz.example"',
        'userName eq "ada@deniz.example" and active eq false',
        'id eq "ada"',
        'userName eq "çağ"',
    ):
        assert directory.found(other) == []


def test_a_user_is_replaced_as_a_whole(directory: Directory) -> None:
    made = directory.user("ada", externalId="E-1", name={"givenName": "Ada"}, displayName="Ada")
    body = {"schemas": [USER], "userName": "adil@deniz.example", "displayName": "Adil"}
    after = directory("PUT", f"/Users/{made['id']}", body).json()
    assert after["userName"] == "adil@deniz.example"
    assert {"externalId", "name"}.isdisjoint(after)
    assert after["meta"]["version"] == 'W/"2"'


def test_saying_nothing_of_active_lets_nobody_in(directory: Directory) -> None:
    made = directory.user("ada")
    directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})
    body = {"schemas": [USER], "userName": "ada@deniz.example"}
    assert directory("PUT", f"/Users/{made['id']}", body).json()["active"] is False


def test_a_name_that_was_made_of_its_parts_changes_with_them(directory: Directory) -> None:
    made = directory.user("ada", name={"givenName": "Ada", "familyName": "Çelik"})
    change = {"op": "replace", "path": "name.familyName", "value": "Yılmaz"}
    after = directory.patch(f"/Users/{made['id']}", change).json()
    assert after["displayName"] == "Ada Yılmaz"
    change = {"op": "replace", "path": "displayName", "value": "Ada Hanım"}
    after = directory.patch(f"/Users/{made['id']}", change).json()
    assert (after["displayName"], after["name"]["familyName"]) == ("Ada Hanım", "Yılmaz")


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"userName": None}, "invalidValue"),
        ({"userName": "ada"}, "invalidValue"),
        ({"emails": [{"value": "nobody"}]}, "invalidValue"),
        ({"active": "perhaps"}, "invalidValue"),
        ({"displayName": "a" * 300}, "invalidValue"),
        ({"displayName": ["a"]}, "invalidValue"),
        ({"emails": [5]}, "invalidValue"),
        ({"USERNAME": "other@deniz.example"}, "invalidSyntax"),
    ],
)
def test_what_cannot_be_is_refused(directory: Directory, wrong: dict[str, Any], kind: str) -> None:
    body = {"schemas": [USER], "userName": "ada@deniz.example", **wrong}
    is_refused(directory("POST", "/Users", body), 400, kind)


def test_nobody_is_a_member_twice(directory: Directory) -> None:
    directory.user("ada")
    body = {"schemas": [USER], "userName": "ADA@deniz.example"}
    is_refused(directory("POST", "/Users", body), 409, "uniqueness")


def test_a_list_goes_on_where_it_was_left(directory: Directory) -> None:
    made = [directory.user(f"p{n}")["id"] for n in range(5)]
    pages = [
        directory("GET", "/Users", params={"startIndex": start, "count": 2}).json()
        for start in (0, 3, 5, 9)
    ]
    assert [[u["id"] for u in page["Resources"]] for page in pages] == [
        made[:2], made[2:4], made[4:], [],
    ]  # fmt: skip
    assert {page["totalResults"] for page in pages} == {5}
    none = directory("GET", "/Users", params={"count": -1}).json()
    assert (none["Resources"], none["totalResults"]) == ([], 5)
    is_refused(directory("GET", "/Users", params={"count": "many"}), 400, "invalidValue")


def test_an_answer_holds_what_was_asked_for(directory: Directory) -> None:
    made = directory.user("ada", name={"givenName": "Ada", "familyName": "Çelik"}, active=False)
    path = f"/Users/{made['id']}"
    some = directory("GET", path, params={"attributes": f"{USER}:name.givenName,Active"}).json()
    assert some == {
        "schemas": [USER], "id": made["id"], "name": {"givenName": "Ada"}, "active": False,
    }  # fmt: skip
    others = directory("GET", path, params={"excludedAttributes": "emails,name.familyName,id"})
    assert others.json() == {
        **{n: v for n, v in made.items() if n != "emails"}, "name": {"givenName": "Ada"},
    }  # fmt: skip


# --- versions --------------------------------------------------------------------------------


def test_nobody_overwrites_what_they_have_not_seen(directory: Directory) -> None:
    made, group = directory.user("ada"), directory.group("Gece")
    for path, member in ((f"/Groups/{group['id']}", made["id"]), (f"/Users/{made['id']}", None)):
        first = directory("GET", path)
        tag = first.headers["etag"]
        assert first.json()["meta"]["version"] == tag
        known = directory("GET", path, headers={"If-None-Match": tag})
        assert (known.status_code, known.content) == (304, b"")
        change = {"op": "replace", "path": "displayName", "value": "Adil"}
        if member:
            change = {"op": "add", "path": "members", "value": [{"value": member}]}
        done = directory.patch(path, change, **{"If-Match": tag})
        assert done.status_code in (200, 204)
        assert done.headers["etag"] != tag
        is_refused(directory.patch(path, change, **{"If-Match": tag}), 412)
        is_refused(directory("DELETE", path, headers={"If-Match": tag}), 412)
        assert directory("GET", path, headers={"If-None-Match": tag}).status_code == 200
        assert directory("DELETE", path, headers={"If-Match": "*"}).status_code == 204


# --- groups ----------------------------------------------------------------------------------


def test_a_group_is_a_team(ask: Client, directory: Directory) -> None:
    ada, adil = directory.user("ada"), directory.user("adil")
    group = directory.group("Gece", ada["id"])
    teams = ask("GET", "/api/v1/teams", key=directory.tenant.key).json()["items"]
    assert [(t["id"], t["name"]) for t in teams] == [(group["id"], "Gece")]
    path = f"/Groups/{group['id']}"
    add = {"op": "Add", "path": "members", "value": [{"value": adil["id"]}]}
    drop = {"op": "Remove", "path": f'members[value eq "{ada["id"]}"]'}
    assert directory.patch(path, add, drop).status_code == 204
    [member] = directory("GET", path).json()["members"]
    assert (member["value"], member["type"]) == (adil["id"], "User")
    assert directory("GET", member["$ref"].partition("/scim/v2")[2]).json()["groups"] == [
        {
            "value": group["id"],
            "$ref": f"https://house.example/scim/v2{path}",
            "display": "Gece",
        }
    ]
    assert directory.found('displayName eq "gece"', "Groups")[0]["id"] == group["id"]
    assert directory.found(f'members.value eq "{adil["id"]}"', "Groups")[0]["id"] == group["id"]
    lean = directory("GET", path, params={"excludedAttributes": "members"}).json()
    assert "members" not in lean
    assert directory("DELETE", path).status_code == 204
    assert "groups" not in directory("GET", f"/Users/{adil['id']}").json()


def test_a_group_that_single_sign_on_maps_gives_its_role(
    ask: Client, house: House, directory: Directory
) -> None:
    """Also to somebody whom a colleague had put into the team, as soon as the directory says so."""
    rules = Rules(role_claim="groups", role_map={"Leads": "supervisor"})
    with house.works(directory.tenant.id) as work:
        work.sso.add(replace(connection(), rules=rules))
        work.commit()
    ada, adil = directory.user("ada"), directory.user("adil")
    group = directory.group("Leads", adil["id"])
    ask(
        "PATCH",
        f"/api/v1/members/{ada['id']}",
        key=directory.tenant.key,
        json={"teams": [group["id"]]},
        headers={"If-Match": '"1"'},
    )

    def roles() -> list[list[str]]:
        found = (
            ask("GET", f"/api/v1/members/{user['id']}", key=directory.tenant.key)
            for user in (ada, adil)
        )
        return [member.json()["roles"] for member in found]

    assert roles() == [["agent"], ["supervisor"]]
    add = {"op": "add", "path": "members", "value": [{"value": ada["id"]}]}
    directory.patch(f"/Groups/{group['id']}", add)
    assert roles() == [["supervisor"], ["supervisor"]]
    directory("DELETE", f"/Groups/{group['id']}")
    assert roles() == [["agent"], ["agent"]]


def test_a_group_holds_users_alone(directory: Directory) -> None:
    group = directory.group("Gece")
    for value in (str(uuid4()), group["id"], "ada"):
        add = {"op": "add", "path": "members", "value": [{"value": value}]}
        is_refused(directory.patch(f"/Groups/{group['id']}", add), 400, "invalidValue")
    is_refused(directory("POST", "/Groups", {"schemas": [GROUP]}), 400, "invalidValue")
    is_refused(directory("POST", "/Groups", {"displayName": "Gece"}), 409, "uniqueness")


def test_two_who_fill_a_group_at_once_both_do(ask: Client, directory: Directory) -> None:
    group = directory.group("Gece")
    users = [directory.user(f"p{n}")["id"] for n in range(6)]
    body = {
        "Operations": [{"op": "add", "path": "members", "value": [{"value": u} for u in users]}]
    }
    answers = ask.many(
        6,
        "PATCH",
        f"/scim/v2/Groups/{group['id']}",
        json=body,
        headers={"Authorization": f"Bearer {directory.key}"},
    )
    assert {answer.status_code for answer in answers} == {204}
    filled = directory("GET", f"/Groups/{group['id']}").json()["members"]
    assert sorted(m["value"] for m in filled) == sorted(users)


# --- who may knock ---------------------------------------------------------------------------


PATHS = ["/Users", "/Groups", "/ServiceProviderConfig", "/ResourceTypes", "/Schemas"]


@pytest.mark.parametrize("path", PATHS)
def test_nobody_gets_in_without_a_key_of_the_scope(
    ask: Client, house: House, directory: Directory, path: str
) -> None:
    bare = ask("GET", f"/scim/v2{path}")
    is_refused(bare, 401)
    assert bare.headers["www-authenticate"].startswith("Bearer")
    for key in ("ivk_nobodys", "Basic x"):
        is_refused(ask("GET", f"/scim/v2{path}", key=key), 401)
    basic = ask("GET", f"/scim/v2{path}", headers={"Authorization": f"Basic {directory.key}"})
    is_refused(basic, 401)
    others = replace(directory, key=directory.tenant.key_without("directory.write"))
    assert "directory.write" in is_refused(others("GET", path), 403)["detail"]


def test_another_sellers_people_are_not_there(
    house: House, directory: Directory, ask: Client
) -> None:
    made, group = directory.user("ada"), directory.group("Gece")
    stranger = house.tenant()
    other = Directory(ask, stranger, stranger.key_with("directory.write"))
    assert other("GET", "/Users").json()["totalResults"] == 0
    assert other.found(f'id eq "{made["id"]}"') == []
    change = {"op": "replace", "value": {"displayName": "x"}}
    for path in (f"/Users/{made['id']}", f"/Groups/{group['id']}"):
        is_refused(other("GET", path), 404)
        is_refused(other.patch(path, change), 404)
        is_refused(other("DELETE", path), 404)
    taken = other("POST", "/Groups", {"displayName": "x", "members": [{"value": made["id"]}]})
    is_refused(taken, 400, "invalidValue")


def test_the_fence_for_keys_stands_here_too(house: House, directory: Directory) -> None:
    with house.works(directory.tenant.id) as work:
        work.policy.save(KeptPolicy(SignInPolicy(keys=Fence(networks=("192.0.2.0/24",))), 1))
        work.commit()
    is_refused(directory("GET", "/Users"), 403)


@contextmanager
def used_up(house: House, key: UUID) -> Iterator[None]:
    house.limits.waits[key] = 7.0
    yield
    del house.limits.waits[key]


def test_whoever_has_used_up_their_share_waits(house: House, directory: Directory) -> None:
    with house.works(directory.tenant.id) as work:
        [key] = [k for k in work.api_keys.all() if k.scopes == ("directory.write",)]
    with used_up(house, key.id):
        answer = directory("GET", "/Users")
    is_refused(answer, 429)
    assert answer.headers["retry-after"] == "7"


# --- what does not fit -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/Nothing", 404),
        ("GET", "", 404),
        ("GET", "/Users/", 404),
        ("GET", "/Users/nobody", 404),
        ("GET", "/Users/%00", 404),
        ("GET", "/Schemas/", 404),
        ("GET", "/Users/00000000-0000-4000-8000-000000000000/groups", 404),
        ("GET", "/Schemas/nothing", 404),
        ("PATCH", "/Users", 405),
        ("POST", "/Schemas", 405),
        ("POST", "/Bulk", 501),
        ("POST", "/.search", 501),
        ("POST", "/Users/.search", 501),
        ("GET", "/Me", 501),
    ],
)
def test_what_is_not_here_is_said_in_scims_words(
    directory: Directory, method: str, path: str, status: int
) -> None:
    answer = directory(method, path)
    is_refused(answer, status)
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "invalidSyntax"),
        (b"[]", 400, "invalidSyntax"),
        (b"{", 400, "invalidSyntax"),
        (b'{"userName": "a@b.example", "userName": "c@d.example"}', 400, "invalidSyntax"),
        (b'{"userName": "a\\u0000@b.example"}', 400, "invalidSyntax"),
        (b'{"userName": "\\ud800"}', 400, "invalidSyntax"),
        (b"\xff", 400, "invalidSyntax"),
        (b"[" * 100_000, 400, "invalidSyntax"),
        (b" " * (LONGEST + 1), 413, None),
    ],
)
def test_hostile_bodies_are_refused(
    ask: Client, directory: Directory, body: bytes, status: int, kind: str | None
) -> None:
    for method, path in (("POST", "/Users"), ("PUT", f"/Users/{uuid4()}")):
        headers = {"Content-Type": "application/scim+json"}
        answer = ask(method, f"/scim/v2{path}", key=directory.key, content=body, headers=headers)
        is_refused(answer, status, kind)


def test_a_body_is_json(directory: Directory) -> None:
    xml = {"Content-Type": "application/xml"}
    is_refused(directory("POST", "/Users", {"userName": "x"}, xml), 415)
    plain = {"Content-Type": "application/json; charset=utf-8"}
    made = directory("POST", "/Users", {"userName": f"{uuid4().hex}@deniz.example"}, plain)
    assert made.status_code == 201


@pytest.mark.parametrize("query", ["filter=%00", "filter=%ff", 'filter=title eq "x"', "x=1&" * 99])
def test_hostile_queries_are_refused(directory: Directory, query: str) -> None:
    assert directory("GET", f"/Users?{query}").status_code == 400


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"])
def test_what_describes_is_not_searched(directory: Directory, path: str) -> None:
    is_refused(directory("GET", path, params={"filter": 'id eq "x"'}), 403)


def test_the_schemas_are_told_one_by_one_and_together(directory: Directory) -> None:
    for collection in ("Schemas", "ResourceTypes"):
        listed = directory("GET", f"/{collection}").json()["Resources"]
        assert len(listed) == 2
        for each in listed:
            path = each["meta"]["location"].partition("/scim/v2")[2]
            assert directory("GET", path).json() == each


def test_the_specification_tells_of_the_scope() -> None:
    told = [o for path, _, o in spec.operations(spec.load()) if path.startswith("/scim/")]
    assert len(told) == 17
    assert {operation["x-scope"] for operation in told} == {"directory.write"}
