"""Refusals: one table, and nothing of the framework's own words."""

from __future__ import annotations

import json

import pytest
from connexion.exceptions import BadRequestProblem, OAuthProblem, UnsupportedMediaTypeProblem
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from core.identity.means import NotProven
from core.shared import errors
from entrypoints.http import problems
from entrypoints.http.problems import TABLE, problem
from tests.api.asking import SPEC


def said(error: Exception) -> dict[str, object]:
    body: dict[str, object] = json.loads(problem(error).body)
    return body


def test_every_error_of_the_core_has_its_place() -> None:
    kinds = errors.DomainError.__subclasses__()
    assert kinds
    assert set(kinds) <= TABLE.keys()


def test_every_kind_has_a_name_of_its_own() -> None:
    names = {}
    for error, kind in TABLE.items():
        names.setdefault(kind.name, set()).add(kind)
        assert 400 <= kind.status < 600, error
    assert all(len(kinds) == 1 for kinds in names.values())


def test_every_status_that_we_give_is_specified() -> None:
    given_ = {str(kind.status) for kind in TABLE.values()}
    specified = {
        status
        for item in SPEC["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
        for status in operation.get("responses", ())
    }
    assert given_ <= specified


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (HTTPException(404, "planted"), 404),
        (HTTPException(405, "planted"), 405),
        (HTTPException(418, "planted"), 400),
        (HTTPException(502, "planted"), 500),
        (BadRequestProblem("planted"), 400),
        (OAuthProblem("planted"), 401),
        (UnsupportedMediaTypeProblem("planted"), 415),
        (ValueError("planted"), 500),
        (KeyError("planted"), 500),
        (NotProven("planted"), 422),
    ],
)
def test_the_words_of_others_are_not_passed_on(error: Exception, status: int) -> None:
    told = problem(error)
    assert told.status == status
    assert b"planted" not in told.body


def test_an_error_that_nobody_planned_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    problem(RuntimeError("of ours"))
    assert any(r.exc_info and "of ours" in str(r.exc_info[1]) for r in caplog.records)


def test_fields_are_named_one_by_one() -> None:
    told = said(errors.Invalid({"settings.api_key": "is required", "name": "is empty"}))
    assert told["errors"] == [
        {"field": "settings.api_key", "reason": "is required"},
        {"field": "name", "reason": "is empty"},
    ]


@given(st.text())
def test_a_name_that_a_stranger_made_up_is_not_repeated(name: str) -> None:
    told = said(errors.Invalid({name: "is unknown"}))
    [field] = told["errors"]  # type: ignore[misc]
    assert field["field"] == name or not problems._PLAIN_FIELD.fullmatch(name)


def test_hundreds_of_wrong_fields_make_a_short_answer() -> None:
    told = said(errors.Invalid({f"f{n}": "is unknown" for n in range(500)}))
    assert len(told["errors"]) == problems.SHOWN  # type: ignore[arg-type]
    assert len(str(told["detail"])) < 1000
