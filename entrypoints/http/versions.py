"""ETag and If-Match: nobody overwrites what they have not seen."""

from __future__ import annotations

from collections.abc import Mapping

import flask

from entrypoints.http.problems import PreconditionFailed, PreconditionRequired


def etag(version: int) -> Mapping[str, str]:
    """The header that tells a version."""
    return {"ETag": f'"{version}"'}


def check_version(version: int) -> None:
    """Only who has seen the version that stands may change it."""
    seen = _seen()
    if seen is None:
        raise PreconditionRequired("send the ETag that you read as If-Match")
    if seen != str(version):
        raise PreconditionFailed(f"the current version is {version}")


def check_unseen() -> None:
    """Nothing stands there, so nobody can have seen it."""
    if _seen() is not None:
        raise PreconditionFailed("there is none yet")


def _seen() -> str | None:
    said = flask.request.headers.get("If-Match")
    return None if said is None else said.strip().removeprefix("W/").strip('"')
