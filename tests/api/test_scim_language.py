"""SCIM's filters and patches: what directories write, and the same answers as a library gives that
we did not write (scim2-models)."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scim2_models import Context, PatchOp, ScimFilter, User

from entrypoints.http import scim_filter, scim_patch
from entrypoints.http.scim_schemas import GROUPS, USER, USERS
from entrypoints.http.scim_values import Refused

ADA: dict[str, Any] = {
    "schemas": [USER],
    "id": "0193b0a2-1a0d-7c3e-9a41-5d2f8e6b1a0d",
    "externalId": "E-1",
    "userName": "ada@deniz.example",
    "name": {"givenName": "Ada", "familyName": "Çelik"},
    "displayName": "Ada Çelik",
    "emails": [{"value": "ada@deniz.example", "type": "work", "primary": True}],
    "active": True,
    "meta": {"resourceType": "User", "lastModified": "2026-11-24T09:30:00Z"},
}


def holds(text: str, document: dict[str, Any] = ADA) -> bool:
    return scim_filter.parse(text, USERS).holds(document)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('userName eq "ADA@deniz.example"', True),
        ('USERNAME Eq "ada@deniz.example"', True),
        ('externalId eq "e-1"', False),
        ('externalId eq "E-1"', True),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ada"', True),
        ('emails.value co "deniz"', True),
        ('emails co "deniz"', True),
        ('emails[type eq "work" and value eq "ada@deniz.example"]', True),
        ('emails[type eq "home"]', False),
        ('emails[type eq "work"] and active eq true', True),
        ("active eq False", False),
        ('active eq "False"', False),
        ('active ne "False"', True),
        ("groups pr or active eq true", True),
        ("name pr and not (groups pr)", True),
        ('displayName ew "çelik"', True),
        ('name.givenName gt "AAA" and name.familyName le "zzz"', False),
        ('userName eq "x" or userName eq "y" or userName sw "ada" and active eq true', True),
        ('(userName eq "x" or userName sw "ada") and active eq false', False),
        ('meta.lastModified gt "2026-11-24T12:29:59+03:00"', True),
        ('meta.lastModified lt "2026-11-24T09:30:00Z"', False),
        ("externalId ne null", True),
        ("externalId eq null", False),
        ('userName eq "\\u0061da@deniz.example"', True),
    ],
)
def test_a_filter_means_what_the_rfc_says(text: str, expected: bool) -> None:
    assert holds(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName",
        "userName eq",
        "userName is 'x'",
        'userName eq "x',
        'userName eq "x" and',
        '(userName eq "x"',
        'userName eq "x")',
        'not userName eq "x"',
        'emails[type eq "work"',
        'nickName eq "x"',
        'name.nick eq "x"',
        "userName eq 5",
        'active gt "true"',
        "active eq 1",
        'name eq "x"',
        'meta.created gt "yesterday"',
        'meta.created co "2026-11-24T09:30:00Z"',
        "userName gt null",
        'userName eq "\\ud800"',
        'userName eq "\\u0000"',
        'userName eq "x" ; drop',
        "(" * 30 + 'userName eq "x"' + ")" * 30,
        'userName eq "' + "x" * 3000 + '"',
    ],
)
def test_what_is_no_filter_is_refused_in_scims_words(text: str) -> None:
    with pytest.raises(Refused) as refused:
        scim_filter.parse(text, USERS)
    assert (refused.value.status, refused.value.kind) == (400, "invalidFilter")


def test_a_key_in_a_filter_is_found() -> None:
    parsed = scim_filter.parse(
        'active eq true and emails[type eq "work" and value eq "a@b.example"]', USERS
    )
    assert dict(scim_filter.asked_by(parsed)) == {
        "emails.type": "work",
        "emails.value": "a@b.example",
    }
    either = scim_filter.parse('userName eq "a" or externalId eq "b"', USERS)
    assert dict(scim_filter.asked_by(either)) == {}


# --- as Entra and Okta write patches ---------------------------------------------------------


def patched(*operations: Any, document: dict[str, Any] = ADA) -> dict[str, Any]:
    changes = scim_patch.operations({"Operations": list(operations)}, USERS)
    return scim_patch.patched(document, changes)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "path": "active", "value": False},
        {"op": "replace", "value": {"active": False}},
        {"op": "Add", "path": "active", "value": "false"},
        {"op": "replace", "path": f"{USER}:active", "value": False},
        {"op": "replace", "value": {f"{USER}:active": "False", "id": "mine", "schemas": []}},
    ],
)
def test_entra_and_okta_switch_somebody_off(operation: dict[str, Any]) -> None:
    assert patched(operation) == {**ADA, "active": False}


def test_entra_changes_the_address_of_work() -> None:
    change = {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "a@deniz.example"}
    after = patched(change)["emails"]
    assert after == [{"value": "a@deniz.example", "type": "work", "primary": True}]


def test_entra_adds_an_address_where_there_is_none() -> None:
    bare = {name: value for name, value in ADA.items() if name != "emails"}
    change = {"op": "Add", "path": 'emails[type eq "work"].value', "value": "a@deniz.example"}
    assert patched(change, document=bare)["emails"] == [
        {"type": "work", "value": "a@deniz.example"}
    ]


def test_parts_are_changed_under_dotted_names_without_a_path() -> None:
    after = patched({"op": "replace", "value": {"name.givenName": "Adil", "displayName": "Adil"}})
    assert after["name"] == {"givenName": "Adil", "familyName": "Çelik"}
    assert after["displayName"] == "Adil"


def test_what_nobody_here_needs_is_taken_and_forgotten() -> None:
    extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    assert (
        patched(
            {"op": "add", "path": "title", "value": "Müdür"},
            {"op": "add", "path": 'addresses[type eq "work"].country', "value": "TR"},
            {"op": "add", "path": f"{extension}:department", "value": "Satış"},
            {"op": "add", "path": "name.formatted", "value": "Ada Çelik"},
            {"op": "replace", "value": {extension: {"manager": "x"}, "locale": "tr-TR"}},
        )
        == ADA
    )


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ({"op": "move", "path": "active", "value": True}, "invalidSyntax"),
        ("active", "invalidSyntax"),
        ({"op": "replace", "path": "shoeSize", "value": 43}, "invalidPath"),
        ({"op": "replace", "path": "emails[", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 'name[type eq "x"]', "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 7, "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "emails[value is x]", "value": "x"}, "invalidFilter"),
        ({"op": "replace", "path": "id", "value": "mine"}, "mutability"),
        ({"op": "replace", "path": "groups", "value": []}, "mutability"),
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "remove", "path": "active"}, "mutability"),
        ({"op": "replace", "path": "active", "value": None}, "mutability"),
        ({"op": "remove", "path": 'emails[type eq "work"]'}, "mutability"),
        ({"op": "replace", "path": "active"}, "invalidValue"),
        ({"op": "replace", "path": "active", "value": "no"}, "invalidValue"),
        ({"op": "replace", "path": "active", "value": [True]}, "invalidValue"),
        ({"op": "add", "path": "displayName", "value": {"x": 1}}, "invalidValue"),
        ({"op": "add", "path": "name", "value": "Ada"}, "invalidValue"),
        ({"op": "add", "path": "displayName"}, "invalidValue"),
        ({"op": "replace", "value": "x"}, "invalidValue"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": 'emails[type co "h"].value', "value": "x"}, "noTarget"),
    ],
)
def test_what_cannot_be_done_is_refused_in_scims_words(operation: Any, kind: str) -> None:
    with pytest.raises(Refused) as refused:
        patched(operation)
    assert (refused.value.status, refused.value.kind) == (400, kind)


@pytest.mark.parametrize("body", [{}, {"Operations": []}, {"Operations": {"op": "add"}}])
def test_a_patch_without_operations_is_none(body: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="one operation"):
        scim_patch.operations(body, USERS)


def test_a_patch_is_not_endless() -> None:
    one = {"op": "replace", "path": "active", "value": True}
    with pytest.raises(Refused) as refused:
        scim_patch.operations({"Operations": [one] * (scim_patch.MOST + 1)}, USERS)
    assert refused.value.status == 413


@pytest.mark.parametrize(
    ("operation", "left"),
    [
        ({"op": "Add", "path": "members", "value": [{"value": "c"}, {"value": "a"}]}, "abc"),
        ({"op": "add", "value": {"members": [{"value": "c"}]}}, "abc"),
        ({"op": "add", "path": "members", "value": {"value": "c"}}, "abc"),
        ({"op": "remove", "path": 'members[value eq "a"]'}, "b"),
        ({"op": "Remove", "path": "members", "value": [{"value": "a"}]}, "b"),
        ({"op": "remove", "path": 'members[value eq "z"]'}, "ab"),
        ({"op": "remove", "path": "members"}, ""),
        ({"op": "replace", "path": "members", "value": [{"value": "c"}]}, "c"),
        ({"op": "replace", "value": {"id": "g", "members": [{"value": "c"}]}}, "c"),
    ],
)
def test_members_come_and_go(operation: dict[str, Any], left: str) -> None:
    group = {"displayName": "Gece", "members": [{"value": "a"}, {"value": "b"}]}
    changes = scim_patch.operations({"Operations": [operation]}, GROUPS)
    after = scim_patch.patched(group, changes)
    assert sorted(m["value"] for m in after.get("members", [])) == list(left)
    assert group["members"] == [{"value": "a"}, {"value": "b"}]


def test_those_whom_a_patch_names_are_known() -> None:
    changes = scim_patch.operations(
        {
            "Operations": [
                {"op": "add", "path": "members", "value": [{"value": "a"}]},
                {"op": "replace", "value": {"displayName": "Gece", "members": [{"value": "b"}]}},
                {"op": "remove", "path": "members", "value": [{"value": "c"}]},
            ]
        },
        GROUPS,
    )
    assert scim_patch.named(changes, "members") == {"a", "b"}


# --- the same answers as the library ---------------------------------------------------------

WORD = st.sampled_from(["a", "b", "A", "ab", "ba", "Ab", "c"])
ADDRESS = st.builds("{}@{}.example".format, WORD, WORD)
PEOPLE = st.fixed_dictionaries(
    {"userName": WORD, "displayName": WORD},
    optional={
        "externalId": WORD,
        "active": st.booleans(),
        "name": st.fixed_dictionaries({}, optional={"givenName": WORD, "familyName": WORD}).filter(
            bool
        ),
        "emails": st.lists(
            st.fixed_dictionaries({"value": ADDRESS, "type": st.sampled_from(["work", "home"])}),
            min_size=1,
            max_size=2,
            unique_by=lambda email: email["value"],
        ),
    },
)
TEXTUAL = st.sampled_from(
    ["userName", "externalId", "displayName", "name.givenName", "name.familyName"]
)
COMPARED = st.one_of(
    st.builds(
        '{} {} "{}"'.format, TEXTUAL, st.sampled_from(["eq", "co", "sw", "ew", "gt", "le"]), WORD
    ),
    st.builds('emails.value {} "{}"'.format, st.sampled_from(["co", "sw", "ew"]), WORD),
    st.builds("{} pr".format, TEXTUAL | st.just("emails.value")),
    st.builds("active eq {}".format, st.sampled_from(["true", "false"])),
    st.builds('emails[type eq "{}" and value co "{}"]'.format, WORD | st.just("work"), WORD),
)
FILTERS = st.recursive(
    COMPARED,
    lambda inner: st.one_of(
        st.builds("({}) and {}".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=6,
)


@given(FILTERS, PEOPLE)
def test_filters_answer_as_the_library_does(text: str, person: dict[str, Any]) -> None:
    theirs = ScimFilter[User](text).match(User.model_validate({"schemas": [USER], **person}))
    assert holds(text, person) is theirs


PATCHES = st.one_of(
    st.builds(
        lambda op, path, value: {"op": op, "path": path, "value": value},
        st.sampled_from(["add", "replace"]),
        st.sampled_from(["displayName", "externalId", "name.givenName", "name.familyName"]),
        WORD,
    ),
    st.builds(
        lambda path: {"op": "remove", "path": path},
        st.sampled_from(["externalId", "name", "name.givenName", "name.familyName"]),
    ),
    st.builds(
        lambda value: {"op": "replace", "path": 'emails[type eq "work"].value', "value": value},
        ADDRESS,
    ),
    st.builds(lambda on: {"op": "replace", "path": "active", "value": on}, st.booleans()),
    st.builds(
        lambda op, value: {"op": op, "value": value},
        st.sampled_from(["add", "replace"]),
        st.fixed_dictionaries({}, optional={"displayName": WORD, "externalId": WORD}).filter(bool),
    ),
)


@given(st.lists(PATCHES, min_size=1, max_size=4), PEOPLE)
def test_patches_lead_where_the_library_leads(
    operations: list[dict[str, Any]], person: dict[str, Any]
) -> None:
    kinds = [email["type"] for email in person.get("emails", ())]
    assume("work" in kinds)  # the library makes no address where there is none
    theirs = User.model_validate({"schemas": [USER], **copy.deepcopy(person)})
    body = {"schemas": [scim_patch.MESSAGE], "Operations": operations}
    PatchOp[User].model_validate(body, scim_ctx=Context.RESOURCE_PATCH_REQUEST).patch(theirs)
    ours = User.model_validate({"schemas": [USER], **patched(*operations, document=person)})
    assert ours.model_dump() == theirs.model_dump()
